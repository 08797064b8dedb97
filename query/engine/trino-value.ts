/**
 * Values as Trino and Athena write them in text, as the port's (`engine.ts`): the same that DuckDB's values become
 * (`duckdb-value.ts`). Types are Trino's names, with or without parameters: `varchar(5)`, `timestamp(3) with time zone`,
 * `array(bigint)`; Athena says `timestamp with time zone`, `array`. Source: Trino 435, "Data types".
 */
import { zoneOffsetMs } from "../zone.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { ResultColumn, Value } from "./engine.ts";
import { nestedJson } from "./nested-text.ts";
import { rfc3339 } from "./rfc3339.ts";

/** The type that a column of Trino's has for the CLI. */
export function trinoColumnType(type: string): ResultColumn["type"] {
  return COLUMN_TYPES.get(baseType(type)) ?? "varchar";
}

/** How the texts of a column become values; null stays null. */
export function trinoConverter(type: string): (text: string | null) => Value {
  const base = baseType(type);
  const convert = CONVERTERS.get(base) ?? ((text) => text);
  return (text) => (text === null ? null : convert(text));
}

/** The name of a type without its parameters. */
function baseType(type: string): string {
  return type.toLowerCase().replace(/\(.*\)/s, "");
}

const COLUMN_TYPES: ReadonlyMap<string, ResultColumn["type"]> = new Map([
  ["boolean", "boolean"],
  ["tinyint", "bigint"],
  ["smallint", "bigint"],
  ["integer", "bigint"],
  ["int", "bigint"],
  ["bigint", "bigint"],
  ["real", "double"],
  ["float", "double"],
  ["double", "double"],
  ["decimal", "decimal"],
  ["timestamp", "timestamp"],
  ["timestamp with time zone", "timestamp"],
  ["date", "date"],
  ["interval day to second", "interval"],
  ["interval year to month", "interval"],
  ["json", "json"],
  ["array", "json"],
  ["map", "json"],
  ["row", "json"],
]);

const CONVERTERS: ReadonlyMap<string, (text: string) => Value> = new Map<string, (text: string) => Value>([
  ["boolean", (text) => text === "true"],
  ["tinyint", BigInt],
  ["smallint", BigInt],
  ["integer", BigInt],
  ["int", BigInt],
  ["bigint", BigInt],
  // DuckDB's FLOAT arrives as the double that it is.
  ["real", (text) => Math.fround(Number(text))],
  ["float", (text) => Math.fround(Number(text))],
  ["double", Number],
  ["timestamp", timestampText],
  ["timestamp with time zone", timestampText],
  ["time", withoutZeros],
  ["interval day to second", dayInterval],
  ["interval year to month", monthInterval],
  ["json", canonicalJson],
  ["array", nestedJson],
  ["map", nestedJson],
  ["row", nestedJson],
]);

const TIMESTAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?(?: (.+))?$/;

/** `2026-03-01 10:00:00.000 Asia/Shanghai` in RFC 3339 and UTC; without a zone it is UTC's. */
function timestampText(text: string): string {
  const [, date, time, fraction = "", zone = "UTC"] = TIMESTAMP.exec(text) ?? [];
  if (date === undefined) return text;
  const digits = fraction.slice(0, 9).padEnd(9, "0");
  // Most are in UTC already, and there may be a million of them.
  if (zone === "UTC") return `${date}T${time}.${digits.replace(/(?:000){1,2}$/, "")}Z`;
  const localMs = Date.parse(`${date}T${time}Z`);
  const offsetMs = fixedOffsetMs(zone) ?? zoneOffsetMs(zone, localMs - zoneOffsetMs(zone, localMs));
  return rfc3339(BigInt(localMs - offsetMs) * 1_000_000n + BigInt(digits)) ?? text;
}

function fixedOffsetMs(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (sign === undefined) return null;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** `1 01:29:59.500` as DuckDB writes it: `1 day 01:29:59.5`. */
function dayInterval(text: string): string {
  const [, sign, days, time] = /^(-?)(\d+) (\d\d:\d\d:\d\d\.\d+)$/.exec(text) ?? [];
  if (days === undefined || time === undefined) return text;
  const clock = withoutZeros(time);
  const parts = [
    ...(Number(days) === 0 ? [] : [`${sign}${counted(Number(days), "day")}`]),
    ...(clock === "00:00:00" && Number(days) !== 0 ? [] : [`${sign}${clock}`]),
  ];
  return parts.join(" ");
}

/** `1-3` as DuckDB writes it: `1 year 3 months`. */
function monthInterval(text: string): string {
  const [, sign, years, months] = /^(-?)(\d+)-(\d+)$/.exec(text) ?? [];
  if (years === undefined) return text;
  const parts = [
    ...(Number(years) === 0 ? [] : [`${sign}${counted(Number(years), "year")}`]),
    ...(Number(months) === 0 ? [] : [`${sign}${counted(Number(months), "month")}`]),
  ];
  return parts.length === 0 ? "00:00:00" : parts.join(" ");
}

/** `10:00:00.500` as `10:00:00.5`. */
function withoutZeros(time: string): string {
  return time.includes(".") ? time.replace(/\.?0+$/, "") : time;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
