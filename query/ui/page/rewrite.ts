import { analyze } from "../../dialect/analyze.ts";
import type { TableDefinition } from "../../../config/tables/definition.ts";
import { LOGS } from "../../../config/tables/logs.ts";
import type { Statement } from "../../dialect/statement.ts";
import { isOperator, isWord, type Select, type Span } from "../../dialect/syntax.ts";

/**
 * The query with one more condition, in the place where a person would write it. Null if it can't be told where that is: the
 * text has a mistake, or its outermost query is no single SELECT.
 */
export function withCondition(query: string, condition: string): string | null {
  if (query.trim() === "") return `select * where ${condition}`;
  const read = outermost(query);
  if (read === null) return null;
  const { tokens } = read.statement.parsed.syntax;
  const { where } = read.select;
  if (where === null) return checked(insert(query, read, `where ${condition}`));
  const [start, end] = [tokens[where.from]!.start, tokens[where.to - 1]!.end];
  const old = query.slice(start, end);
  if (hasOuterOr(tokens, where)) {
    return checked(`${query.slice(0, start)}(${old}) and ${condition}${query.slice(end)}`);
  }
  if (old === condition || old.endsWith(` and ${condition}`)) return query;
  return checked(`${query.slice(0, end)} and ${condition}${query.slice(end)}`);
}

/**
 * The query that counts the values of a field in the rows of another one, most frequent first: its WITH, FROM and WHERE
 * stay, its columns, order and limit go. Null where there are no such rows.
 */
export function valuesQuery(query: string, field: string, limit: number): string | null {
  const columns = `${field} as value, count(*) as n`;
  const tail = `group by 1 order by 2 desc, 1 limit ${limit}`;
  if (query.trim() === "") return `select ${columns} ${tail}`;
  const read = outermost(query);
  if (read === null || read.statement.kind !== "rows" || read.select.qualify !== null) return null;
  const { tokens, prefix } = read.statement.parsed.syntax;
  const [first, after] = [tokens[read.select.from]!, tokens[read.select.itemsTo]];
  const before = prefix === "none" ? query.slice(0, first.start) : "";
  const from = prefix === "where" ? "where " : "";
  const restStart = prefix === "where" ? tokens[read.select.where!.from]!.start : (after?.start ?? query.length);
  const restEnd = tokens[read.select.to - 1]!.end;
  const rest = restEnd > restStart ? `${from}${query.slice(restStart, restEnd)} ` : "";
  return checked(`${before}select ${columns} ${rest}${tail}`);
}

/** What the outermost query gives: rows of logs as they are stored, or something made of them. Null for a mistake. */
export function kindOf(query: string): "rows" | "table" | null {
  return query.trim() === "" ? "rows" : (outermost(query)?.statement.kind ?? statementOf(query)?.kind ?? null);
}

/** The table that a query reads; logs for one that reads none, or has a mistake. */
export function tableOf(query: string): TableDefinition {
  return statementOf(query)?.table ?? LOGS;
}

/** Whether rows come by time, as they do where a query leaves their order to logq. */
export function comesByTime(query: string): boolean {
  if (query.trim() === "") return true;
  const statement = statementOf(query);
  return statement?.kind === "rows" && !statement.ordered && !statement.limited;
}

/**
 * How a column of the result is written in a condition: itself where the query shows the table's columns, its expression
 * where the query gives it a name. `log.status` and `labels.app` are found in columns of the table. Null for what only exists
 * after grouping, such as `count(*)`.
 */
export function conditionName(query: string, column: string): string | null {
  const own = query.trim() === "" ? column : nameOfColumn(query, column);
  const root = /^(log|labels)[.[]/.exec(column)?.[1];
  if (own !== null || root === undefined) return own;
  return nameOfColumn(query, root) === root ? column : null;
}

function nameOfColumn(query: string, column: string): string | null {
  const read = outermost(query);
  if (read === null) return null;
  const { tokens } = read.statement.parsed.syntax;
  const textAt = ({ from, to }: Span): string => query.slice(tokens[from]!.start, tokens[to - 1]!.end);
  for (const item of read.select.items) {
    const alias = item.aliasAt === null ? null : tokens[item.aliasAt]!.value;
    if ((alias ?? item.column ?? textAt(item)) !== column) continue;
    if (item.kind === "column") return textAt(item);
    return read.statement.kind === "table" && callsFunction(tokens, item) ? null : textAt(item);
  }
  return read.select.items.some(({ kind }) => kind === "star") ? column : null;
}

interface Outermost {
  readonly statement: Statement;
  readonly select: Select;
}

function outermost(query: string): Outermost | null {
  const statement = statementOf(query);
  const [term, ...more] = statement?.parsed.syntax.root.terms ?? [];
  return statement !== null && term?.kind === "select" && more.length === 0 ? { statement, select: term } : null;
}

function statementOf(query: string): Statement | null {
  try {
    // Whatever `$name` stands for, it stands where a value does.
    const params = Object.fromEntries(Array.from(query.matchAll(/\$(\w+)/g), ([, name]) => [name!, ""]));
    return analyze(query, { now: 0n, engine: "duckdb", params });
  } catch {
    return null;
  }
}

/** A clause after FROM, or after the select list where FROM is left out, before whatever follows. */
function insert(query: string, { statement, select }: Outermost, clause: string): string {
  const { tokens } = statement.parsed.syntax;
  const starts = [
    select.groupBy === null ? null : select.groupBy.from - 2,
    select.having === null ? null : select.having.from - 1,
    select.qualify === null ? null : select.qualify.from - 1,
    windowClause(statement, select),
    select.to,
  ];
  const next = Math.min(...starts.filter((start) => start !== null));
  const at = tokens[next - 1]!.end;
  const [before, after] = [query.slice(0, at), query.slice(at)];
  return before.trim() === "" ? `${before}${clause} ${after}` : `${before} ${clause}${after}`;
}

/** Where `window w as (…)` begins; nothing else has a name and a bracket after AS there. */
function windowClause({ parsed: { syntax } }: Statement, select: Select): number | null {
  const { tokens, owners } = syntax;
  for (let at = select.itemsTo; at < select.to; at++) {
    const isOwn = owners[at] === select && isWord(tokens[at], "window") && isWord(tokens[at + 2], "as");
    if (isOwn && isOperator(tokens[at + 3], "(")) return at;
  }
  return null;
}

function hasOuterOr(tokens: Statement["parsed"]["syntax"]["tokens"], { from, to }: Span): boolean {
  let depth = 0;
  for (let at = from; at < to; at++) {
    if (isOperator(tokens[at], "(", "[", "{")) depth++;
    else if (isOperator(tokens[at], ")", "]", "}")) depth--;
    else if (depth === 0 && isWord(tokens[at], "or")) return true;
  }
  return false;
}

function callsFunction(tokens: Statement["parsed"]["syntax"]["tokens"], { from, to }: Span): boolean {
  return tokens.slice(from, to).some((token) => isOperator(token, "("));
}

/** A rewrite that does not read as a query is none: the user is asked to write it. */
function checked(query: string): string | null {
  return statementOf(query) === null ? null : query;
}
