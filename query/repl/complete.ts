/** What may follow what was typed so far: a pure function of the statement and the place of the cursor. */
import { LEVELS } from "../../config/table.ts";
import { TABLES, tableNamed } from "../../config/tables/all.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { PORTABLE_FUNCTIONS } from "../dialect/functions.ts";
import { COMPLETED_COLUMNS, type CompletedColumn } from "../newest-values.ts";
import { FORMATS } from "../render/renderer.ts";
import { BACKSLASH_NAMES } from "./session.ts";

export type Completion =
  /** `partial` is what the cursor stands behind, to be replaced by one of the words. */
  | { readonly kind: "words"; readonly partial: string; readonly words: readonly string[] }
  /** Values of a column, asked of the store; `quote` is missing before them. */
  | { readonly kind: "values"; readonly partial: string; readonly column: CompletedColumn; readonly quote: "" | "'" }
  | { readonly kind: "saved"; readonly partial: string };

const KEYWORDS = `select from where and or not in is null like between group by having order asc desc limit offset as
  case when then else end distinct with union all join left on cast count count_if interval timestamp`.split(/\s+/);
const TABLE_NAMES = TABLES.map(({ name }) => name);
const FUNCTIONS = PORTABLE_FUNCTIONS.map((name) => `${name}(`);
const VALUE = new RegExp(
  String.raw`\b(${COMPLETED_COLUMNS.join("|")})\s*(?:=|!=|<>|like|in\s*\((?:\s*'(?:[^']|'')*'\s*,)*)\s*('?)((?:[^'(),;\s]|'')*)$`,
  "i",
);

/** Completes a statement, or a line that starts with a backslash; `after` is what stands behind the cursor. */
export function completionOf(text: string, after = ""): Completion {
  const output = /^\s*\\o\s+(\w*)$/.exec(text);
  if (output !== null) return words(output[1]!, FORMATS);
  const values = /^\s*\\d\s+(\w*)$/.exec(text);
  if (values !== null) return words(values[1]!, [...TABLE_NAMES, ...COMPLETED_COLUMNS]);
  const backslash = /^\s*(\\[\w?]*)$/.exec(text);
  if (backslash !== null) return words(backslash[1]!, BACKSLASH_NAMES);
  const saved = /^\s*(@\S*)$/.exec(text);
  if (saved !== null) return { kind: "saved", partial: saved[1]! };

  const from = /\b(?:from|join)\s+(\w*)$/i.exec(text);
  if (from !== null && !isInString(text)) return words(from[1]!, TABLE_NAMES);
  const table = readTable(`${text}\0${after}`);
  return (table === LOGS ? valueOf(text) : null) ?? nameOf(text, table);
}

/** The table that a text reads, be it a statement or part of one: the first that FROM names, or logs. */
export function readTable(text: string): TableDefinition {
  const named = Array.from(text.matchAll(/'(?:[^']|'')*'|\bfrom\s+(\w+)/gi), ([, name]) => tableNamed(name ?? ""));
  return named.find((table) => table !== null) ?? LOGS;
}

/** A value of a column of logs; null where none is due. */
function valueOf(text: string): Completion | null {
  const level = /\blevel\s*(?:>=?|<=?|=|!=|<>)\s*(\w*)$/i.exec(text);
  if (level !== null) return words(level[1]!, LEVELS);
  const value = VALUE.exec(text);
  if (value === null || (value[2] !== "'" && value[3] !== "")) return null;
  const column = value[1]!.toLowerCase() as CompletedColumn;
  return { kind: "values", partial: value[3]!, column, quote: value[2] === "'" ? "" : "'" };
}

function nameOf(text: string, table: TableDefinition): Completion {
  if (isInString(text)) return words("", []);
  const columns = [...table.names];
  const [, owner, partial] = /(?:(\w+)\s*\.\s*)?(\w*)$/.exec(text)!;
  if (owner === undefined) return words(partial!, partial === "" ? columns : names(partial!, columns));
  const column = table.all.find(({ name }) => name === owner.toLowerCase());
  // Of a column with JSON its members are known, of any other there are none; else it is the table's name, or an alias.
  return words(partial!, column === undefined ? columns : (column.json?.names ?? []));
}

/** The whole texts that may stand in the place of `partial`. */
export function hitsOf(values: readonly string[], { partial, quote }: { partial: string; quote: string }): string[] {
  return values
    .map((value) => value.replaceAll("'", "''"))
    .filter((value) => value.startsWith(partial))
    .map((value) => `${quote}${value}'`);
}

function words(partial: string, all: readonly string[]): Completion {
  return { kind: "words", partial, words: all.filter((word) => word.startsWith(partial)) };
}

/** Keywords are proposed in the case in which they are typed. */
function names(partial: string, columns: readonly string[]): string[] {
  const own = [...columns, ...FUNCTIONS];
  return /^[A-Z]+$/.test(partial) ? KEYWORDS.map((word) => word.toUpperCase()) : [...new Set([...KEYWORDS, ...own])];
}

function isInString(text: string): boolean {
  return (text.match(/'/g) ?? []).length % 2 === 1;
}
