import { expect, test } from "vitest";
import { drawBars } from "../../../query/hist/bars.ts";
import { extentOf, histogramOf, type Count, type HistogramOptions } from "../../../query/hist/histogram.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-03-02T04:00:00Z");
const LEVELS: HistogramOptions = { stepMs: MINUTE, zone: "UTC", span: null, byLevel: true, seriesMax: 8 };
const PLAIN = { width: 60, color: false, zone: "UTC", byLevel: true };

test("levels stand in the order of severity, what has no level last, and bars without rows are there", () => {
  const counts = [count(0, "info", 5), count(2, "error", 1), count(2, null, 2), count(2, "info", 1)];
  const histogram = histogramOf(counts, LEVELS);
  expect(histogram.series.map(({ name, rows }) => [name, rows])).toEqual([
    ["error", 1],
    ["info", 6],
    ["NULL", 2],
  ]);
  expect(histogram.bars.map(({ rows }) => rows)).toEqual([
    [0, 5, 0],
    [0, 0, 0],
    [1, 1, 2],
  ]);
  expect(histogram.total).toBe(9);
});

test("the bars cover the span that was asked for", () => {
  const span = { fromMs: START - 2 * MINUTE, toMs: START + 3 * MINUTE };
  const { bars } = histogramOf([count(0, "info", 1)], { ...LEVELS, span });
  expect(bars.map(({ total }) => total)).toEqual([0, 0, 1, 0, 0]);
  expect(histogramOf([], { ...LEVELS, span }).bars).toHaveLength(5);
});

test("the values of other fields stand by frequency, and the rarest are one series", () => {
  const counts = Array.from({ length: 20 }, (_, i) => count(0, `pod-${i}`, i + 1));
  const { series, total } = histogramOf(counts, { ...LEVELS, byLevel: false });
  expect(series).toHaveLength(8);
  expect(series[0]).toMatchObject({ name: "pod-19", rows: 20 });
  expect(series.at(-1)).toEqual({ name: "13 others", kind: "others", rows: 91 });
  expect(total).toBe(210);
});

test("counted steps add up to bars of a zone whose hours begin elsewhere", () => {
  const counts = [count(0, "info", 1), count(15, "info", 2), count(30, "info", 4), count(45, "info", 8)];
  const { bars } = histogramOf(counts, { ...LEVELS, stepMs: 60 * MINUTE, zone: "Asia/Kolkata" });
  expect(bars.map(({ total }) => total)).toEqual([3, 12]);
});

test("the extent is from the first counted step to the end of the last", () => {
  expect(extentOf([count(3, "a", 1), count(1, "b", 1)], MINUTE)).toEqual({
    fromMs: START + MINUTE,
    toMs: START + 4 * MINUTE,
  });
  expect(extentOf([], MINUTE)).toBeNull();
});

test("drawn without colours: letters for levels, times of one day without the day, counts, a legend", () => {
  const counts = [count(0, "info", 1200), count(0, "error", 3), count(1, "warn", 600), count(2, null, 10)];
  expect(drawBars(histogramOf(counts, LEVELS), PLAIN)).toMatchInlineSnapshot(`
    "2026-03-02 UTC, a bar is 1m
    04:00 EIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII 1,203
    04:01 WWWWWWWWWWWWWWWWWWWWWWW                           600
    04:02 .                                                  10
    E error 3  W warn 600  I info 1,200  . NULL 10  1,813 rows
    "
  `);
});

test("times are those of the zone; a day change shows the day", () => {
  const histogram = histogramOf([count(0, "info", 1), count(1, "info", 1)], { ...LEVELS, zone: "Asia/Shanghai" });
  expect(drawBars(histogram, { ...PLAIN, zone: "Asia/Shanghai" })).toContain("\n12:01 IIII");
  const days = histogramOf([count(0, "info", 1), count(24 * 60, "info", 1)], { ...LEVELS, stepMs: 12 * 60 * MINUTE });
  expect(drawBars(days, PLAIN)).toMatch(/^UTC, a bar is 12h\n03-02 00:00 I+ +1\n03-02 12:00 +0\n03-03 00:00 I+ +1\n/);
});

test("with colours each series has its own, and lines are never wider than the terminal", () => {
  const counts = [count(0, "info", 1000), count(0, "error", 900), count(0, "fatal", 1)];
  const drawn = drawBars(histogramOf(counts, LEVELS), { ...PLAIN, color: true }).replaceAll("\x1b", "ESC");
  expect(drawn).toMatch(/04:00 ESC\[35m█ESC\[0mESC\[31m█+ESC\[0mESC\[32m█+ESC\[0m/);
  for (const line of drawn.split("\n")) expect(line.replace(/ESC\[\d*m/g, "").length).toBeLessThanOrEqual(60);
});

test("values of a field cannot command the terminal, and a wide one keeps the lines in order", () => {
  const counts = [count(0, "\x1b]0;title\x07", 1), count(0, "支付".repeat(20), 1)];
  const drawn = drawBars(histogramOf(counts, { ...LEVELS, byLevel: false }), { ...PLAIN, byLevel: false });
  expect(drawn).not.toContain("\x1b");
  expect(drawn).toContain("支付".repeat(7));
  expect(drawn).not.toContain("支付".repeat(8));
});

function count(minute: number, by: string | null, rows: number): Count {
  return { ms: START + minute * MINUTE, by, rows };
}
