import { expect, test } from "vitest";
import { ageMs, Tombstones } from "../../../../agent/input/tail/tombstones.ts";
import { chainOf } from "../../chains.ts";

const HOUR_MS = 3_600_000;

test("there are 10,000 tombstones at most: the oldest go", () => {
  const tombstones = new Tombstones();
  const { record } = chainOf("a", [{}]).files[0]!;
  for (let n = 0; n < 10_002; n++) tombstones.add({ ...record, id: String(n) }, n);
  expect(tombstones.expire(20_000)).toEqual(["0", "1"]);
  expect([...tombstones]).toHaveLength(10_000);
});

test("a tombstone does not keep the metadata of its file in memory", () => {
  const tombstones = new Tombstones();
  tombstones.add(chainOf("a", [{}]).files[0]!.record, 0);
  expect([...tombstones]).toEqual([{ id: "a0", inode: 0, bornMs: 0, head: { length: 0, crc: 0 }, chainPath: "/a" }]);
});

test("the age of a tombstone is no more than either clock says", () => {
  expect(ageMs(0, { nowMs: 30 * HOUR_MS, newestMs: 26 * HOUR_MS })).toBe(26 * HOUR_MS);
  expect(ageMs(0, { nowMs: 9000 * HOUR_MS, newestMs: HOUR_MS })).toBe(HOUR_MS);
  expect(ageMs(0, { nowMs: HOUR_MS, newestMs: 9000 * HOUR_MS })).toBe(HOUR_MS);
  expect(ageMs(HOUR_MS, { nowMs: 0, newestMs: HOUR_MS })).toBe(0);
});
