import { splitByComma } from "./items.ts";
import type { Token } from "./lexer.ts";
import type { TimeRange } from "./statement.ts";
import { isName, isOperator, isWord } from "./syntax.ts";
import type { Span, Syntax } from "./syntax.ts";
import { evaluateTime, floorTo, parseTimeLiteral } from "./time-value.ts";
import type { TimeValue } from "./time-value.ts";

/** The engine evaluates now() after us, and a queue may stand between: an upper bound against now() gets this more. */
const NOW_SLACK_NS = 600_000_000_000n;
const MS = 1_000_000n;
const SECOND = 1_000_000_000n;
const HOUR = 3_600_000_000_000n;
const DAY = 24n * HOUR;

type Operator = "=" | "<" | "<=" | ">" | ">=";

export interface Comparison {
  readonly column: string;
  readonly operator: Operator;
  readonly value: Span;
}

/**
 * The range that AND-ed conditions on time columns leave, never smaller than what they select; null if one
 * of them cannot be read as a range. `columnAt` names the time column at a token. `hour` counts only within one day.
 */
export function conjunctRange(
  conjuncts: readonly Span[],
  columnAt: (at: number) => string | null,
  { syntax: { tokens }, nowNs }: { readonly syntax: Syntax; readonly nowNs: bigint },
): TimeRange | null {
  let range: TimeRange = { from: null, to: null };
  let days: TimeRange = range;
  let hours: { from: number; to: number } = { from: 0, to: 23 };
  let hasHours = false;
  for (const conjunct of conjuncts) {
    const alternatives = readConjunct(tokens, conjunct, columnAt);
    if (alternatives === null) return null;
    const { column } = alternatives[0]![0]!;
    if (column === "hour") {
      const read = hourRange(tokens, alternatives);
      if (read === null) return null;
      hours = { from: Math.max(hours.from, read.from), to: Math.min(hours.to, read.to) };
      hasHours = true;
      continue;
    }
    const read = readRange(tokens, alternatives, nowNs);
    if (read === null) return null;
    range = intersect(range, read);
    if (column === "dt") days = intersect(days, read);
  }
  if (!hasHours) return range;
  if (days.from === null || days.to === null || days.to - days.from !== DAY) {
    return range.from === null && range.to === null ? null : range;
  }
  return intersect(range, { from: days.from + BigInt(hours.from) * HOUR, to: days.from + BigInt(hours.to + 1) * HOUR });
}

/** A condition as alternatives (IN) of AND-ed comparisons (BETWEEN) of one column that `columnAt` names, or null. */
export function readConjunct(
  tokens: readonly Token[],
  { from, to }: Span,
  columnAt: (at: number) => string | null,
): Comparison[][] | null {
  const named = columnEnd(tokens, from, columnAt);
  if (named !== null) {
    const { column, next } = named;
    const token = tokens[next];
    if (isOperator(token, ...FLIPPED.keys())) {
      return [[{ column, operator: token!.value as Operator, value: { from: next + 1, to } }]];
    }
    if (isWord(token, "between")) return readBetween(tokens, column, next + 1, to);
    if (isWord(token, "in") && isOperator(tokens[next + 1], "(") && isOperator(tokens[to - 1], ")")) {
      const values = splitByComma(tokens, { from: next + 2, to: to - 1 });
      return values.map((value) => [{ column, operator: "=", value }]);
    }
    return null;
  }
  for (let at = from + 1; at < to - 1; at++) {
    const right = isOperator(tokens[at], ...FLIPPED.keys()) ? columnEnd(tokens, at + 1, columnAt) : null;
    if (right?.next === to) {
      const operator = FLIPPED.get(tokens[at]!.value)!;
      return [[{ column: right.column, operator, value: { from, to: at } }]];
    }
  }
  return null;
}

const FLIPPED: ReadonlyMap<string, Operator> = new Map([
  ["=", "="],
  ["<", ">"],
  ["<=", ">="],
  [">", "<"],
  [">=", "<="],
]);

function readBetween(tokens: readonly Token[], column: string, from: number, to: number): Comparison[][] | null {
  let depth = 0;
  for (let at = from; at < to; at++) {
    if (isOperator(tokens[at], "(")) depth += 1;
    else if (isOperator(tokens[at], ")")) depth -= 1;
    else if (depth === 0 && isWord(tokens[at], "and")) {
      const low: Comparison = { column, operator: ">=", value: { from, to: at } };
      return [[low, { column, operator: "<=", value: { from: at + 1, to } }]];
    }
  }
  return null;
}

function columnEnd(tokens: readonly Token[], from: number, columnAt: (at: number) => string | null) {
  const isQualified = isName(tokens[from]) && isOperator(tokens[from + 1], ".");
  const at = isQualified ? from + 2 : from;
  const column = tokens[at] === undefined ? null : columnAt(at);
  return column === null ? null : { column, next: at + 1 };
}

