import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "logq-own-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("npm start ships a sample node, each line once, and answers the user's own sentence", () => {
  const { status, stdout, stderr } = start();
  expect({ status, errors: stderr.replaceAll(/^logq: .*\n/gm, "") }).toEqual({ status: 0, errors: "" });
  expect(stdout).toContain("Each line once, through rotations and a restart");
  expect(stdout).toMatch(
    /\$ logq .*"select \* where pod='nginx'"\n(\d{4}-\d\d-\d\dT\S+Z +nginx\/nginx .*"[A-Z]+ \/.*\n){5}/,
  );
  expect(stdout).toMatch(/^ orders +\| +\d+$/m);
  expect(stdout).toMatch(/^\d\d:\d\d {2}█+/m);
});

test("npm start -- PATH ships one's own files: of plain text as many rows as grep -c '' counts, of CRI its records", () => {
  const plain = [join(folder, "plain.log"), join(folder, "sub/mixed.log"), join(folder, "empty.log")];
  mkdirSync(join(folder, "sub"));
  writeFileSync(plain[0]!, "first\n\nthird without end");
  writeFileSync(plain[1]!, Buffer.concat(Array.from({ length: 30_000 }, (_, i) => oddLine(i))));
  writeFileSync(plain[2]!, "");
  writeFileSync(join(folder, "cri.log"), "2026-03-01T10:00:00Z stdout P half\n2026-03-01T10:00:00Z stdout F whole\n");
  // An unterminated last line counts after five quiet seconds.
  const aMinuteAgo = Date.now() / 1000 - 60;
  utimesSync(plain[0]!, aMinuteAgo, aMinuteAgo);
  const { status, stdout } = start(folder);
  expect(status).toBe(0);
  for (const path of plain) {
    // -a: in what it takes for a binary file grep ends lines at NUL too.
    const lines = Number(spawnSync("grep", ["-ac", "", path], { encoding: "utf8" }).stdout);
    expect(linesAndRows(stdout, path)).toEqual([lines, lines]);
  }
  expect(linesAndRows(stdout, join(folder, "cri.log"))).toEqual([2, 1]);
});

test("a path that is not there is named, and the exit code is 1", () => {
  const { status, stderr } = start(join(folder, "nope"));
  expect(status).toBe(1);
  expect(stderr).toBe(
    `quickstart: read ${folder}/nope: there is no such file or folder; give log files, or folders that hold some\n`,
  );
});

test("Ctrl-C ends it and its agent, with exit code 130", async () => {
  const child = await startFollowing();
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([130, null]);
  expect(agentsRunning()).toEqual([]);
});

test("a reader that goes away (npm start | head) ends it and its agent, with exit code 0", async () => {
  const child = await startFollowing();
  child.stdout.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(agentsRunning()).toEqual([]);
});

/** Resolves when something is shipped. */
async function startFollowing(): Promise<ReturnType<typeof spawn> & { stdout: Readable }> {
  const child = spawn(process.execPath, ["quickstart/main.ts"], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      if (String(chunk).includes("shipped")) resolve();
    });
  });
  expect(agentsRunning()).toHaveLength(1);
  return child;
}

function agentsRunning(): string[] {
  const { stdout } = spawnSync("ps", ["-eo", "args"], { encoding: "utf8" });
  return stdout.split("\n").filter((args) => args.includes(join(process.cwd(), ".logq/quickstart/agent.yaml")));
}

/** Lines as real systems write them, and worse: CRLF, empty, not UTF-8, NUL, long, almost CRI. */
function oddLine(i: number): Buffer {
  const odd = [
    "\r\n",
    "\n",
    "caf\xe9 \xff\xfe\n",
    "a\0b\n",
    `${"x".repeat(20_000)}\n`,
    "2026-03-01T10:00:00Z stdout X 1\n",
  ];
  return Buffer.from(
    i % 50 === 0 ? odd[(i / 50) % odd.length]! : `Mar  1 10:00:${i % 60} host app[${i}]: ok\n`,
    "latin1",
  );
}

/** What the table of files says of one. */
function linesAndRows(stdout: string, path: string): number[] {
  const row = stdout.split("\n").find((line) => line.endsWith(`  ${path}`));
  return (row ?? "")
    .trim()
    .split(/ +/)
    .slice(0, 2)
    .map((text) => Number(text.replaceAll(",", "")));
}

function start(...paths: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["quickstart/main.ts", ...paths], { encoding: "utf8" });
}
