/**
 * Makes docs/terminal.svg: what a person at a terminal of 80 × 40 sees, as tmux saw it. Wants tmux
 * and the store of `npm start` (or LOGQ_STORE):  npm run record
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { svgOf } from "./svg.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const STORE = resolve(process.env["LOGQ_STORE"] ?? join(ROOT, ".logq/quickstart/store"));
const [COLUMNS, ROWS] = [80, 40];
const PROMPT = "$ ";

/** What is typed, one scene each; several lines are typed into the prompt of `logq`. */
const SCENES: readonly (readonly string[])[] = [
  ["logq --help"],
  [`logq --limit 4 --fields ts,pod,log "workload='orders' and level >= warn"`],
  [`logq "select pod, log where pods='nginx'"`],
  ["logq hist --buckets 12"],
  ["logq -g timeout -C 1 --limit 2 --fields ts,pod,log"],
  ["logq", "select workload, count(*) as n where", "level >= error group by 1 order by n desc limit 3;", "\\q"],
];

const folder = mkdtempSync(join(tmpdir(), "logq-record-"));
const socket = join(folder, "tmux");
try {
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(ROOT, "dist/logq.cjs"), join(folder, "bin/logq"));
  symlinkSync(STORE, join(folder, "logs"));
  const path = `${join(folder, "bin")}:${process.env["PATH"]}`;
  const env = {
    HOME: folder,
    PATH: path,
    PS1: PROMPT,
    LOGQ_STORE: join(folder, "logs"),
    PAGER: "cat",
    LANG: "C.UTF-8",
  };
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const shell = ["env", "-i", "TERM=tmux-256color", ...set, "bash", "--norc", "--noprofile"];
  tmux("-f", "/dev/null", "new-session", "-d", "-x", String(COLUMNS), "-y", String(ROWS), ...shell);
  const screens: string[] = [];
  for (const lines of SCENES) screens.push(await scene(lines));
  writeFileSync(join(ROOT, "docs/terminal.svg"), svgOf(screens, COLUMNS));
} finally {
  tmux("kill-server");
  rmSync(folder, { recursive: true, maxRetries: 20 });
}

/** Types the lines on a clear screen; the screen when the shell waits again. */
async function scene(lines: readonly string[]): Promise<string> {
  tmux("send-keys", "-R", "clear", "Enter");
  tmux("clear-history");
  await settled(PROMPT.trim());
  for (const [i, line] of lines.entries()) {
    // To tmux a semicolon at the end is its own.
    tmux("send-keys", "-l", line.replace(/;$/, "\\;"));
    tmux("send-keys", "Enter");
    await settled(i === lines.length - 1 ? PROMPT.trim() : null);
  }
  const screen = tmux("capture-pane", "-e", "-p").trimEnd();
  return screen.slice(0, screen.lastIndexOf("\n")).replaceAll(folder, "~");
}

/** Until nothing moves any more, and the last line is `end` (null: any). */
async function settled(end: string | null): Promise<void> {
  let [before, same] = ["", 0];
  for (let looks = 0; looks < 600; looks++) {
    await wait(100);
    const now = tmux("capture-pane", "-p").trimEnd();
    same = now === before ? same + 1 : 0;
    before = now;
    const isAtEnd = end === null || now.split("\n").at(-1) === end;
    if (same >= (end === null ? 20 : 5) && isAtEnd) return;
  }
  throw new Error(`the terminal does not come to rest:\n${before}`);
}

function tmux(...args: readonly string[]): string {
  return execFileSync("tmux", ["-S", socket, ...args], { encoding: "utf8" });
}
