import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeStore } from "../helpers/store.ts";

const MAIN = resolve(import.meta.dirname, "../../query/main.ts");
/** Far more rows than a pipe holds. */
const MANY_ROWS = "select a.log from logs a, logs b, logs c";

let store = "";
beforeAll(async () => {
  store = await mkdtemp(join(tmpdir(), "logq-main-"));
  await makeStore(store);
});
afterAll(() => rm(store, { recursive: true }));

test("a reader that goes away ends the query quietly with 0", async () => {
  const child = start(["--all-time", "--limit", "all", MANY_ROWS]);
  const stderr = collect(child);
  await once(child.stdout!, "data");
  child.stdout!.destroy();
  expect(await once(child, "close")).toEqual([0, null]);
  expect(stderr()).toBe("");
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("%s while rows are written exits %d", async (signal, code) => {
  const child = start(["--all-time", "--limit", "all", MANY_ROWS]);
  await once(child.stdout!, "data");
  child.kill(signal);
  child.stdout!.resume();
  expect(await once(child, "close")).toEqual([code, null]);
});

test("SIGINT while the query is awaited on stdin exits 130", async () => {
  const child = start(["--dry-run", "-"], "pipe");
  child.stdin!.write("select");
  // The module has been loaded and listens as soon as it has taken the first bytes.
  await once(child, "spawn");
  await new Promise<void>((done) => void child.stdin!.write(" ".repeat(200_000), () => done()));
  child.kill("SIGINT");
  expect(await once(child, "close")).toEqual([130, null]);
});

test("the exit code of a mistake leaves the process", async () => {
  const child = start(["--nonsense"]);
  expect(await once(child, "close")).toEqual([2, null]);
});

function start(argv: readonly string[], stdin: "ignore" | "pipe" = "ignore"): ChildProcess {
  const env = { ...process.env, LOGQ_STORE: store, XDG_CONFIG_HOME: store };
  return spawn(process.execPath, [MAIN, ...argv], { env, stdio: [stdin, "pipe", "pipe"] });
}

function collect(child: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  child.stderr!.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}
