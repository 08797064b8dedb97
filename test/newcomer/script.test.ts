import { spawnSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { fencedBlocks } from "../docs/blocks.ts";
import { newcomerScript } from "./script.ts";

// A shell may take its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const run = (markdown: string): { stdout: string; status: number | null } =>
  spawnSync("bash", ["-c", newcomerScript(fencedBlocks(markdown)).script], { encoding: "utf8", cwd: "/tmp" });

test("each command is printed, then run, in one session", () => {
  const { stdout, status } = run("```sh\nx=1\necho \"it\nis\" $x  # now\n```\n\nText.\n\n```sh\necho '$x'\n```\n");
  expect({ stdout, status }).toEqual({
    stdout: "\n$ x=1\n\n$ echo \"it\nis\" $x  # now\nit\nis 1\n\n$ echo '$x'\n$x\n",
    status: 0,
  });
});

test("it ends at the first command that fails", () => {
  const { stdout, status } = run("```sh\nfalse\necho after\n```\n");
  expect({ stdout, status }).toEqual({ stdout: "\n$ false\nfailed with exit code 1: false\n", status: 1 });
});
