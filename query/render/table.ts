/** `table` (aligned, as psql) and `md`. */
import type { ResultColumn, Value } from "../engine/engine.ts";
import type { Renderer, Row, Style } from "./renderer.ts";
import { displayWidth, neutralise, onOneLine, pad } from "./terminal-text.ts";

/** Widths are taken from this many rows; later rows may stand out, but memory stays bounded. */
const MEASURED_ROWS_MAX = 1000;

const NUMERIC: ReadonlySet<ResultColumn["type"]> = new Set(["bigint", "double", "decimal"]);

/** An aligned table that ends with the number of rows. Control characters never get through: they break alignment. */
export function tableRenderer(columns: readonly ResultColumn[], style: Style): Renderer {
  let waiting: string[][] = [];
  let widths: number[] | null = null;
  let count = 0;
  const header = columns.map((column) => cell(column.name));
  const flush = (): string => {
    const lines = waiting;
    waiting = [];
    if (widths !== null) return lines.map((line) => bodyLine(line, widths!, columns, style)).join("");
    widths = columns.map((_, i) => Math.max(...[header, ...lines].map((line) => displayWidth(line[i]!))));
    return headLines(header, widths, style) + lines.map((line) => bodyLine(line, widths!, columns, style)).join("");
  };
  return {
    rows(rows) {
      count += rows.length;
      for (const row of rows) waiting.push(columns.map((_, i) => cell(row[i] ?? null)));
      return widths === null && waiting.length < MEASURED_ROWS_MAX ? "" : flush();
    },
    end: () => `${flush()}(${count} ${count === 1 ? "row" : "rows"})\n`,
  };
}

/** A GitHub-flavoured Markdown table. */
export function markdownRenderer(columns: readonly ResultColumn[]): Renderer {
  const rule = columns.map((column) => (NUMERIC.has(column.type) ? "--:" : "---"));
  let started = false;
  const head = (): string => {
    if (started) return "";
    started = true;
    return `${markdownLine(columns.map((column) => column.name))}| ${rule.join(" | ")} |\n`;
  };
  return { rows: (rows) => head() + rows.map(markdownLine).join(""), end: head };
}

function cell(value: Value): string {
  return value === null ? "NULL" : onOneLine(neutralise(String(value)));
}

function headLines(header: readonly string[], widths: readonly number[], style: Style): string {
  const names = header.map((name, i) => ` ${bold(pad(name, widths[i]!), style)} `);
  return `${names.join("|").trimEnd()}\n${widths.map((width) => "-".repeat(width + 2)).join("+")}\n`;
}

function bodyLine(
  line: readonly string[],
  widths: readonly number[],
  columns: readonly ResultColumn[],
  style: Style,
): string {
  const cells = line.map((text, i) => {
    const padded = pad(text, widths[i]!, NUMERIC.has(columns[i]!.type) ? "left" : "right");
    return ` ${style.color && text === "NULL" ? `\x1b[2m${padded}\x1b[0m` : padded} `;
  });
  return `${cells.join("|").trimEnd()}\n`;
}

function bold(text: string, style: Style): string {
  return style.color ? `\x1b[1m${text}\x1b[0m` : text;
}

function markdownLine(row: Row): string {
  return `| ${row.map(markdownCell).join(" | ")} |\n`;
}

function markdownCell(value: Value): string {
  if (value === null) return "NULL";
  const text = String(value)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("|", String.raw`\|`);
  return text.replace(/\r\n|\r|\n/g, "<br>");
}