/** The hull of the alternatives, each the intersection of its comparisons. */
function readRange(tokens: readonly Token[], alternatives: Comparison[][], nowNs: bigint): TimeRange | null {
  let found: TimeRange | null = null;
  for (const comparisons of alternatives) {
    let range: TimeRange = { from: null, to: null };
    for (const comparison of comparisons) {
      const read = comparisonRange(tokens, comparison, nowNs);
      if (read === null) return null;
      range = intersect(range, read);
    }
    found = found === null ? range : hull(found, range);
  }
  return found;
}

function comparisonRange(tokens: readonly Token[], comparison: Comparison, nowNs: bigint): TimeRange | null {
  const { column, operator, value } = comparison;
  const [only, more] = tokens.slice(value.from, value.to);
  if (column === "ts") {
    const time = evaluateTime(tokens, value.from, value.to, nowNs);
    return time && timeRange(operator, time);
  }
  if (only === undefined || more !== undefined) return null;
  if (column === "ts_ns")
    return only.kind === "number" && /^\d+$/.test(only.value) ? steps(operator, BigInt(only.value), 1n) : null;
  if (column === "start")
    return only.kind === "number" && /^\d{1,11}$/.test(only.value)
      ? steps(operator, BigInt(only.value) * SECOND, SECOND)
      : null;
  if (column === "end") return null; // rows are cut by their start
  if (column === "eventtime" || column === "time") return textTimeRange(operator, only);
  const isDay = only.kind === "string" && /^\d{4}-\d\d-\d\d$/.test(only.value);
  const day = isDay ? parseTimeLiteral(only.value) : null;
  return day === null ? null : steps(operator, day, DAY);
}

/**
 * A time that is stored as a text, `2026-11-21T05:00:00Z`: texts compare as their times do if they are written alike. A
 * part of one (`>= '2026-11-21T05'`) is before all that it begins.
 */
function textTimeRange(operator: Operator, { kind, value }: Token): TimeRange | null {
  const parts = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?Z?)?)?)?$/.exec(value);
  if (kind !== "string" || parts === null) return null;
  const [, date, hour = "00", minute = "00", second = "00", fraction = ""] = parts;
  const time = parseTimeLiteral(`${date}T${hour}:${minute}:${second}${fraction}Z`);
  // By a second to either side: fractions and the Z sort apart from what is no part of the text.
  return time === null ? null : widened(steps(operator, time, SECOND), SECOND);
}

function widened({ from, to }: TimeRange, ns: bigint): TimeRange {
  return { from: from === null ? null : from - ns, to: to === null ? null : to + ns };
}

/** `ts` is whole milliseconds, so a comparison with a finer time is one with the milliseconds beside it. */
function timeRange(operator: Operator, { ns, isRelative }: TimeValue): TimeRange {
  const floor = floorTo(ns, MS);
  const ceiling = floor === ns ? ns : floor + MS;
  const above = operator === "<" || operator === ">=" ? ceiling : floor;
  const range = steps(operator, above, MS);
  return { from: range.from, to: range.to === null || !isRelative ? range.to : range.to + NOW_SLACK_NS };
}

/** The range of a comparison where values come in steps: `<= 3` of step 1 ends before 4. */
function steps(operator: Operator, value: bigint, step: bigint): TimeRange {
  if (operator === "=") return { from: value, to: value + step };
  if (operator === "<") return { from: null, to: value };
  if (operator === "<=") return { from: null, to: value + step };
  return { from: operator === ">" ? value + step : value, to: null };
}

function hourRange(tokens: readonly Token[], alternatives: Comparison[][]): { from: number; to: number } | null {
  let from = 24;
  let to = -1;
  for (const comparisons of alternatives) {
    let range = { from: 0, to: 23 };
    for (const { operator, value } of comparisons) {
      const [only, more] = tokens.slice(value.from, value.to);
      if (more !== undefined || only?.kind !== "string" || !/^(?:[01]\d|2[0-3])$/.test(only.value)) return null;
      const hour = Number(only.value);
      if (operator !== "<" && operator !== "<=")
        range = { ...range, from: Math.max(range.from, operator === ">" ? hour + 1 : hour) };
      if (operator !== ">" && operator !== ">=")
        range = { ...range, to: Math.min(range.to, operator === "<" ? hour - 1 : hour) };
    }
    from = Math.min(from, range.from);
    to = Math.max(to, range.to);
  }
  return { from, to };
}

function intersect(a: TimeRange, b: TimeRange): TimeRange {
  return {
    from: a.from === null ? b.from : b.from === null || a.from > b.from ? a.from : b.from,
    to: a.to === null ? b.to : b.to === null || a.to < b.to ? a.to : b.to,
  };
}

/** The smallest range that holds both. */
export function hull(a: TimeRange, b: TimeRange): TimeRange {
  return {
    from: a.from === null || b.from === null ? null : a.from < b.from ? a.from : b.from,
    to: a.to === null || b.to === null ? null : a.to > b.to ? a.to : b.to,
  };
}
