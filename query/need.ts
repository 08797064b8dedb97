/** What a statement needs of the stored objects, as far as its text tells: a pure function, never too little. */
import { storedTable, type TableDefinition } from "../config/tables/definition.ts";
import { LOGS } from "../config/tables/logs.ts";
import { readConjunct, type Comparison } from "./dialect/conjunct.ts";
import { TABLE_NAME, bindTable, findColumn, itemName, same } from "./dialect/scope.ts";
import type { Statement } from "./dialect/statement.ts";
import { isName, isOperator, isWord, type FromItem, type Select, type Span } from "./dialect/syntax.ts";
import { splitConjuncts } from "./dialect/window.ts";
import { NAME_COLUMNS, type Scope } from "./scope.ts";
import type { ColumnBound, Need } from "./store/store.ts";

export interface StatementNeed extends Pick<Need, "columns" | "bounds"> {
  /** The clusters that the text itself chooses; null for any. */
  readonly clusters: readonly string[] | null;
  /** The values that it chooses of partition columns, by their names; none for any. */
  readonly partitions: ReadonlyMap<string, readonly string[]>;
}

/**
 * The stored columns that the statement or the scope flags name, and the AND-ed conditions on them that hold for every
 * row it reads. A condition counts if it is a plain comparison with literals, a top-level conjunct of the WHERE of the
 * statement's one scan; where several scans read the table, only the flags count.
 */
export function findNeed(statement: Statement, scope: Scope): StatementNeed {
  const scans = scansOf(statement);
  const conditions = scans.length === 1 ? textConditions(statement, scans[0]!) : [];
  const table = statement.table ?? LOGS;
  const partitions = chosenPartitions(table, conditions);
  return {
    columns: neededColumns(statement, scans, scope),
    // What a view shows is computed: the statistics of what is stored tell of its rows, but not of their columns.
    bounds: [
      ...scopeBounds(scope),
      ...(table.view === null
        ? conditions.filter(({ column }) => isStored(table, column)).map(boundOf)
        : Object.entries(table.view.is).map(([column, value]) => ({ column, min: value, max: value }))),
    ],
    clusters: partitions.get("cluster") ?? null,
    partitions,
  };
}

function isStored({ columns }: TableDefinition, column: string): boolean {
  return columns.some(({ name }) => name === column);
}

function chosenPartitions(
  { partitions }: TableDefinition,
  conditions: readonly Condition[],
): Map<string, readonly string[]> {
  const chosen = new Map<string, readonly string[]>();
  for (const { column, values } of conditions) {
    if (values === null || !partitions.some(({ name }) => name === column)) continue;
    const before = chosen.get(column);
    chosen.set(column, before === undefined ? values : intersection(before, values));
  }
  return chosen;
}

/** A place that reads the table; `item` is null where the dialect added the FROM. */
interface TableScan {
  readonly select: Select;
  readonly item: FromItem | null;
}

function scansOf({ parsed: { syntax, implicit } }: Statement): TableScan[] {
  return syntax.selects.flatMap((select): TableScan[] => {
    if (implicit.has(select)) return [{ select, item: null }];
    const items = (select.tables ?? []).filter((item) => bindTable(item, select) !== null);
    return items.map((item) => ({ select, item }));
  });
}

/** Every name in the text that could be a column counts as one; a star, or a row as a value, as all of them. */
function neededColumns(statement: Statement, scans: readonly TableScan[], scope: Scope): Set<string> | null {
  const { syntax } = statement.parsed;
  const table = statement.table ?? LOGS;
  if (table.view !== null) {
    // All that the view is made of: which of it a column takes is not worth telling.
    return new Set([...table.view.reads, ...storedTable(table).orderColumns, ...scopeColumns(scope)]);
  }
  if (scans.some((scan) => readsWholeRows(statement, scan))) return null;
  const names = syntax.tokens.filter(isName).map(({ value }) => value.toLowerCase());
  // Rows are cut by their times, and shown in their order.
  const [time, ...order] = table.orderColumns;
  const always = [time!, ...(statement.kind === "rows" ? order : [])];
  return new Set([...names.filter((name) => isStored(table, name)), ...always, ...scopeColumns(scope)]);
}

