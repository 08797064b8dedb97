import { expect, test } from "vitest";
import { createRecordFilters } from "../../../agent/filter/create.ts";
import { originOfFile } from "../fixture.ts";
import { applyFilters, filtersOf, logsOf, POD, rowsOf } from "./fixture.ts";

const throttle = (...options: string[]) => ["- name: throttle", "match: '*'", ...options].join("\n  ");

/** What is left of records at these seconds. */
function left(yaml: string, seconds: readonly number[]): number[] {
  const rows = rowsOf(seconds.map(String));
  seconds.forEach((second, row) => rows.setTime(row, 1_795_237_200 + Math.floor(second), (second % 1) * 1e9));
  applyFilters(yaml, rows);
  return logsOf(rows).map(Number);
}

test("a window takes its rate for each of its intervals, whenever they come", () => {
  const yaml = throttle("rate: 2", "window: 2");
  expect(left(yaml, [0, 0.1, 0.2, 0.3, 0.4, 1])).toEqual([0, 0.1, 0.2, 0.3]);
  expect(left(yaml, [0, 0.1, 1, 1.1, 1.2, 2, 2.1, 2.2])).toEqual([0, 0.1, 1, 1.1, 2, 2.1]);
  expect(left(yaml, [0, 0, 0, 0, 0, 2, 2, 2, 2, 2])).toEqual([0, 0, 0, 0, 2, 2, 2, 2]);
  expect(left(yaml, [0, 0, 0, 0, 100, 100, 100, 100, 100])).toEqual([0, 0, 0, 0, 100, 100, 100, 100]);
});

test("intervals have the length that interval says, and a late record counts as of now", () => {
  expect(left(throttle("rate: 1", "window: 2", "interval: 10s"), [0, 9, 9.5, 19, 20, 21])).toEqual([0, 9, 20, 21]);
  expect(left(throttle("rate: 1", "window: 2"), [10, 3, 3])).toEqual([10, 3]);
});

test("each container has a window of its own, over its files and batches, and each shipment begins anew", () => {
  const [filter] = createRecordFilters(filtersOf(throttle("rate: 1", "window: 2", "interval: 1h")));
  const apply = (file: string, container: string, shipment: object) => {
    const rows = rowsOf(["a", "b", "c"], originOfFile(file, { ...POD, container }));
    filter!.open(rows.origin, shipment)!.apply(rows);
    return logsOf(rows).length;
  };
  const [first, second] = [{}, {}];
  const calls = [
    apply("1", "app", first),
    apply("2", "app", first),
    apply("3", "proxy", first),
    apply("1", "app", second),
  ];
  expect(calls).toEqual([2, 0, 2, 2]);
});
