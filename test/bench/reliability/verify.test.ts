import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { layOutBlocks } from "../../../bench/reliability/lines.ts";
import { verifyStore } from "../../../bench/reliability/verify.ts";
import { writeRows } from "../../helpers/store.ts";

let store: string;
beforeEach(() => (store = mkdtempSync(join(tmpdir(), "logq-verify-"))));
afterEach(() => rmSync(store, { recursive: true }));

const PODS = [{ pod: "w0007", lines: 40 }];

/** Stores lines of pod w0007 by their numbers, as an agent would. */
async function storeLines(numbers: readonly number[], change = (log: string): string => log): Promise<void> {
  const blocks = layOutBlocks("w0007", false);
  blocks.fill(0, 0);
  const lines = blocks.bytes.toString().split("\n");
  const rows = numbers.map((n, i) => {
    const [, stream = "", log = ""] = /^\S+ (\S+) F (.*)$/.exec(lines[n]!) ?? [];
    const constant = { source: "application", node: "node-a", pod: "w0007", file: "f", tsNs: 1_000_000_000n };
    return { ...constant, stream, log: change(log), pos: i };
  });
  await writeRows(store, rows);
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test("a store with every line once is right", async () => {
  await storeLines(range(0, 40));
  const found = await verifyStore(store, PODS);
  expect(found).toEqual({ objects: 1, rows: 40, lost: 0, duplicated: 0, different: 0, missing: [], examples: [] });
});

test("missing lines are named by their ranges, the first and the last included", async () => {
  await storeLines([...range(3, 10), ...range(12, 39)]);
  const { lost, missing } = await verifyStore(store, PODS);
  expect(lost).toBe(6);
  expect(missing.map(({ from, to }) => [from, to])).toEqual([
    [0, 3],
    [10, 12],
    [39, 40],
  ]);
});

test("repeated lines are counted", async () => {
  await storeLines([...range(0, 40), ...range(5, 8)]);
  expect(await verifyStore(store, PODS)).toMatchObject({ rows: 43, lost: 0, duplicated: 3, different: 0 });
});

test("a line that is cut is different and lost", async () => {
  await storeLines(range(0, 40), (log) => (log.startsWith("w0007 000000009") ? log.slice(0, -1) : log));
  const found = await verifyStore(store, PODS);
  expect(found).toMatchObject({ lost: 1, duplicated: 0, different: 1 });
  expect(found.examples[0]).toMatch(/^w0007: w0007 000000009 /);
});

test("a store without objects lacks everything", async () => {
  expect(await verifyStore(join(store, "none"), PODS)).toMatchObject({ objects: 0, rows: 0, lost: 40 });
});
