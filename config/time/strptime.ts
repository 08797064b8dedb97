import { offsetOfAbbreviation } from "./abbreviations.ts";
import { secondsInZone } from "./zone.ts";

/** Whole seconds since 1970 and 0 to 999,999,999 nanoseconds after it. */
export interface ParsedTime {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * The time that a text says, or null if it does not fit the format; what follows it does not count. `nearSeconds`: a
 * year or date that the text leaves out is taken so that the time comes nearest to this one.
 */
export type TimeReader = (text: string, nearSeconds: number) => ParsedTime | null;

export interface TimeReaderOptions {
  /** Off: what was read before the text went wrong is the time. */
  readonly strict: boolean;
  /** East of UTC, for a format without a zone. */
  readonly offsetSeconds: number;
  /** IANA name of the zone, for a format without one; null: UTC and the offset. */
  readonly zone: string | null;
}

/**
 * Reads times as Fluent Bit does: strptime(3) in the C locale, `%L` for a fraction of one to nine digits, `%z` as Z,
 * +hh, +hhmm, +hh:mm, GMT, UTC and North America's letters, `%Z` for names, `%s` for seconds since 1970. Ours: `%N`,
 * `%3N`, `%6N`, `%9N` mean `%L`. Throws an Error if the format has a conversion that is not known.
 */
export function createTimeReader(format: string, options: TimeReaderOptions): TimeReader {
  const steps = readFormat(format);
  const hasZone = /%z|%Z|%[ST]Z|%[ST]\.(?:%L|%\d?N)Z/.test(format);
  return (text, nearSeconds) => {
    const state: TimeState = { text, at: 0, ...NOTHING_READ };
    const fits = steps.every((step) => step(state));
    return fits || !options.strict ? resolve(state, hasZone ? null : options, nearSeconds) : null;
  };
}

const NOTHING_READ = {
  year: null, yearOfCentury: null, century: null, month: null, day: null, dayOfYear: null,
  hour: 0, minute: 0, second: 0, nanos: 0, epoch: null, offsetSeconds: null,
}; // prettier-ignore

interface TimeState {
  readonly text: string;
  at: number;
  year: number | null;
  yearOfCentury: number | null;
  century: number | null;
  /** From 1. */
  month: number | null;
  day: number | null;
  dayOfYear: number | null;
  hour: number;
  minute: number;
  second: number;
  nanos: number;
  epoch: number | null;
  offsetSeconds: number | null;
}

type Step = (state: TimeState) => boolean;

function readFormat(format: string): Step[] {
  return [...format.matchAll(/%([EO]?[A-Za-z%]|[369]N|.?)|\s+|[^%\s]/gs)].flatMap(([text, conversion]): Step[] => {
    if (conversion === undefined) return [/\s/.test(text) ? skipBlanks : literal(text)];
    const name = conversion.replace(/^[EO3-9](?=.)/, "");
    const composed = COMPOSED[name];
    if (composed !== undefined) return readFormat(composed);
    const step = STEPS[name];
    if (step !== undefined) return [step];
    if (text === "%") throw new Error("a % stands at its end; write %% for the character itself");
    throw new Error(`${text} is no conversion of strptime that is known here`);
  });
}

const COMPOSED: Readonly<Record<string, string>> = {
  c: "%a %b %e %H:%M:%S %Y",
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  T: "%H:%M:%S",
  X: "%H:%M:%S",
  x: "%m/%d/%y",
};

function skipBlanks(state: TimeState): boolean {
  while (isBlank(state.text.charCodeAt(state.at))) state.at++;
  return true;
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function literal(char: string): Step {
  return (state) => {
    if (state.text[state.at] !== char) return false;
    state.at++;
    return true;
  };
}

/** A number of at most as many digits as its largest value has. */
function number(least: number, most: number, take: (state: TimeState, value: number) => void): Step {
  const digitsMax = String(most).length;
  return (state) => {
    const start = state.at;
    let value = 0;
    while (state.at - start < digitsMax && (state.at === start || value * 10 <= most)) {
      const digit = state.text.charCodeAt(state.at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      state.at++;
    }
    if (state.at === start || value < least || value > most) return false;
    take(state, value);
    return true;
  };
}

function word(names: readonly string[], take: (state: TimeState, index: number) => void): Step {
  return (state) => {
    const rest = state.text.slice(state.at, state.at + 9).toLowerCase();
    const full = names.findIndex((name) => rest.startsWith(name));
    const index = full >= 0 ? full : names.findIndex((name) => rest.startsWith(name.slice(0, 3)));
    if (index < 0) return false;
    state.at += full >= 0 ? names[index]!.length : 3;
    take(state, index);
    return true;
  };
}

const DAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");
const MONTHS = "january february march april may june july august september october november december".split(" ");

const month = word(MONTHS, (state, index) => (state.month = index + 1));
const weekday = word(DAYS, () => undefined);
const day = number(1, 31, (state, value) => (state.day = value));
const hour = number(0, 23, (state, value) => (state.hour = value));
const halfDayHour = number(1, 12, (state, value) => (state.hour = value));
const ignored53 = number(0, 53, () => undefined);

const STEPS: Readonly<Record<string, Step>> = {
  "%": literal("%"),
  a: weekday,
  A: weekday,
  b: month,
  B: month,
  h: month,
  C: number(0, 99, (state, value) => (state.century = value)),
  d: day,
  e: (state) => skipBlanks(state) && day(state),
  G: number(0, 9999, () => undefined),
  g: number(0, 99, () => undefined),
  H: hour,
  k: (state) => skipBlanks(state) && hour(state),
  I: halfDayHour,
  l: (state) => skipBlanks(state) && halfDayHour(state),
  j: number(1, 366, (state, value) => (state.dayOfYear = value)),
  L: readFraction,
  N: readFraction,
  m: number(1, 12, (state, value) => (state.month = value)),
  M: number(0, 59, (state, value) => (state.minute = value)),
  n: skipBlanks,
  p: readHalfDay,
  S: number(0, 60, (state, value) => (state.second = value)),
  s: number(0, 999_999_999_999, (state, value) => (state.epoch = value)),
  t: skipBlanks,
  U: ignored53,
  u: number(1, 7, () => undefined),
  V: ignored53,
  W: ignored53,
  w: number(0, 6, () => undefined),
  Y: number(0, 9999, (state, value) => (state.year = value)),
  y: number(0, 99, (state, value) => (state.yearOfCentury = value)),
  Z: readZoneName,
  z: readOffset,
};

function readFraction(state: TimeState): boolean {
  const digits = /\d{1,9}/y;
  digits.lastIndex = state.at;
  const match = digits.exec(state.text);
  if (match === null) return false;
  state.nanos = Number(match[0].padEnd(9, "0"));
  state.at += match[0].length;
  return true;
}

function readHalfDay(state: TimeState): boolean {
  const half = state.text.slice(state.at, state.at + 2).toLowerCase();
  if ((half !== "am" && half !== "pm") || state.hour > 12) return false;
  state.hour = (state.hour % 12) + (half === "pm" ? 12 : 0);
  state.at += 2;
  return true;
}

function readZoneName(state: TimeState): boolean {
  const name = /[A-Za-z]+(?![A-Za-z0-9])/y;
  name.lastIndex = state.at;
  const match = name.exec(state.text);
  const offset = match === null ? null : offsetOfAbbreviation(match[0]);
  if (match === null || offset === null) return false;
  state.offsetSeconds = offset;
  state.at += match[0].length;
  return true;
}

function readOffset(state: TimeState): boolean {
  const zone = /\s*(?:(GMT|UTC?|Z)|([ECMP][SD]T)|([+-])(\d\d)(?::?(\d\d)|:?(?![:\d])))/y;
  zone.lastIndex = state.at;
  const match = zone.exec(state.text);
  if (match === null) return false;
  const [text, utc, american, sign, hours, minutes] = match;
  const seconds = Number(hours) * 3600 + Number(minutes ?? 0) * 60;
  if (utc !== undefined) state.offsetSeconds = 0;
  else if (american !== undefined) state.offsetSeconds = offsetOfAbbreviation(american);
  else state.offsetSeconds = sign === "-" ? -seconds : seconds;
  state.at += text.length;
  return true;
}

/** The time of what was read; `local` says whose, if the format has no zone. */
function resolve(state: TimeState, local: TimeReaderOptions | null, nearSeconds: number): ParsedTime | null {
  const { nanos } = state;
  if (state.epoch !== null) return { seconds: state.epoch, nanos };
  const zone = local?.zone ?? null;
  const offset = state.offsetSeconds ?? local?.offsetSeconds ?? 0;
  const toSeconds = (year: number, monthOfYear: number, dayOfMonth: number): number => {
    const asUtc = utcSeconds(state, year, monthOfYear, dayOfMonth);
    return zone === null ? asUtc - offset : secondsInZone(asUtc, zone);
  };
  const year = yearOf(state);
  const dayOfMonth = state.dayOfYear ?? state.day ?? 1;
  const monthOfYear = state.dayOfYear === null ? (state.month ?? 1) : 1;
  if (year !== null) return { seconds: toSeconds(year, monthOfYear, dayOfMonth), nanos };
  const near = new Date((nearSeconds + offset) * 1000);
  const hasDate = state.month !== null || state.day !== null || state.dayOfYear !== null;
  const candidates = [-1, 0, 1].map((step) =>
    hasDate
      ? toSeconds(near.getUTCFullYear() + step, monthOfYear, dayOfMonth)
      : toSeconds(near.getUTCFullYear(), near.getUTCMonth() + 1, near.getUTCDate() + step),
  );
  const seconds = candidates.reduce((best, each) =>
    Math.abs(each - nearSeconds) < Math.abs(best - nearSeconds) ? each : best,
  );
  return { seconds, nanos };
}

function utcSeconds(state: TimeState, year: number, monthOfYear: number, dayOfMonth: number): number {
  const date = new Date(0);
  // Not Date.UTC, which takes years below 100 for those of the last century.
  date.setUTCFullYear(year, monthOfYear - 1, dayOfMonth);
  date.setUTCHours(state.hour, state.minute, state.second);
  return date.getTime() / 1000;
}

function yearOf({ year, yearOfCentury, century }: TimeState): number | null {
  if (yearOfCentury === null) return year;
  if (century !== null) return century * 100 + yearOfCentury;
  return yearOfCentury + (yearOfCentury <= 68 ? 2000 : 1900);
}
