import {
  DuckDBArrayValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  DuckDBUnionValue,
  DuckDBVariantValue,
} from "@duckdb/node-api";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { byKey, canonicalJson } from "./canonical-json.ts";
import type { ResultColumn, Value } from "./engine.ts";
import { rfc3339 } from "./rfc3339.ts";

/** The type that a DuckDB column has for the CLI. */
export function columnType(type: DuckDBType): ResultColumn["type"] {
  if (type.alias === "JSON") return "json";
  return COLUMN_TYPES.get(type.typeId) ?? "varchar";
}

const COLUMN_TYPES: ReadonlyMap<DuckDBTypeId, ResultColumn["type"]> = new Map([
  [DuckDBTypeId.BOOLEAN, "boolean"],
  [DuckDBTypeId.TINYINT, "bigint"],
  [DuckDBTypeId.SMALLINT, "bigint"],
  [DuckDBTypeId.INTEGER, "bigint"],
  [DuckDBTypeId.BIGINT, "bigint"],
  [DuckDBTypeId.HUGEINT, "bigint"],
  [DuckDBTypeId.UTINYINT, "bigint"],
  [DuckDBTypeId.USMALLINT, "bigint"],
  [DuckDBTypeId.UINTEGER, "bigint"],
  [DuckDBTypeId.UBIGINT, "bigint"],
  [DuckDBTypeId.UHUGEINT, "bigint"],
  [DuckDBTypeId.BIGNUM, "bigint"],
  [DuckDBTypeId.FLOAT, "double"],
  [DuckDBTypeId.DOUBLE, "double"],
  [DuckDBTypeId.DECIMAL, "decimal"],
  [DuckDBTypeId.TIMESTAMP, "timestamp"],
  [DuckDBTypeId.TIMESTAMP_S, "timestamp"],
  [DuckDBTypeId.TIMESTAMP_MS, "timestamp"],
  [DuckDBTypeId.TIMESTAMP_NS, "timestamp"],
  [DuckDBTypeId.TIMESTAMP_TZ, "timestamp"],
  [DuckDBTypeId.DATE, "date"],
  [DuckDBTypeId.INTERVAL, "interval"],
  [DuckDBTypeId.LIST, "json"],
  [DuckDBTypeId.ARRAY, "json"],
  [DuckDBTypeId.STRUCT, "json"],
  [DuckDBTypeId.MAP, "json"],
  [DuckDBTypeId.UNION, "json"],
  [DuckDBTypeId.VARIANT, "json"],
]);

/** A DuckDB value as the port's: integers exact, decimals as their digits, nested values as JSON text. */
export function convertValue(value: DuckDBValue, type: ResultColumn["type"]): Value {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return value;
  if (typeof value === "number") return type === "bigint" ? BigInt(value) : value;
  if (typeof value === "string") return type === "json" ? canonicalJson(value) : value;
  if (type === "json") return jsonText(value);
  return timestampText(value) ?? value.toString();
}

/** JSON as `canonicalJson` has it; 64-bit integers are plain digits, what JSON lacks (NaN) is a string. */
function jsonText(value: DuckDBValue): string {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof DuckDBDecimalValue) return value.toString();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)
    return `[${value.items.map(jsonText).join(",")}]`;
  if (value instanceof DuckDBUnionValue) return jsonText(value.value);
  if (value instanceof DuckDBVariantValue) return jsonText(value.value);
  if (value instanceof DuckDBMapValue) {
    return objectText(value.entries.map((entry) => [keyText(entry.key), entry.value]));
  }
  if (value instanceof DuckDBStructValue) return objectText(Object.entries(value.entries));
  return JSON.stringify(timestampText(value) ?? value.toString());
}

function objectText(entries: readonly (readonly [string, DuckDBValue])[]): string {
  const sorted = entries.toSorted(byKey);
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${jsonText(value)}`).join(",")}}`;
}

function keyText(key: DuckDBValue): string {
  if (key !== null && typeof key === "object") return timestampText(key) ?? key.toString();
  return String(key);
}

/** RFC 3339; null for what is no timestamp, and where the engine's own text has to do. */
function timestampText(value: object): string | null {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return value.isFinite ? rfc3339(value.micros * 1000n) : null;
  }
  if (value instanceof DuckDBTimestampMillisecondsValue)
    return value.isFinite ? rfc3339(value.millis * 1_000_000n) : null;
  if (value instanceof DuckDBTimestampSecondsValue)
    return value.isFinite ? rfc3339(value.seconds * 1_000_000_000n) : null;
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.isFinite ? rfc3339(value.nanos) : null;
  return null;
}
