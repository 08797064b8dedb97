import { barOf, chooseStepMs, DAY, instantOf } from "../../hist/steps.ts";

/** A line of `logq hist -o ndjson`. */
export interface Count {
  readonly ms: number;
  readonly by: string | null;
  readonly n: number;
}

export interface Bar {
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows of each series, in their order. */
  readonly counts: readonly number[];
  readonly total: number;
}

export interface Bars {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bars: readonly Bar[];
  /** What occurs, least severe first; null is no level. */
  readonly series: readonly (string | null)[];
  readonly total: number;
}

/** The span of time that is shown; null where only the rows say it. */
export type KnownSpan = { readonly fromMs: number; readonly toMs: number } | null;

/** The bars that counts make, in a known length or one that is told from the counts. Null if there are none. */
export function barsOf(
  counts: readonly Count[],
  levels: readonly string[],
  span: KnownSpan,
  knownStepMs: number | null,
): Bars | null {
  if (counts.length === 0) return null;
  const starts = [...new Set(counts.map(({ ms }) => ms))].toSorted((a, b) => a - b);
  const stepMs = knownStepMs ?? stepOf(starts);
  const rank = (name: string | null): number => (name === null ? -1 : levels.indexOf(name.toLowerCase()));
  const series = [...new Set(counts.map(({ by }) => by))].toSorted((a, b) => rank(a) - rank(b));
  const byStart = Map.groupBy(counts, ({ ms }) => ms);
  const bars = starts.map((fromMs, i): Bar => {
    const inBar = byStart.get(fromMs)!;
    const own = series.map((name) => inBar.reduce((sum, { by, n }) => (by === name ? sum + n : sum), 0));
    // A day on which clocks change is longer or shorter.
    const toMs = Math.min(fromMs + stepMs, starts[i + 1] ?? Infinity);
    return { fromMs, toMs, counts: own, total: own.reduce((sum, n) => sum + n, 0) };
  });
  const ends = { fromMs: bars[0]!.fromMs, toMs: bars.at(-1)!.toMs };
  return {
    fromMs: Math.min(span?.fromMs ?? Infinity, ends.fromMs),
    toMs: Math.max(span?.toMs ?? -Infinity, ends.toMs),
    bars,
    series,
    total: bars.reduce((sum, { total }) => sum + total, 0),
  };
}

/** The length of a bar for a known span, in whole seconds. */
export function stepFor(span: NonNullable<KnownSpan>, barsMax: number): number {
  return Math.max(1000, chooseStepMs(span.toMs - span.fromMs, barsMax));
}

/** The instants that an axis names, and how: about so many, at round times of the zone. */
export function ticksOf(
  { fromMs, toMs }: NonNullable<KnownSpan>,
  zone: string,
  ticksMax: number,
): { readonly ms: number; readonly text: string }[] {
  const stepMs = chooseStepMs(toMs - fromMs, ticksMax);
  const format = new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", ...partsFor(stepMs) });
  const ticks: { ms: number; text: string }[] = [];
  for (let bar = barOf(fromMs, stepMs, zone); ticks.length <= ticksMax; bar += stepMs) {
    const ms = instantOf(bar, stepMs, zone);
    if (ms > toMs) break;
    if (ms >= fromMs) ticks.push({ ms, text: format.format(ms) });
  }
  return ticks;
}

/** `since`, `from` and `to` as far as this page can tell what they mean without asking. */
export function spanOf(
  window: { readonly kind: string; readonly since?: string; readonly from?: string; readonly to?: string },
  nowMs: number,
): KnownSpan {
  if (window.since !== undefined) {
    const ms = durationMs(window.since);
    return ms === null ? null : { fromMs: nowMs - ms, toMs: nowMs };
  }
  if (window.from === undefined || !INSTANT.test(window.from)) return null;
  const isOpen = window.to === undefined || window.to === "" || window.to === "now";
  if (!isOpen && !INSTANT.test(window.to)) return null;
  const fromMs = Date.parse(window.from);
  const toMs = isOpen ? nowMs : Date.parse(window.to);
  return fromMs < toMs ? { fromMs, toMs } : null;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: DAY, w: 7 * DAY } as const;

function durationMs(text: string): number | null {
  if (!/^(?:\d{1,6}[smhdw])+$/.test(text)) return null;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g))
    ms += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  return ms;
}

/** The greatest length that all bars begin at a multiple of; of days, whatever clocks do. */
function stepOf(starts: readonly number[]): number {
  const gaps = starts.slice(1).map((start, i) => start - starts[i]!);
  const areDays = gaps.length > 0 && gaps.every((gap) => gap > DAY - 4 * 3_600_000);
  const step = gaps.map((gap) => (areDays ? Math.round(gap / DAY) * DAY : gap)).reduce(greatestDivisor, 0);
  return step === 0 ? 60_000 : step;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function partsFor(stepMs: number): Intl.DateTimeFormatOptions {
  if (stepMs >= DAY) return { month: "short", day: "numeric" };
  if (stepMs >= 6 * 3_600_000) return { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  if (stepMs >= 60_000) return { hour: "2-digit", minute: "2-digit" };
  return { hour: "2-digit", minute: "2-digit", second: "2-digit" };
}
