/**
 * The port between a result and its text. A renderer is fed batches of rows and gives text to write at once, so that
 * memory is bounded by a batch whatever the size of the result (the table's first page of rows is the exception).
 */
import type { ResultColumn, Value } from "../engine/engine.ts";
import { delimitedRenderer } from "./delimited.ts";
import { expandedRenderer } from "./expanded.ts";
import { jsonRenderer, ndjsonRenderer } from "./json.ts";
import { logRenderer } from "./log.ts";
import { logfmtRenderer, rawRenderer } from "./plain.ts";
import { markdownRenderer, tableRenderer } from "./table.ts";
import { neutralise } from "./terminal-text.ts";

export const FORMATS = ["log", "table", "json", "ndjson", "csv", "tsv", "logfmt", "raw", "md"] as const;
/** `expanded` is what `\x` at the prompt switches on. */
export type Format = (typeof FORMATS)[number] | "expanded";

export type Row = readonly Value[];

export interface Renderer {
  /** The text of the next rows; may be empty while the renderer waits for more. */
  rows(rows: readonly Row[]): string;
  /** The text that ends the result. No call may follow. */
  end(): string;
}

export interface Style {
  /** Whether the text goes to a terminal, where control characters must not get through. */
  readonly terminal: boolean;
  readonly color: boolean;
}

/** The renderer of a format for these columns. `log` needs columns `ts` and `log`; other results become tables. */
export function createRenderer(format: Format, columns: readonly ResultColumn[], style: Style): Renderer {
  const shape = format === "log" && !isLogShaped(columns) ? "table" : format;
  const renderer = MAKERS[shape](columns, style);
  // log and table colour their text, so they make each value harmless themselves.
  if (!style.terminal || shape === "log" || shape === "table" || shape === "expanded") return renderer;
  return { rows: (rows) => neutralise(renderer.rows(rows)), end: () => neutralise(renderer.end()) };
}

/** The format if `-o` is not given: on a terminal `log` for rows and `table` for aggregates; `ndjson` in a pipe. */
export function defaultFormat(kind: "rows" | "table", terminal: boolean): Format {
  if (!terminal) return "ndjson";
  return kind === "rows" ? "log" : "table";
}

/** Whether a result has what `log` needs. */
export function isLogShaped(columns: readonly ResultColumn[]): boolean {
  return ["ts", "log"].every((name) => columns.some((column) => column.name === name));
}

const MAKERS: Readonly<Record<Format, (columns: readonly ResultColumn[], style: Style) => Renderer>> = {
  log: logRenderer,
  table: tableRenderer,
  json: jsonRenderer,
  ndjson: ndjsonRenderer,
  csv: (columns) => delimitedRenderer("csv", columns),
  tsv: (columns) => delimitedRenderer("tsv", columns),
  logfmt: logfmtRenderer,
  raw: rawRenderer,
  md: markdownRenderer,
  expanded: expandedRenderer,
};
