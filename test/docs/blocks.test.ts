import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { fencedBlocks } from "./blocks.ts";
import { exchanges, PREAMBLE, sessionScript } from "./session.ts";
import { wholeConfig } from "./whole-config.ts";

// A shell may take its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

test("blocks have their line, language and text, also in a list, and the reason why they are not run", () => {
  const markdown =
    "a\n```sh\nls\n```\n\n1. b\n\n   ```yaml\n   x:\n     y\n   ```\n\n<!-- not run: it takes an hour -->\n```sh\nrm\n```\n";
  expect(fencedBlocks(markdown)).toEqual([
    { line: 3, language: "sh", text: "ls", notRun: null },
    { line: 9, language: "yaml", text: "x:\n  y", notRun: null },
    { line: 15, language: "sh", text: "rm", notRun: "it takes an hour" },
  ]);
  expect(() => fencedBlocks("```sh\nls\n")).toThrow("the one that begins at line 1 has no end");
});

test("a page is one session; each command that fails is named by its line, and the others run", () => {
  const script = sessionScript(
    fencedBlocks("text\n```sh\nx=1\nfalse\n```\n\n```sh\necho $x\ngrep y /dev/null | cat\n```\n"),
  );
  expect(bash(script)).toEqual({
    stdout: "1\n",
    // Of a pipe bash names the last command.
    stderr: "line 4: exit code 1: false\nline 9: exit code 1: cat\n",
    status: 1,
  });
});

test("what follows is ended once it has said something, and has to end well", () => {
  const script = sessionScript(fencedBlocks("```sh\nlogq -p x -f   # goes on\n```\n"));
  expect(bash(script, follower("exit 130")).status).toBe(0);
  expect(bash(script, follower("exit 3")).status).toBe(1);
});

test("a console block is commands and what each says", () => {
  const [block] = fencedBlocks("```console\n$ a b\nc\nd\n$ e\n```\n");
  expect(exchanges(block!)).toEqual([
    { command: "a b", said: "c\nd\n" },
    { command: "e", said: "" },
  ]);
});

test("what a page shows of a configuration is made whole; what is none is left", () => {
  const output = { name: "cloudwatch_logs", match: "*", region: "eu-west-1" };
  expect(wholeConfig(`    - ${JSON.stringify(output)}`)).toMatchObject({
    pipeline: { inputs: [{ name: "tail" }], outputs: [output] },
  });
  expect(wholeConfig("service: {http_server: on}")).toMatchObject({ pipeline: { outputs: [{ name: "null" }] } });
  expect(wholeConfig("kind: Pod")).toBeNull();
});

/** A logq that goes on until Ctrl-C. */
function follower(end: string): string {
  return `logq() { trap '${end}' INT; echo said; while true; do sleep 0.1; done; }\n`;
}

function bash(script: string, before = ""): { stdout: string; stderr: string; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), "logq-session-"));
  writeFileSync(join(folder, "preamble.sh"), `${PREAMBLE}${before}`);
  writeFileSync(join(folder, "session.sh"), script);
  const run = ". ./preamble.sh; . ./session.sh";
  const { stdout, stderr, status } = spawnSync("bash", ["-c", run], { encoding: "utf8", cwd: folder });
  rmSync(folder, { recursive: true });
  return { stdout, stderr, status };
}
