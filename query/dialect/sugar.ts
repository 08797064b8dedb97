import { LEVELS } from "../../config/table.ts";
import type { QueryColumn } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { QueryError } from "../engine/engine.ts";
import { nearestName } from "../nearest.ts";
import { isInsideSum, isNumberCompared, isTextCompared } from "./operand.ts";
import { COLUMN_NAMES, findColumn, same, type ColumnSource } from "./scope.ts";
import type { Implicit } from "./scope.ts";
import { endsOperand, isName, isOperator, isWord } from "./syntax.ts";
import type { Syntax } from "./syntax.ts";

/** One use of the dialect's sugar, to be spelt out for an engine; offsets in the user's text. */
export type Sugar = { readonly start: number; readonly end: number } & (
  | {
      readonly kind: "path";
      /** The column as the user wrote it, with its qualifier. */
      readonly column: string;
      readonly path: readonly (string | number)[];
      /** Whether Athena stores a row in place of the text: names of its members are in lower case. */
      readonly isRow: boolean;
      /** Whether it is read as a double, not as text. */
      readonly isNumber: boolean;
    }
  | { readonly kind: "label"; readonly column: string; readonly key: string }
  /** The operator and the bare word after `level`: the levels that satisfy them. */
  | { readonly kind: "levels"; readonly column: string; readonly levels: readonly string[] }
);

/**
 * Finds `log.a.b[0]."c.d"`, `labels.key` and `level >= warn` wherever `log`, `labels` and `level` are the table's
 * columns, and the same of other tables' columns that hold JSON (`useridentity.arn`). Throws QueryError for what looks like them and cannot be meant.
 */
export function findSugar(text: string, syntax: Syntax, implicit: Implicit): Sugar[] {
  const found: Sugar[] = [];
  let done = 0;
  for (let at = 0; at < syntax.tokens.length; at++) {
    const column = at < done ? null : columnAt(text, syntax, at, implicit);
    if (column === null) continue;
    const use = column.kind === "level" ? levelUse(syntax, column) : memberUse(text, syntax, column);
    if (use === null) continue;
    found.push(use.sugar);
    done = use.next;
  }
  return found;
}

interface Column {
  readonly name: string;
  readonly kind: "json" | "labels" | "level";
  readonly json: QueryColumn["json"];
  /** As written, with its qualifier. */
  readonly text: string;
  readonly start: number;
  /** First token of the qualifier or the name, and the token after the name. */
  readonly from: number;
  readonly next: number;
}

interface Use {
  readonly sugar: Sugar;
  readonly next: number;
}

/** The column at a token, if it is one with sugar; else null. */
function columnAt(text: string, { tokens, owners }: Syntax, at: number, implicit: Implicit): Column | null {
  const token = tokens[at]!;
  const owner = owners[at];
  if (!owner || !isName(token)) return null;
  const isQualified = isOperator(tokens[at - 1], ".") && isName(tokens[at - 2]) && !isOperator(tokens[at - 3], ".");
  if (!isQualified && isOperator(tokens[at - 1], ".")) return null;
  const from = isQualified ? at - 2 : at;
  if (endsOperand(tokens[from - 1]) || isWord(tokens[from - 1], "as")) return null;
  const qualifier = isQualified ? tokens[from]!.value : null;
  const source = findColumn(token.value, qualifier, owner, implicit);
  const found = source === null ? null : sugarOf(token.value, source);
  if (found === null) return null;
  const start = tokens[from]!.start;
  return { name: token.value, ...found, text: text.slice(start, token.end), start, from, next: at + 1 };
}

function sugarOf(name: string, { table }: ColumnSource): Pick<Column, "kind" | "json"> | null {
  if (table === LOGS && (name === "labels" || name === "level")) return { kind: name, json: null };
  const json = table === LOGS ? (name === "log" ? TEXT : null) : table.all.find((column) => column.name === name)?.json;
  return json == null ? null : { kind: "json", json };
}

const TEXT = { names: [], isRow: false };

