import { describe, expect, test } from "vitest";
import { barsOf, spanOf, stepFor, ticksOf } from "../../../../query/ui/page/bars.ts";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
const MINUTE = 60_000;
const at = (text: string): number => Date.parse(text);

test("counts become stacked bars, the least severe level at the bottom", () => {
  const counts = [
    { ms: 0, by: "error", n: 1 },
    { ms: 0, by: null, n: 4 },
    { ms: 2 * MINUTE, by: "info", n: 2 },
  ];
  const bars = barsOf(counts, LEVELS, { fromMs: -MINUTE, toMs: 10 * MINUTE }, MINUTE)!;
  expect(bars.series).toEqual([null, "info", "error"]);
  expect(bars.bars).toEqual([
    { fromMs: 0, toMs: MINUTE, counts: [4, 0, 1], total: 5 },
    { fromMs: 2 * MINUTE, toMs: 3 * MINUTE, counts: [0, 2, 0], total: 2 },
  ]);
  expect([bars.fromMs, bars.toMs, bars.total]).toEqual([-MINUTE, 10 * MINUTE, 7]);
  expect(barsOf([], LEVELS, null, null)).toBeNull();
});

test("without a known length it is what all bars begin at a multiple of, whatever clocks do", () => {
  expect(lengthOf(0, 10 * MINUTE, 14 * MINUTE)).toBe(2 * MINUTE);
  expect(lengthOf(at("2026-03-30T22:00Z"), at("2026-03-28T23:00Z"), at("2026-03-29T22:00Z"))).toBe(23 * 60 * MINUTE);
});

describe("the span of time that a window is", () => {
  const NOW = at("2026-03-02T02:00:00Z");
  test.each([
    [{ kind: "since", since: "1h30m" }, ["2026-03-02T00:30:00Z", "2026-03-02T02:00:00Z"]],
    [
      { kind: "range", from: "2026-03-02T00:00:00Z", to: "2026-03-02T01:00:00+00:30" },
      ["2026-03-02T00:00:00Z", "2026-03-02T00:30:00Z"],
    ],
    [{ kind: "range", from: "2026-03-02T00:00:00Z", to: "" }, ["2026-03-02T00:00:00Z", "2026-03-02T02:00:00Z"]],
  ])("%j", (window, [from, to]) => {
    expect(spanOf(window, NOW)).toEqual({ fromMs: at(from!), toMs: at(to!) });
  });

  test.each([
    { kind: "all" },
    { kind: "query" },
    { kind: "since", since: "soon" },
    { kind: "range", from: "05:00", to: "" },
    { kind: "range", from: "", to: "2026-03-02T00:00:00Z" },
    { kind: "range", from: "2026-03-02T01:00:00Z", to: "2026-03-02T00:00:00Z" },
  ])("%j: only the server can tell", (window) => {
    expect(spanOf(window, NOW)).toBeNull();
  });

  test("its bars are whole seconds, and not too many", () => {
    expect(stepFor({ fromMs: 0, toMs: 3_600_000 }, 60)).toBe(MINUTE);
    expect(stepFor({ fromMs: 0, toMs: 10 }, 60)).toBe(1000);
  });
});

test("an axis names round times of its zone", () => {
  const span = { fromMs: at("2026-03-02T00:10:00Z"), toMs: at("2026-03-02T02:10:00Z") };
  expect(ticksOf(span, "UTC", 8).map(({ text }) => text)).toEqual([
    "00:15",
    "00:30",
    "00:45",
    "01:00",
    "01:15",
    "01:30",
    "01:45",
    "02:00",
  ]);
  expect(ticksOf(span, "Asia/Kathmandu", 2).map(({ text }) => text)).toEqual(["06:00", "07:00"]);
});

function lengthOf(...starts: number[]): number {
  const counts = starts.map((ms) => ({ ms, by: "info", n: 1 }));
  const [first] = barsOf(counts, LEVELS, null, null)!.bars;
  return first!.toMs - first!.fromMs;
}
