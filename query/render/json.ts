/** `json` (one array) and `ndjson` (one object a line). 64-bit integers are plain digits, maps and rows JSON. */
import type { ResultColumn } from "../engine/engine.ts";
import type { Renderer, Row } from "./renderer.ts";

/** One JSON object a line, NULL as null. */
export function ndjsonRenderer(columns: readonly ResultColumn[]): Renderer {
  const object = objectWriter(columns);
  return { rows: (rows) => rows.map((row) => `${object(row)}\n`).join(""), end: () => "" };
}

/** One JSON array, an object a line. */
export function jsonRenderer(columns: readonly ResultColumn[]): Renderer {
  const object = objectWriter(columns);
  let written = 0;
  return {
    rows: (rows) => rows.map((row) => `${written++ === 0 ? "[\n" : ",\n"}${object(row)}`).join(""),
    end: () => (written === 0 ? "[]\n" : "\n]\n"),
  };
}

function objectWriter(columns: readonly ResultColumn[]): (row: Row) => string {
  const keys = columns.map((column) => `${JSON.stringify(column.name)}:`);
  return (row) => `{${keys.map((key, i) => key + jsonValue(row, i, columns[i]!)).join(",")}}`;
}

function jsonValue(row: Row, i: number, column: ResultColumn): string {
  const value = row[i] ?? null;
  if (value === null) return "null";
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
  if (column.type === "json") return value;
  // A decimal arrives as its digits, which are JSON already; no double could hold them.
  if (column.type === "decimal" && /^-?\d+(?:\.\d+)?$/.test(value)) return value;
  return JSON.stringify(value);
}
