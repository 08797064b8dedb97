/** `raw` (the message alone) and `logfmt`. */
import type { ResultColumn, Value } from "../engine/engine.ts";
import type { Renderer } from "./renderer.ts";

/** Column `log`, else the first one, a value a line as it was written; NULL is an empty line. */
export function rawRenderer(columns: readonly ResultColumn[]): Renderer {
  const index = Math.max(
    0,
    columns.findIndex((column) => column.name === "log"),
  );
  return { rows: (rows) => rows.map((row) => `${row[index] ?? ""}\n`).join(""), end: () => "" };
}

/** `key=value` pairs; NULL is left out, an empty text is `key=""`. */
export function logfmtRenderer(columns: readonly ResultColumn[]): Renderer {
  const keys = columns.map((column) => column.name.replace(/[\s="]/g, "_"));
  const line = (row: readonly Value[]): string =>
    row.flatMap((value, i) => (value === null ? [] : [`${keys[i]}=${logfmtValue(String(value))}`])).join(" ");
  return { rows: (rows) => rows.map((row) => `${line(row)}\n`).join(""), end: () => "" };
}

/** Quoted where a reader could stop early. JSON's escapes are logfmt's. */
export function logfmtValue(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters must be escaped
  return text === "" || /[\s="\\\x00-\x1f\x7f]/.test(text) ? JSON.stringify(text) : text;
}
