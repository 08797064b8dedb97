import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runAgent } from "../../agent/agent.ts";
import * as create from "../../agent/input/spool/create.ts";
import type { SpooledInput } from "../../agent/input/spool/spooled-input.ts";
import type { Spool } from "../../agent/input/spool/spool.ts";
import { loadConfig } from "../../config/load.ts";
import { listObjects } from "../helpers/compare-store.ts";
import { readWithDuckdb } from "../helpers/readers/duckdb.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";
import { filesOf, message, NEVER, openTestSpool, sourceNamed } from "./input/spool/bed.ts";

vi.mock(import("../../agent/input/spool/create.ts"), async (load) => ({ ...(await load()) }));
afterEach(() => vi.restoreAllMocks());

function configIn(folder: string, output = "") {
  const path = join(folder, "agent.yaml");
  const text = `service: {storage.path: ${folder}/state, hostname: node-1, storage.total_limit_size: 1G}
pipeline:
  inputs: [{name: tail, path: ${folder}/none.log}]
  outputs: [{name: directory, match: '*', path: ${folder}/store, upload_timeout: 100ms${output}}]
`;
  writeFileSync(path, text);
  return loadConfig(path, {}).config;
}

function useInput(input: SpooledInput, bytesMax = 256e6): void {
  vi.spyOn(create, "createSpooledInputs").mockReturnValue([{ id: "fake-1", bytesMax, input }]);
}

const JSON_LINES = ", format: json_lines, compression: none";

function shipped(folder: string): string[] {
  if (!existsSync(join(folder, "store"))) return [];
  const lines = listObjects(join(folder, "store"), "json").flatMap((path) => readFileSync(path, "utf8").trimEnd().split("\n")); // prettier-ignore
  return lines.map((line) => (JSON.parse(line) as { log: string }).log);
}

test("what a spool has is shipped with its source's origin, though no input appends to it any more, and then it is gone", async () => {
  using folder = tempFolder();
  const root = join(folder.path, "state/spool/forward-1");
  const spool = await openTestSpool(root);
  const source = sourceNamed("web", { origin: { source: "control-plane", container: "api", labels: { a: "1" } } });
  await spool.append(source, [message("one"), message("two\nlines", { stream: "stderr" })], "two", NEVER);
  await spool.close();
  const run = { once: true, signal: NEVER, log: recordingLogger().log };
  await runAgent(configIn(folder.path), run);
  const rows: Record<string, unknown>[] = [];
  for (const path of listObjects(join(folder.path, "store"))) await readWithDuckdb(path, (row) => void rows.push({ ...row })); // prettier-ignore
  expect(rows.map(({ log }) => log)).toEqual(["one", "two\nlines"]);
  expect(rows[1]).toMatchObject({ stream: "stderr", container: "api" });
  expect(String(rows[0]!["file"])).toMatch(/^node-1\/forward-1\/api\/[0-9a-f]{16}$/);
  await runAgent(configIn(folder.path), run);
  expect(listObjects(join(folder.path, "store"))).toHaveLength(1);
});

test("a spool that is full holds its input back until what it has is shipped, and all arrives once", async () => {
  using folder = tempFolder();
  const [count, bytesMax] = [60, 300_000];
  let [most, next] = [0, 0];
  const run: SpooledInput["run"] = async (spool, { signal }) => {
    for (; next < count; next++) {
      await spool.append(sourceNamed(`s${next % 3}`), [message(`${next} ${"x".repeat(20_000)}`)], null, signal);
      most = Math.max(most, spool.bytes());
    }
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  useInput({ run }, bytesMax);
  const stop = new AbortController();
  const running = runAgent(configIn(folder.path, JSON_LINES), { once: false, signal: stop.signal, log: recordingLogger().log }); // prettier-ignore
  await vi.waitFor(() => expect(shipped(folder.path)).toHaveLength(count), { timeout: 60_000, interval: 50 });
  stop.abort();
  await running;
  const numbers = shipped(folder.path).map((log) => Number.parseInt(log, 10));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  expect([next, most <= bytesMax]).toEqual([count, true]);
}, 90_000);

test("an input that fails is started again, and one that is told to stop appends no more", async () => {
  using folder = tempFolder();
  const { log, lines } = recordingLogger();
  let runs = 0;
  let used: Spool | null = null;
  const run: SpooledInput["run"] = async (spool, { signal }) => {
    used = spool;
    if (++runs === 1) throw new Error("first run fails");
    await spool.append(sourceNamed("a"), [message("from the second run")], null, signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  useInput({ run });
  const stop = new AbortController();
  const running = runAgent(configIn(folder.path, JSON_LINES), { once: false, signal: stop.signal, log });
  await vi.waitFor(() => expect(shipped(folder.path)).toEqual(["from the second run"]), { timeout: 60_000, interval: 50 }); // prettier-ignore
  stop.abort();
  await running;
  expect(lines.filter(({ text }) => text === "an input has failed; it is started again")).toHaveLength(1);
  await expect(used!.append(sourceNamed("a"), [], null, NEVER)).rejects.toThrow("it is closed");
});

test("with --once the agent ships all that an input has to say, more than its spool holds, and ends", async () => {
  using folder = tempFolder();
  let isOnce = false;
  const run: SpooledInput["run"] = async (spool, { signal, once }) => {
    isOnce = once;
    for (let n = 0; n < 20; n++) await spool.append(sourceNamed("a"), [message(`${n}`.padEnd(5000))], null, signal);
  };
  useInput({ run }, 30_000);
  await runAgent(configIn(folder.path, JSON_LINES), { once: true, signal: NEVER, log: recordingLogger().log });
  expect(shipped(folder.path).map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n)); // prettier-ignore
  const left = Object.values(filesOf(join(folder.path, "state/spool"))).reduce((sum, { length }) => sum + length, 0);
  expect([isOnce, left <= 30_000]).toEqual([true, true]);
  expect(readdirSync(join(folder.path, "state/files")).filter((name) => name.endsWith(".log")).length).toBeLessThan(3);
}, 60_000);
