import { QueryError } from "../engine/engine.ts";
import type { Token } from "./lexer.ts";
import { isOperator, isWord } from "./syntax.ts";

export interface TimeValue {
  readonly ns: bigint;
  /** Whether it moves with now(): the engine evaluates it a little later than we do. */
  readonly isRelative: boolean;
}

/**
 * The time that tokens `from` to `to` stand for: a literal in UTC, now(), current_date, an interval
 * added to or taken from one, or Trino's date_add and date_trunc. Null for everything else.
 */
export function evaluateTime(tokens: readonly Token[], from: number, to: number, nowNs: bigint): TimeValue | null {
  const cursor: Cursor = { tokens: tokens.slice(from, to), at: 0, nowNs };
  const value = sum(cursor);
  return cursor.at === cursor.tokens.length ? value : null;
}

/** Nanoseconds since 1970 of an ISO 8601 date or date and time in UTC, or null. */
export function parseTimeLiteral(text: string): bigint | null {
  const parts = TIME_LITERAL.exec(text.trim());
  if (parts === null) return null;
  const [, date, time = "00:00", seconds = "00", fraction = ""] = parts;
  const ms = Date.parse(`${date}T${time}:${seconds}Z`);
  // Date.parse rolls 30 February over to March.
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date!);
  return isReal ? BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0")) : null;
}

const TIME_LITERAL = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(?:Z|UTC|[+-]00(?::?00)?)?$/;

/**
 * Refuses times with an offset where DuckDB reads a timestamp without zone: it drops the offset without a word, and
 * `ts > '2026-03-01T10:00:00+08:00'` would be eight hours off. Throws QueryError.
 */
export function refuseOffsets(tokens: readonly Token[]): void {
  tokens.forEach((token, at) => {
    if (token.kind !== "string" || !OFFSET.test(token.value)) return;
    if (!isWord(tokens[at - 1], "timestamp") && !isBesideTs(tokens, at)) return;
    const utc = new Date(token.value.replace(" ", "T").replace(/\s+/, ""));
    const spelt = Number.isNaN(utc.getTime()) ? "" : `: '${utc.toISOString().slice(0, -1).replace("T", " ")}'`;
    throw new QueryError("ts is in UTC and a timestamp takes no offset", token, `write the time in UTC${spelt}`);
  });
}

const OFFSET = /^\s*\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*[+-](?!00(?::?00)?\s*$)\d\d(?::?\d\d)?\s*$/;

/** Whether the string at `at` is compared with a column called ts: by an operator, BETWEEN or IN. */
function isBesideTs(tokens: readonly Token[], at: number): boolean {
  if (isOperator(tokens[at + 1], ...COMPARISONS) && tokens[at + 2]?.value === "ts") return true;
  let before = at - 1;
  while (before >= 0 && (tokens[before]!.kind === "string" || isOperator(tokens[before], "(", ",", ...COMPARISONS)))
    before -= 1;
  while (isWord(tokens[before], "and", "between", "in", "not") || tokens[before]?.kind === "string") before -= 1;
  return tokens[before]?.value === "ts";
}

const COMPARISONS = ["<", "<=", ">", ">=", "=", "<>", "!="];

interface Cursor {
  readonly tokens: readonly Token[];
  readonly nowNs: bigint;
  at: number;
}

function sum(cursor: Cursor): TimeValue | null {
  let value = base(cursor);
  while (value !== null && isOperator(cursor.tokens[cursor.at], "+", "-")) {
    const sign = cursor.tokens[cursor.at++]!.value === "-" ? -1 : 1;
    const step = interval(cursor);
    value = step && shift(value, sign * step.count, step.unit);
  }
  return value;
}

function base(cursor: Cursor): TimeValue | null {
  const token = cursor.tokens[cursor.at++];
  if (token === undefined) return null;
  if (token.kind === "string") return literal(token.value);
  if (isOperator(token, "(")) return closed(cursor, sum(cursor));
  if (token.kind !== "word") return null;
  const now: TimeValue = { ns: cursor.nowNs, isRelative: true };
  const next = cursor.tokens[cursor.at];
  switch (token.value) {
    case "timestamp":
    case "timestamptz":
    case "date":
      if (next?.kind !== "string") return null;
      cursor.at += 1;
      return literal(next.value);
    case "current_timestamp":
    case "localtimestamp":
      return now;
    case "current_date":
      return truncate(now, "day");
    case "now":
      return take(cursor, "(") ? closed(cursor, now) : null;
    case "date_add":
      return take(cursor, "(") ? closed(cursor, dateAdd(cursor)) : null;
    case "date_trunc":
      return take(cursor, "(") ? closed(cursor, dateTrunc(cursor)) : null;
    default:
      return null;
  }
}

