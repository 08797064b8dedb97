import { appendFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appendHistory, historyPath, readHistory, type HistoryEntry } from "../../query/history.ts";

let env: Record<string, string> = {};
beforeEach(async () => {
  env = { XDG_STATE_HOME: await mkdtemp(join(tmpdir(), "logq-history-")) };
});
afterEach(() => rm(env["XDG_STATE_HOME"]!, { recursive: true }));

test("entries come back in the order in which they were added, readable by the user alone", async () => {
  await appendHistory(entry("select 1"), env);
  await appendHistory(entry("select 2", { engine: "athena", usd: 0.005, queryId: "q-1" }), env);
  expect((await readHistory(env)).map(({ text, usd }) => [text, usd])).toEqual([
    ["select 1", null],
    ["select 2", 0.005],
  ]);
  expect((await stat(historyPath(env))).mode & 0o777).toBe(0o600);
});

test("there are never more than 1,000 entries, the oldest go", async () => {
  const lines = Array.from({ length: 1000 }, (_, i) => JSON.stringify(entry(`select ${i}`)));
  await appendHistory(entry("first"), env);
  await appendFile(historyPath(env), `${lines.join("\n")}\n`);
  await appendHistory(entry("last"), env);
  const kept = await readHistory(env);
  expect(kept).toHaveLength(900);
  expect(kept.at(-1)!.text).toBe("last");
  expect(kept.at(-2)!.text).toBe("select 999");
  expect((await stat(historyPath(env))).mode & 0o777).toBe(0o600);
});

test("a line that a crash cut short hides no other entry", async () => {
  await appendHistory(entry("select 1"), env);
  await appendFile(historyPath(env), '{"time":"2026\n');
  await appendHistory(entry("select 2"), env);
  expect((await readHistory(env)).map(({ text }) => text)).toEqual(["select 1", "select 2"]);
});

test("a very long query is cut", async () => {
  await appendHistory(entry("x".repeat(200_000)), env);
  expect((await readFile(historyPath(env))).length).toBeLessThan(40_000);
});

test("without a file the history is empty", async () => {
  expect(await readHistory(env)).toEqual([]);
  expect(historyPath({ HOME: "/home/a", XDG_STATE_HOME: "relative" })).toBe("/home/a/.local/state/logq/history.jsonl");
});

function entry(text: string, rest: Partial<HistoryEntry> = {}): HistoryEntry {
  const time = "2026-03-02T02:07:00.000Z";
  const base = { engine: "local", store: "/logs", rows: 1, ms: 12, bytes: null, usd: null, queryId: null } as const;
  return { time, text, command: `logq '${text}'`, ...base, ...rest };
}
