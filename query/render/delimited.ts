/** `csv` and `tsv`, with a header line. NULL is not empty: csv leaves NULL bare and quotes "", tsv writes NULL as \N. */
import type { ResultColumn, Value } from "../engine/engine.ts";
import type { Renderer } from "./renderer.ts";

/**
 * csv quotes as RFC 4180 does, lines end in LF as in psql's (a CR would stick to the last field of every Unix tool);
 * tsv escapes tab, newline, carriage return and backslash as PostgreSQL's COPY does.
 */
export function delimitedRenderer(format: "csv" | "tsv", columns: readonly ResultColumn[]): Renderer {
  const field = format === "csv" ? csvField : tsvField;
  const separator = format === "csv" ? "," : "\t";
  const line = (values: readonly Value[]): string => `${values.map(field).join(separator)}\n`;
  const header = line(columns.map((column) => column.name));
  let started = false;
  const head = (): string => {
    if (started) return "";
    started = true;
    return header;
  };
  return { rows: (rows) => head() + rows.map(line).join(""), end: head };
}

function csvField(value: Value): string {
  if (value === null) return "";
  const text = String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function tsvField(value: Value): string {
  if (value === null) return String.raw`\N`;
  return String(value).replace(/[\\\t\n\r]/g, (char) => TSV_ESCAPES[char]!);
}

const TSV_ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
