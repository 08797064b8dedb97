import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openPositions, type Range, type ShipmentEntry } from "../../../agent/state/positions.ts";
import { tempFolder } from "../fixture.ts";

function rangeOf(chain: string, offset: number): Range {
  return {
    chain,
    segments: [{ file: chain, end: offset }],
    ended: false,
    cursor: { file: chain, offset, check: 1, open: [] },
  };
}

function entryOf(seq: number, ranges: readonly Range[], keys: readonly string[] = [`k${seq}`]): ShipmentEntry {
  return { seq, readTimeMs: 1000 + seq, output: { plugin: "null" }, keys, ranges };
}

const id = fc.constantFrom("a", "b", "c", "0123456789abcdef");
const offset = fc.nat({ max: 2 ** 45 });
const fragment = fc.record({ file: id, start: offset, end: offset });
const range = fc
  .record({
    chain: id,
    before: fc.array(fc.record({ file: id, end: offset }), { maxLength: 2 }),
    file: id,
    offset,
    check: fc.nat({ max: 2 ** 32 - 1 }),
    ended: fc.boolean(),
    open: fc.array(
      fc.record({ stream: fc.constantFrom(1, 2), fragments: fc.array(fragment, { minLength: 1, maxLength: 3 }) }),
      { maxLength: 2 },
    ),
  })
  .map(({ chain, before, file, ended, ...rest }) => ({
    chain,
    ended,
    segments: [...before, { file, end: rest.offset }],
    cursor: { file, ...rest },
  }));

test("a planned shipment comes back after a restart exactly as it was planned, under the same hash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 3 }), async (ranges) => {
      using folder = tempFolder();
      const path = join(folder.path, "j");
      const positions = await openPositions(path);
      const entry = entryOf(1, ranges);
      const sha = await positions.plan(entry);
      await positions.close();
      const again = await openPositions(path);
      expect(again.unresolved).toEqual({ entry, sha });
      expect([again.cursors.size, again.nextSeq]).toEqual([0, 2]);
      await again.close();
    }),
    { numRuns: 30 },
  );
});

test("positions move with the commit, not with the plan", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  await positions.plan(entryOf(1, [rangeOf("a", 10), rangeOf("b", 20)]));
  expect(positions.cursors.size).toBe(0);
  await positions.commit();
  await positions.plan(entryOf(2, [rangeOf("a", 30)]));
  await positions.close();
  const again = await openPositions(path);
  expect([...again.cursors].map(([chain, cursor]) => [chain, cursor.offset])).toEqual([["a", 10], ["b", 20]]); // prettier-ignore
  await again.commit();
  expect(again.cursors.get("a")?.offset).toBe(30);
  await expect(again.commit()).rejects.toThrow("no shipment is planned");
  await again.close();
});

test("compaction keeps every position and the numbering, and the file stays small", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  const keys = ["x".repeat(50_000)];
  for (let seq = 1; seq <= 12; seq++) {
    await positions.plan(entryOf(seq, [rangeOf(`chain-${seq % 5}`, seq)], keys));
    await positions.commit();
  }
  const expected = new Map(positions.cursors);
  await positions.close();
  expect(readFileSync(path).length).toBeLessThan(400_000);
  const again = await openPositions(path);
  expect(new Map(again.cursors)).toEqual(expected);
  expect(again.nextSeq).toBe(13);
  await again.close();
});

test("a forgotten chain stays forgotten after the next commit and a restart", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "j");
  const positions = await openPositions(path);
  await positions.plan(entryOf(1, [rangeOf("a", 10), rangeOf("b", 20)]));
  await positions.commit();
  positions.forget("a");
  positions.forget("never there");
  await positions.plan(entryOf(2, [rangeOf("b", 30)]));
  await positions.commit();
  await positions.close();
  const again = await openPositions(path);
  expect([...again.cursors.keys()]).toEqual(["b"]);
  await again.close();
});
