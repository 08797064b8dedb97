/** What may follow what was typed so far: a pure function of the text before the cursor. */
import { COLUMNS, LEVELS, PARTITION_COLUMNS } from "../../config/table.ts";
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
const COLUMN_NAMES: readonly string[] = [...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS];
const FUNCTIONS = PORTABLE_FUNCTIONS.map((name) => `${name}(`);
const VALUE = new RegExp(
  String.raw`\b(${COMPLETED_COLUMNS.join("|")})\s*(?:=|!=|<>|like|in\s*\((?:\s*'(?:[^']|'')*'\s*,)*)\s*('?)((?:[^'(),;\s]|'')*)$`,
  "i",
);

/** Completes a statement, or a line that starts with a backslash. */
export function completionOf(text: string): Completion {
  const output = /^\s*\\o\s+(\w*)$/.exec(text);
  if (output !== null) return words(output[1]!, FORMATS);
  const values = /^\s*\\d\s+(\w*)$/.exec(text);
  if (values !== null) return words(values[1]!, COMPLETED_COLUMNS);
  const backslash = /^\s*(\\[\w?]*)$/.exec(text);
  if (backslash !== null) return words(backslash[1]!, BACKSLASH_NAMES);
  const saved = /^\s*(@\S*)$/.exec(text);
  if (saved !== null) return { kind: "saved", partial: saved[1]! };

  const level = /\blevel\s*(?:>=?|<=?|=|!=|<>)\s*(\w*)$/i.exec(text);
  if (level !== null) return words(level[1]!, LEVELS);
  const value = VALUE.exec(text);
  if (value !== null && (value[2] === "'" || value[3] === "")) {
    const column = value[1]!.toLowerCase() as CompletedColumn;
    return { kind: "values", partial: value[3]!, column, quote: value[2] === "'" ? "" : "'" };
  }
  if (isInString(text)) return words("", []);
  const [partial] = /[\w]*$/.exec(text)!;
  const isMember = text[text.length - partial.length - 1] === ".";
  return isMember ? words(partial, COLUMN_NAMES) : words(partial, partial === "" ? COLUMN_NAMES : names(partial));
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
function names(partial: string): string[] {
  const own = [...COLUMN_NAMES, ...FUNCTIONS];
  return /^[A-Z]+$/.test(partial) ? KEYWORDS.map((word) => word.toUpperCase()) : [...new Set([...KEYWORDS, ...own])];
}

function isInString(text: string): boolean {
  return (text.match(/'/g) ?? []).length % 2 === 1;
}
