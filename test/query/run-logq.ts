/** Runs `logq` in process over captured streams. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll } from "vitest";
import { runCli } from "../../query/cli.ts";
import { createDuckDbEngine } from "../../query/engine/duckdb.ts";
import type { Engine } from "../../query/engine/engine.ts";
import { STORE_NOW_NS } from "../helpers/store.ts";

/** What is asked on a terminal is kept; not in the history of whoever runs the tests. */
const STATE = await mkdtemp(join(tmpdir(), "logq-state-"));
afterAll(() => rm(STATE, { recursive: true }));

export interface Given {
  env?: Record<string, string>;
  stdin?: string;
  cwd?: string;
  /** Which of stdout and stderr are a terminal; stdin is one if stdout is. */
  terminal?: "none" | "stderr" | "both";
  signal?: AbortSignal;
  engine?: Engine;
  openBrowser?: (url: string) => void;
  /** What every write to stdout fails with. */
  stdoutError?: string;
}

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  /** Whether the engine was loaded. */
  opened: boolean;
}

export async function runLogq(argv: readonly string[], given: Given = {}): Promise<Ran> {
  const terminal = given.terminal ?? "none";
  const stdout = recorder(terminal === "both", given.stdoutError);
  const stderr = recorder(terminal !== "none");
  let opened = false;
  const code = await runCli(argv, {
    stdin: Object.assign(Readable.from(given.stdin === undefined ? [] : [given.stdin]), { isTTY: terminal === "both" }),
    stdout,
    stderr,
    env: { XDG_CONFIG_HOME: "/dev/null", XDG_STATE_HOME: STATE, ...given.env },
    cwd: given.cwd ?? "/",
    now: () => STORE_NOW_NS,
    signal: given.signal ?? new AbortController().signal,
    ...(given.openBrowser !== undefined && { openBrowser: given.openBrowser }),
    async openEngine() {
      opened = true;
      return given.engine ?? createDuckDbEngine();
    },
  });
  return { code, stdout: stdout.text(), stderr: stderr.text(), opened };
}

function recorder(isTTY: boolean, errorCode?: string): Writable & { isTTY: boolean; text(): string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(String(chunk));
      done(errorCode === undefined ? null : Object.assign(new Error(errorCode), { code: errorCode }));
    },
  });
  return Object.assign(stream, { isTTY, text: () => chunks.join("") });
}
