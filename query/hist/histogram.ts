/** Counts of rows by time and series, added up into the bars that are drawn. */
import { LEVELS } from "../../config/table.ts";
import { barOf, instantOf } from "./steps.ts";

/** Rows of one series in one counted step. */
export interface Count {
  /** Milliseconds since 1970 at which the step begins. */
  readonly ms: number;
  /** Value of the field; null for NULL. */
  readonly by: string | null;
  readonly rows: number;
}

export interface Bar {
  /** Milliseconds since 1970 at which it begins. */
  readonly ms: number;
  /** Rows of each series, in the order of `Histogram.series`. */
  readonly rows: readonly number[];
  readonly total: number;
}

export interface Histogram {
  readonly stepMs: number;
  readonly bars: readonly Bar[];
  readonly series: readonly Series[];
  readonly total: number;
}

export interface Series {
  /** The value that is shown. */
  readonly name: string;
  readonly kind: "value" | "null" | "others";
  readonly rows: number;
}

export interface HistogramOptions {
  readonly stepMs: number;
  readonly zone: string;
  /** What the bars cover even where there are no rows, `to` exclusive; null: from the first to the last row. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | null;
  /** Whether the series are levels: then they stand in the order of severity, the most severe first. */
  readonly byLevel: boolean;
  /** Where there are more series, the smallest become one. */
  readonly seriesMax: number;
}

/** Adds counts up. There is a bar for each step from the first to the last, rows or none. */
export function histogramOf(counts: readonly Count[], options: HistogramOptions): Histogram {
  const { stepMs, zone } = options;
  const series = seriesOf(counts, options);
  const indexOf = new Map<string | null, number>();
  for (const [i, { name, kind }] of series.entries())
    if (kind !== "others") indexOf.set(kind === "null" ? null : name, i);
  const rowsByBar = new Map<number, number[]>();
  for (const { ms, by, rows } of counts) {
    const bar = barOf(ms, stepMs, zone);
    const sums = rowsByBar.get(bar) ?? series.map(() => 0);
    rowsByBar.set(bar, sums);
    sums[indexOf.get(by) ?? series.length - 1]! += rows;
  }
  const bars = barsOf([...rowsByBar.keys()], options).map((bar) => {
    const rows = rowsByBar.get(bar) ?? series.map(() => 0);
    return { ms: instantOf(bar, stepMs, zone), rows, total: sum(rows) };
  });
  return { stepMs, bars, series, total: sum(series.map(({ rows }) => rows)) };
}

/** From the earliest counted step to the end of the latest; null without counts. */
export function extentOf(counts: readonly Count[], countedMs: number): { fromMs: number; toMs: number } | null {
  if (counts.length === 0) return null;
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (const { ms } of counts) {
    fromMs = Math.min(fromMs, ms);
    toMs = Math.max(toMs, ms + countedMs);
  }
  return { fromMs, toMs };
}

function seriesOf(counts: readonly Count[], { byLevel, seriesMax }: HistogramOptions): Series[] {
  const totals = new Map<string | null, number>();
  for (const { by, rows } of counts) totals.set(by, (totals.get(by) ?? 0) + rows);
  const all = [...totals]
    .toSorted(([a, rowsOfA], [b, rowsOfB]) => {
      const bySeverity = byLevel ? severity(b) - severity(a) : 0;
      return bySeverity || rowsOfB - rowsOfA || (String(a) < String(b) ? -1 : 1);
    })
    .map(([by, rows]): Series => ({ name: by ?? "NULL", kind: by === null ? "null" : "value", rows }));
  if (all.length <= seriesMax) return all;
  const shown = all.slice(0, seriesMax - 1);
  const others = all.slice(seriesMax - 1);
  return [...shown, { name: `${others.length} others`, kind: "others", rows: sum(others.map(({ rows }) => rows)) }];
}

function severity(name: string | null): number {
  return (LEVELS as readonly (string | null)[]).indexOf(name);
}

/** Every bar from the first to the last, in the measure of `barOf`. */
function barsOf(found: readonly number[], { stepMs, zone, span }: HistogramOptions): number[] {
  const ends =
    span === null ? [] : [barOf(span.fromMs, stepMs, zone), barOf(Math.max(span.fromMs, span.toMs - 1), stepMs, zone)];
  let [first, last] = [Infinity, -Infinity];
  for (const bar of [...found, ...ends]) {
    first = Math.min(first, bar);
    last = Math.max(last, bar);
  }
  const bars = new Set(found);
  for (let bar = first; bar <= last; bar += stepMs) bars.add(bar);
  return [...bars].toSorted((a, b) => a - b);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