/** `'hour', -1, time` */
function dateAdd(cursor: Cursor): TimeValue | null {
  const unit = unitName(cursor.tokens[cursor.at++]);
  const hasComma = take(cursor, ",");
  const isNegative = take(cursor, "-");
  const count = cursor.tokens[cursor.at++];
  if (unit === null || !hasComma || !/^\d+$/.test(count?.value ?? "") || !take(cursor, ",")) return null;
  const value = sum(cursor);
  return value && shift(value, (isNegative ? -1 : 1) * Number(count!.value), unit);
}

/** `'hour', time` */
function dateTrunc(cursor: Cursor): TimeValue | null {
  const unit = unitName(cursor.tokens[cursor.at++]);
  const value = take(cursor, ",") ? sum(cursor) : null;
  return unit === null || value === null ? null : truncate(value, unit);
}

/** `interval '1' hour`, `interval 1 hour`, `interval '90 minutes'`. */
function interval(cursor: Cursor): { count: number; unit: Unit } | null {
  if (!isWord(cursor.tokens[cursor.at++], "interval")) return null;
  const amount = cursor.tokens[cursor.at++];
  if (amount?.kind !== "string" && amount?.kind !== "number") return null;
  const [, count, own] = /^\s*([+-]?\d+)\s*([a-z]+)?\s*$/i.exec(amount.value) ?? [];
  if (count === undefined) return null;
  const unit = own === undefined ? unitName(cursor.tokens[cursor.at++]) : (UNITS[own.toLowerCase()] ?? null);
  return unit && { count: Number(count), unit };
}

type Unit = "millisecond" | "second" | "minute" | "hour" | "day" | "week" | "month" | "year";

const UNITS: Readonly<Record<string, Unit>> = Object.fromEntries(
  (["millisecond", "second", "minute", "hour", "day", "week", "month", "year"] as const).flatMap((unit) => [
    [unit, unit],
    [`${unit}s`, unit],
  ]),
);

const NS_PER: Readonly<Record<Exclude<Unit, "month" | "year">, bigint>> = {
  millisecond: 1_000_000n,
  second: 1_000_000_000n,
  minute: 60_000_000_000n,
  hour: 3_600_000_000_000n,
  day: 86_400_000_000_000n,
  week: 604_800_000_000_000n,
};

function shift(value: TimeValue, count: number, unit: Unit): TimeValue {
  if (unit !== "month" && unit !== "year") return { ...value, ns: value.ns + BigInt(count) * NS_PER[unit] };
  const dayNs = floorTo(value.ns, NS_PER.day);
  const date = new Date(Number(dayNs / 1_000_000n));
  const months = date.getUTCFullYear() * 12 + date.getUTCMonth() + count * (unit === "year" ? 12 : 1);
  const lastDay = new Date(Date.UTC(0, months + 1, 0)).getUTCDate();
  // Date.UTC reads years 0 to 99 as 19xx: months from year 0 are safe only for real years, which these are.
  const shifted = Date.UTC(Math.floor(months / 12), months % 12, Math.min(date.getUTCDate(), lastDay));
  return { ...value, ns: BigInt(shifted) * 1_000_000n + value.ns - dayNs };
}

function truncate(value: TimeValue, unit: Unit): TimeValue | null {
  if (unit === "week" || unit === "month" || unit === "year") return null;
  return { ...value, ns: floorTo(value.ns, NS_PER[unit]) };
}

export function floorTo(ns: bigint, step: bigint): bigint {
  const rest = ns % step;
  return rest < 0n ? ns - rest - step : ns - rest;
}

function literal(text: string): TimeValue | null {
  const ns = parseTimeLiteral(text);
  return ns === null ? null : { ns, isRelative: false };
}

function unitName(token: Token | undefined): Unit | null {
  return (token && UNITS[token.value.toLowerCase()]) ?? null;
}

function closed(cursor: Cursor, value: TimeValue | null): TimeValue | null {
  return take(cursor, ")") ? value : null;
}

function take(cursor: Cursor, operator: string): boolean {
  const taken = isOperator(cursor.tokens[cursor.at], operator);
  if (taken) cursor.at += 1;
  return taken;
}