function readsWholeRows({ parsed: { syntax } }: Statement, { select, item }: TableScan): boolean {
  const { tokens } = syntax;
  if (select.items.some(({ kind }) => kind === "star")) return true;
  const name = item === null ? TABLE_NAME : (itemName(item) ?? "");
  return tokens.some((token, at) => {
    if (token.kind === "operator" && token.value.includes("#")) return true;
    if (isWord(token, "natural", "columns")) return true;
    if (isOperator(token, "*")) return !isCountStar(tokens, at) && !isProduct(tokens, at);
    const isRow = isName(token) && same(token.value, name) && !isOperator(tokens[at + 1], ".");
    return isRow && !isOperator(tokens[at - 1], ".") && !inFrom(syntax.selects, at);
  });
}

function isCountStar(tokens: Statement["parsed"]["syntax"]["tokens"], at: number): boolean {
  return isOperator(tokens[at - 1], "(") && isOperator(tokens[at + 1], ")") && isWord(tokens[at - 2], "count");
}

function isProduct(tokens: Statement["parsed"]["syntax"]["tokens"], at: number): boolean {
  const before = tokens[at - 1];
  if (before === undefined || isOperator(before, ".", "(", ",") || isWord(before, "select", "distinct")) return false;
  return before.kind !== "operator" || isOperator(before, ")", "]");
}

/** Whether a token is the name or the alias of a table where it is read. */
function inFrom(selects: readonly Select[], at: number): boolean {
  return selects.some(({ tables }) =>
    (tables ?? []).some(({ kind, from, to }) => kind === "table" && at >= from && at < to),
  );
}

interface Condition {
  readonly column: string;
  readonly min: string | bigint | null;
  readonly max: string | bigint | null;
  /** The only values that meet it, if it lists them. */
  readonly values: readonly string[] | null;
}

function textConditions(statement: Statement, { select, item }: TableScan): Condition[] {
  const { syntax, implicit, sugar } = statement.parsed;
  const { tokens } = syntax;
  const columnAt = (at: number): string | null => {
    const token = tokens[at];
    if (!isName(token) || isOperator(tokens[at + 1], "(", ".")) return null;
    const qualifier = isOperator(tokens[at - 1], ".") ? tokens[at - 2]!.value : null;
    const source = findColumn(token!.value.toLowerCase(), qualifier, select, implicit);
    return source?.select === select && source.item === item ? token!.value.toLowerCase() : null;
  };
  return splitConjuncts(syntax, select.where).flatMap((span): Condition[] => {
    const level = sugar.find(({ kind, end }) => kind === "levels" && end === tokens[span.to - 1]!.end);
    if (level?.kind === "levels") {
      return isLevelAlone(statement, span, level.start, columnAt) ? [hullOf("level", level.levels)] : [];
    }
    const like = likeCondition(statement, span, columnAt);
    if (like !== null) return [like];
    const alternatives = readConjunct(tokens, span, columnAt);
    const read = alternatives === null ? null : readAlternatives(statement, alternatives);
    return read === null ? [] : [read];
  });
}

/** Whether nothing but the column `level` (and its qualifier) stands in `span` before the offset. */
function isLevelAlone(
  { parsed }: Statement,
  span: Span,
  offset: number,
  columnAt: (at: number) => string | null,
): boolean {
  const { tokens } = parsed.syntax;
  const at = isOperator(tokens[span.from + 1], ".") ? span.from + 2 : span.from;
  return columnAt(at) === "level" && tokens[at + 1]?.start === offset;
}

/** `pod LIKE 'nginx-%'`. */
function likeCondition(
  { parsed }: Statement,
  { from, to }: Span,
  columnAt: (at: number) => string | null,
): Condition | null {
  const { tokens } = parsed.syntax;
  const at = isOperator(tokens[from + 1], ".") ? from + 2 : from;
  const pattern = tokens[at + 2];
  if (to !== at + 3 || !isWord(tokens[at + 1], "like") || pattern?.kind !== "string") return null;
  const column = columnAt(at);
  const [prefix = ""] = /^[^%_]*/.exec(pattern.value) ?? [];
  return column === null || prefix === "" ? null : { column, ...prefixRange(prefix), values: null };
}

