import { expect, test } from "vitest";
import type { Outcome } from "../../../config/compact-records.ts";
import { visibleObjects } from "../../../query/compact/visible.ts";

const WRITER = "node-1-0123456789abcdef0123-s3";

test("a merged object counts once its outcome is there, and its inputs don't from then on", () => {
  const listed = objects(`${WRITER}-1.parquet`, `${WRITER}-2-h05.parquet`, `${WRITER}-3.parquet`, "merged-1-0.parquet");
  expect(names(listed, [])).toEqual([`${WRITER}-1.parquet`, `${WRITER}-2-h05.parquet`, `${WRITER}-3.parquet`]);
  expect(names(listed, [outcome(1)])).toEqual([`${WRITER}-3.parquet`, "merged-1-0.parquet"]);
  expect(names(listed, [{ ...outcome(1), state: "cancelled" }])).toHaveLength(3);
});

test("what a later generation has merged again does not count", () => {
  const listed = objects("merged-1-0.parquet", "merged-2-0.parquet");
  expect(names(listed, [outcome(1), outcome(2, ["merged-1-0.parquet"])])).toEqual(["merged-2-0.parquet"]);
});

test("objects of others are left alone", () => {
  expect(names(objects("mine.parquet"), [outcome(1)])).toEqual(["mine.parquet"]);
});

test("a listing from before the merge is told by the merged object that it lacks", () => {
  expect(visibleObjects(objects(`${WRITER}-1.parquet`), [outcome(1)]).isBehind).toBe(true);
  expect(visibleObjects(objects("merged-1-0.parquet"), [outcome(1)]).isBehind).toBe(false);
});

function outcome(generation: number, merged: string[] = []): Outcome {
  const inputs = [{ writer: WRITER, seqs: [[1, 2]] as const }];
  const output = { name: `merged-${generation}-0.parquet`, rows: 1, objects: 2, bytes: 1, inputs, merged };
  const by = { host: "h", pid: 1 };
  const plan = { version: 1, partition: "p", generation, plannedMs: 0, by, outputs: [output] } as const;
  return { ...plan, state: "finished", decidedMs: 0 };
}

function objects(...found: string[]): { key: string }[] {
  return found.map((name) => ({ key: `cluster=c/dt=2026-11-21/hour=05/${name}` }));
}

function names(listed: { key: string }[], outcomes: Outcome[]): string[] {
  return visibleObjects(listed, outcomes).objects.map(({ key }) => key.split("/").at(-1)!);
}
