/** How long a bar of a histogram is, and where bars begin. */
import { CliError } from "../cli-error.ts";
import { zoneOffsetMs } from "../zone.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** Lengths that people read easily, in milliseconds. */
const STEPS_MS: readonly number[] = [
  1,
  5,
  10,
  50,
  100,
  500,
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 4, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28].map((count) => count * DAY),
];

/** Zones are whole quarters of an hour ahead of UTC. */
const QUARTER_MS = 15 * MINUTE;
/** 1970-01-05, a Monday: weeks begin there. */
const MONDAY_MS = 4 * DAY;
const LABELS: readonly [number, string][] = [
  [WEEK, "w"],
  [DAY, "d"],
  [HOUR, "h"],
  [MINUTE, "m"],
  [SECOND, "s"],
  [1, "ms"],
];

/** The shortest step that needs at most so many bars for a span, and that is a multiple of `unitMs`. */
export function chooseStepMs(spanMs: number, barsMax: number, unitMs = 1): number {
  const steps = STEPS_MS.filter((step) => step % unitMs === 0);
  return steps.find((step) => Math.ceil(spanMs / step) <= barsMax) ?? steps.at(-1) ?? unitMs;
}

/**
 * The step in which the engine counts: bars of any zone can be added up from it. Within a zone bars longer than a quarter
 * of an hour do not begin where UTC's do.
 */
export function countedStepMs(stepMs: number, zone: string): number {
  return zone === "UTC" && stepMs < WEEK ? stepMs : greatestDivisor(stepMs, QUARTER_MS);
}

/**
 * Where the bar of an instant begins, in the bar's own measure: milliseconds since 1970 of UTC for steps up to an hour,
 * of local time for longer ones, so that a day on which clocks change is still one bar.
 */
export function barOf(epochMs: number, stepMs: number, zone: string): number {
  const offsetMs = zoneOffsetMs(zone, epochMs);
  const originMs = stepMs % WEEK === 0 ? MONDAY_MS : 0;
  const localMs = epochMs + offsetMs;
  const barMs = Math.floor((localMs - originMs) / stepMs) * stepMs + originMs;
  return isLocal(stepMs) ? barMs : barMs - offsetMs;
}

/** The instant (milliseconds since 1970) at which a bar begins. */
export function instantOf(bar: number, stepMs: number, zone: string): number {
  if (!isLocal(stepMs)) return bar;
  const near = bar - zoneOffsetMs(zone, bar);
  return bar - zoneOffsetMs(zone, near);
}

/** `30s`, `5m`, `1h30m`. */
export function stepText(stepMs: number): string {
  let rest = stepMs;
  return LABELS.flatMap(([unitMs, name]) => {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    return count === 0 ? [] : [`${count}${name}`];
  }).join("");
}

/** Reads `--buckets`. Throws CliError. */
export function parseBars(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new CliError(`--buckets ${text}: not a number of bars`, "write --buckets 24 (1 to 9999)");
}

function isLocal(stepMs: number): boolean {
  return stepMs > HOUR;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