/** OR-ed alternatives, each of AND-ed comparisons, as the smallest range around them; null if one is not plain. */
function readAlternatives(statement: Statement, alternatives: readonly Comparison[][]): Condition | null {
  const { column } = alternatives[0]![0]!;
  const values: string[] = [];
  let hull: Condition | null = null;
  for (const comparisons of alternatives) {
    const ranges = comparisons.map((comparison) => comparisonRange(statement, comparison));
    if (ranges.includes(null)) return null;
    const min = ranges.map((range) => range!.min).find((value) => value !== null) ?? null;
    const max = ranges.map((range) => range!.max).find((value) => value !== null) ?? null;
    if (typeof min === "string" && min === max) values.push(min);
    hull = hull === null ? { column, min, max, values: null } : around(hull, { column, min, max, values: null });
  }
  return hull && { ...hull, values: values.length === alternatives.length ? values : null };
}

function comparisonRange({ table, parsed }: Statement, { column, operator, value }: Comparison) {
  const [token, more] = parsed.syntax.tokens.slice(value.from, value.to);
  if (token === undefined || more !== undefined) return null;
  const type = (table ?? LOGS).columns.find(({ name }) => name === column)?.type ?? "varchar";
  const bound =
    type === "varchar" && token.kind === "string"
      ? token.value
      : type === "bigint" && token.kind === "number" && /^\d+$/.test(token.value)
        ? BigInt(token.value)
        : null;
  if (bound === null) return null;
  return { min: operator.startsWith("<") ? null : bound, max: operator.startsWith(">") ? null : bound };
}

function scopeColumns(scope: Scope): string[] {
  return [
    ...NAME_COLUMNS.filter((column) => scope[column].length > 0),
    ...(scope.label.length > 0 ? ["labels"] : []),
    ...(scope.levels.length > 0 ? ["level"] : []),
    ...(scope.grep.length > 0 ? ["log"] : []),
  ];
}

function scopeBounds(scope: Scope): ColumnBound[] {
  const names = NAME_COLUMNS.filter((column) => scope[column].length > 0).map((column) =>
    scope[column].map((pattern): Condition => {
      const [prefix = ""] = /^[^*?]*/.exec(pattern) ?? [];
      const range = prefix === pattern ? { min: pattern, max: pattern } : prefixRange(prefix);
      return { column, ...range, values: null };
    }),
  );
  const levels = scope.levels.length > 0 ? [hullOf("level", scope.levels)] : [];
  return [...names.map((patterns) => patterns.reduce(around)), ...levels]
    .filter(({ min, max }) => min !== null || max !== null)
    .map(boundOf);
}

function hullOf(column: string, values: readonly string[]): Condition {
  // No value satisfies `level < trace`: a range that holds none.
  if (values.length === 0) return { column, min: "\u{10ffff}", max: "", values: [] };
  return values.map((value): Condition => ({ column, min: value, max: value, values: null })).reduce(around);
}

function around(a: Condition, b: Condition): Condition {
  return {
    column: a.column,
    min: a.min === null || b.min === null ? null : isBelow(a.min, b.min) ? a.min : b.min,
    max: a.max === null || b.max === null ? null : isBelow(a.max, b.max) ? b.max : a.max,
    values: null,
  };
}

/** The texts that start with a prefix, and at most a few more: up to the prefix with its last character's successor. */
function prefixRange(prefix: string): { min: string | null; max: string | null } {
  const chars = Array.from(prefix);
  while (chars.at(-1) === "\u{10ffff}") chars.pop();
  const last = chars.pop();
  if (last === undefined) return { min: prefix === "" ? null : prefix, max: null };
  const next = last.codePointAt(0)! + 1;
  // Surrogates are no characters of their own.
  const successor = String.fromCodePoint(next >= 0xd800 && next <= 0xdfff ? 0xe000 : next);
  return { min: prefix, max: chars.join("") + successor };
}

/** By number, or by the bytes of UTF-8, which are in the order of code points. */
function isBelow(a: string | bigint, b: string | bigint): boolean {
  if (typeof a === "bigint" || typeof b === "bigint") return a < b;
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

function boundOf({ column, min, max }: Condition): ColumnBound {
  return { column, min, max };
}

function intersection(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.filter((value) => b.includes(value));
}
