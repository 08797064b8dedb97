import { el } from "./dom.ts";
import { valueOf } from "./message.ts";
import type { Field } from "./row.ts";
import { oneLine } from "./visible-text.ts";

/** No screen shows more of a line. */
const CELL_CHARS_MAX = 1000;
const WIDTH_CHARS_MAX = 44;

/** One value of a row in the list. */
export function cellOf(fields: readonly Field[], column: string, zone: string): HTMLElement {
  return fillCell(el("div", { role: "gridcell", "data-column": column }), fields, column, zone);
}

/** Another row's value in the same column: a list that is scrolled makes no new nodes, and changes what differs alone. */
export function fillCell(cell: HTMLElement, fields: readonly Field[], column: string, zone: string): HTMLElement {
  const value = valueOf(fields, column);
  if (value === null || value.kind === "null") return write(cell, "cell null", "–");
  if (column === "level") return write(cell, `cell level level-${levelClass(value.text)}`, oneLine(value.text, 12));
  const text = column === "ts" ? timeText(value.text, zone) : oneLine(value.text, CELL_CHARS_MAX);
  return write(cell, value.kind === "number" ? "cell number" : "cell", text);
}

function write(cell: HTMLElement, className: string, text: string): HTMLElement {
  if (cell.className !== className) cell.className = className;
  const node = cell.firstChild;
  // The tools of a value under the pointer stand behind its text, and belong to the row that was here.
  if (!(node instanceof Text) || node.nextSibling !== null) cell.textContent = text;
  else if (node.data !== text) node.data = text;
  return cell;
}

/** The heads of the columns; each but the last can be taken away. */
export function headOf(
  { columns, zone }: { readonly columns: readonly string[]; readonly zone: string },
  onDrop: (column: string) => void,
): HTMLElement[] {
  return columns.map((column) =>
    el(
      "div",
      { class: "head", role: "columnheader" },
      el("span", {}, column === "ts" ? `ts (${zone})` : oneLine(column, 80)),
      el(
        "button",
        {
          type: "button",
          class: "drop",
          title: `Remove the column ${column}`,
          "aria-label": `Remove the column ${column}`,
          hidden: columns.length < 2,
          onclick: () => onDrop(column),
        },
        "×",
      ),
    ),
  );
}

/** Widths of columns as CSS has them, from some rows: the message, or else the last column, takes what is left. */
export function columnWidths(columns: readonly string[], sample: readonly (readonly Field[])[]): string {
  const wide = columns.includes("log") ? "log" : columns.at(-1);
  return columns
    .map((column) => {
      if (column === wide) return "minmax(24ch, 1fr)";
      if (column === "ts") return "25ch";
      // Beside a level, or another short value, is room for the tools of a value.
      if (column === "level") return "11ch";
      const longest = sample.reduce(
        (most, row) => Math.max(most, valueOf(row, column)?.text.length ?? 0),
        Math.max(9, column.length + 2),
      );
      return `${Math.min(longest, WIDTH_CHARS_MAX) + 2}ch`;
    })
    .join(" ");
}

/** `2026-03-02 01:59:50.005`: the zone stands in the head. */
function timeText(text: string, zone: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return oneLine(text, 40);
  const [, date, time, offset] = match;
  return zone === "UTC" && offset !== "Z" ? `${date} ${time}${offset}` : `${date} ${time}`;
}

function levelClass(level: string): string {
  return /^(?:trace|debug|info|warn|error|fatal)$/.test(level) ? level : "other";
}
