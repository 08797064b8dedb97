import { expect, test } from "vitest";
import { changeOf, greatest, ratioOf } from "../../../query/diff/changes.ts";
import { windowsOf } from "../../../query/diff/windows.ts";

const HOUR = 3_600_000_000_000n;
const NOW = BigInt(Date.parse("2026-03-02T12:00:00Z")) * 1_000_000n;
const NO_TIME = { since: null, from: null, to: null, allTime: false };
const NO_FLAGS = { against: null, offset: null, at: null };
const clock = { now: NOW, zone: "UTC" };

test("rates are by the hour, however long the windows are", () => {
  const windows = windowsOf({ ...NO_TIME, since: "1h" }, { ...NO_FLAGS, against: "1d" }, clock);
  const change = changeOf({ kind: "pattern", value: "x", rows: [240, 10], example: null }, windows);
  expect(change).toMatchObject({ change: "same", rates: [10, 10] });
  expect(ratioOf(change)).toBe(1);
});

test("the score is the distance from no change in standard deviations", () => {
  const windows = windowsOf(NO_TIME, NO_FLAGS, clock);
  const score = (before: number, after: number): number =>
    changeOf({ kind: "pattern", value: "x", rows: [before, after], example: null }, windows).score;
  expect(score(100, 100)).toBe(0);
  expect(score(0, 16)).toBe(4);
  expect(score(16, 0)).toBe(-4);
  expect(score(40, 60)).toBe(2);
});

test("what may be chance is left out, and the greatest change comes first", () => {
  const windows = windowsOf(NO_TIME, NO_FLAGS, clock);
  const changes = [
    [10, 12],
    [0, 9],
    [100, 0],
    [10, 90],
  ].map((rows, i) =>
    changeOf({ kind: "pattern", value: String(i), rows: rows as [number, number], example: null }, windows),
  );
  expect(greatest(changes).map(({ value, change }) => `${value} ${change}`)).toEqual(["2 gone", "3 more", "1 new"]);
});

test.each([
  [{}, {}, [-2, -1, -1, 0]],
  [{ since: "2h" }, {}, [-4, -2, -2, 0]],
  [{ since: "1h" }, { against: "1d" }, [-25, -1, -1, 0]],
  [{ since: "1h" }, { offset: "1d" }, [-25, -24, -1, 0]],
  [{}, { at: "10:00" }, [-4, -2, -2, 0]],
  [{ to: "11:00" }, { at: "10:00" }, [-3, -2, -2, -1]],
  [{ from: "2026-03-02", to: "2026-03-02T06:00:00Z" }, {}, [-18, -12, -12, -6]],
])("%j %j: hours before and after are %j", (time, flags, hours) => {
  const { before, after } = windowsOf({ ...NO_TIME, ...time }, { ...NO_FLAGS, ...flags }, clock);
  expect([before.from, before.to, after.from, after.to]).toEqual(hours.map((hour) => NOW + BigInt(hour) * HOUR));
});

test.each([
  [{ allTime: true }, {}, "where its window begins"],
  [{ since: "1h" }, { at: "10:00" }, "--at says where the window begins"],
  [{}, { against: "1d", offset: "1d" }, "exclude each other"],
  [{}, { against: "soon" }, "--against soon: not a duration"],
  [{}, { at: "13:00" }, "ends before it begins"],
])("%j %j is refused: %s", (time, flags, message) => {
  expect(() => windowsOf({ ...NO_TIME, ...time }, { ...NO_FLAGS, ...flags }, clock)).toThrow(message);
});
