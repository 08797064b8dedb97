import { expect, test } from "vitest";
import { renderHistogram } from "../../quickstart/histogram.ts";

test("the longest bar is the largest count, others are in proportion, counts are aligned", () => {
  const rows = [
    { label: "10:00", count: 1000 },
    { label: "10:01", count: 500 },
    { label: "10:02", count: 0 },
  ];
  expect(renderHistogram(rows)).toEqual([
    `10:00  ${"█".repeat(50)}  1,000`,
    `10:01  ${"█".repeat(25)}${" ".repeat(25)}    500`,
    `10:02  ${" ".repeat(50)}      0`,
  ]);
});

test("a count above zero is never invisible", () => {
  expect(
    renderHistogram([
      { label: "a", count: 1 },
      { label: "b", count: 100_000 },
    ])[0],
  ).toContain("▏");
});

test("no rows are no lines", () => {
  expect(renderHistogram([])).toEqual([]);
});