/** A column with what follows it, or null if that is no member access. */
function memberUse(text: string, { tokens }: Syntax, column: Column): Use | null {
  const isKey = (column.kind === "labels" || column.json?.isRow === true) && isOperator(tokens[column.next], "[");
  if (!isKey && !isOperator(tokens[column.next], ".")) return null;
  const path: (string | number)[] = [];
  let at = column.next;
  for (;;) {
    const [open, part, close] = tokens.slice(at, at + 3);
    if (isOperator(open, ".") && isName(part)) {
      // A word keeps its case: the keys of JSON and of labels have one.
      path.push(part!.kind === "word" ? text.slice(part!.start, part!.end) : part!.value);
      at += 2;
    } else if (isOperator(open, "[") && isOperator(close, "]") && /^\d+$/.test(part!.value)) {
      path.push(part!.kind === "number" ? Number(part!.value) : part!.value);
      at += 3;
    } else if (isOperator(open, "[") && isOperator(close, "]") && part!.kind === "string") {
      path.push(part!.value);
      at += 3;
    } else break;
  }
  if (path.length === 0 || isOperator(tokens[at], "(")) return null;
  const { start } = column;
  const end = tokens[at - 1]!.end;
  if (column.kind === "labels") return { sugar: labelSugar(column, path, end), next: at };
  const unreadable = path.find((part) => part === "" || part === "*");
  if (unreadable !== undefined) {
    const { name } = column;
    throw new QueryError(
      `${name}.…"${unreadable}" cannot be read by a path`,
      { start, end },
      `use json_extract on ${name}`,
    );
  }
  const isNumber =
    isNumberCompared(tokens, column.from, at) ||
    (isInsideSum(tokens, column.from) && !isTextCompared(tokens, column.from, at));
  const { names = [], isRow = false } = column.json ?? {};
  const spelt = path.map((part) => names.find((name) => typeof part === "string" && same(name, part)) ?? part);
  return { sugar: { kind: "path", start, end, column: column.text, path: spelt, isRow, isNumber }, next: at };
}

function labelSugar(column: Column, path: readonly (string | number)[], end: number): Sugar {
  const { start, text } = column;
  const [key, ...more] = path;
  if (more.length > 0 || typeof key !== "string") {
    const joined = path.join(".");
    throw new QueryError("a label has no members", { start, end }, `is the key ${joined}? write labels."${joined}"`);
  }
  return { kind: "label", start, end, column: text, key };
}

/** `>= warn` after `level`. The order is that of severity, so a quoted level, which compares as text, is refused. */
function levelUse({ tokens }: Syntax, column: Column): Use | null {
  const operator = tokens[column.next];
  const word = tokens[column.next + 1];
  if (operator?.kind !== "operator" || word === undefined || !Object.hasOwn(COMPARISONS, operator.value)) return null;
  const isOrder = operator.value.startsWith("<") ? operator.value !== "<>" : operator.value.startsWith(">");
  const rank = (LEVELS as readonly string[]).indexOf(word.value.toLowerCase());
  if (word.kind === "string" && isOrder && rank >= 0) {
    const hint = `without quotes it compares by severity: ${column.text} ${operator.value} ${LEVELS[rank]!}`;
    throw new QueryError("a quoted level compares by the alphabet", word, hint);
  }
  if (word.kind !== "word" || isOperator(tokens[column.next + 2], ".", "(")) return null;
  if (rank < 0) {
    if (!isOrder || COLUMN_NAMES.has(word.value)) return null;
    const near = nearestName(word.value, LEVELS);
    const question = near === null ? "" : `did you mean ${near}? `;
    throw new QueryError(`no level is called ${word.value}`, word, `${question}levels are ${LEVELS.join(", ")}`);
  }
  const levels = LEVELS.filter((_, i) => COMPARISONS[operator.value]!(i - rank));
  const { text, next } = column;
  return { sugar: { kind: "levels", start: operator.start, end: word.end, column: text, levels }, next: next + 2 };
}

const COMPARISONS: Readonly<Record<string, (difference: number) => boolean>> = {
  "=": (difference) => difference === 0,
  "<>": (difference) => difference !== 0,
  "!=": (difference) => difference !== 0,
  "<": (difference) => difference < 0,
  "<=": (difference) => difference <= 0,
  ">": (difference) => difference > 0,
  ">=": (difference) => difference >= 0,
};
