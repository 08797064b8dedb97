import { QueryError } from "../engine/engine.ts";
import type { Token } from "./lexer.ts";
import { splitItems } from "./items.ts";
import { closingBracket, isName, isOperator, isWord } from "./syntax.ts";
import type { Cte, FromItem, Place, Query, Select, Span, Syntax, Term } from "./syntax.ts";

/**
 * Finds the blocks of one query. Throws QueryError for unbalanced brackets, for text after the query's end and for a
 * FROM that names no table; what else is wrong inside of a clause is left to the engine's parser, which says it better.
 */
export function parse(tokens: readonly Token[], prefix: Syntax["prefix"]): Syntax {
  const cursor: Cursor = { tokens, queries: [], selects: [], at: 0 };
  const root = parseQuery(cursor, { kind: "top" });
  const rest = tokens[cursor.at];
  if (rest !== undefined) {
    const isBracket = isOperator(rest, ")", "]", "}");
    throw new QueryError(isBracket ? `this ${rest.value} closes nothing` : "unexpected text after the query", rest);
  }
  const { queries, selects } = cursor;
  return { tokens, root, queries, selects, owners: findOwners(tokens.length, queries, selects), prefix };
}

/** A place in the tokens; the functions below move `at`. */
interface Cursor {
  readonly tokens: readonly Token[];
  readonly queries: Query[];
  readonly selects: Select[];
  at: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** `[WITH …] term [UNION … term]* [ORDER BY … LIMIT …]`, up to the end or a closing bracket. */
function parseQuery(cursor: Cursor, place: Place): Query {
  const ctes: Cte[] = [];
  const terms: Term[] = [];
  const query: Mutable<Query> = {
    from: cursor.at,
    to: cursor.at,
    withEnd: null,
    recursive: false,
    ctes,
    terms,
    orderBy: null,
    offsetAt: null,
    limitAt: null,
    place,
  };
  cursor.queries.push(query);
  if (takeWord(cursor, "with")) {
    query.recursive = takeWord(cursor, "recursive");
    query.withEnd = cursor.at;
    parseCtes(cursor, query, ctes);
  }
  terms.push(parseTerm(cursor, query));
  while (takeWord(cursor, "union", "intersect", "except")) {
    takeWord(cursor, "all", "distinct");
    if (takeWord(cursor, "by")) takeWord(cursor, "name");
    terms.push(parseTerm(cursor, query));
  }
  parseTail(cursor, query);
  query.to = cursor.at;
  return query;
}

function parseCtes(cursor: Cursor, query: Query, ctes: Cte[]): void {
  do {
    const nameAt = cursor.at;
    const name = cursor.tokens[nameAt];
    if (name === undefined || !isName(name)) throw expected(cursor, "a name after WITH");
    cursor.at += 1;
    const hasColumnList = isOperator(cursor.tokens[cursor.at], "(");
    if (hasColumnList) scanBrackets(cursor, null);
    if (!takeWord(cursor, "as")) throw expected(cursor, `AS after WITH ${name.value}`);
    takeWord(cursor, "not");
    takeWord(cursor, "materialized");
    if (!isOperator(cursor.tokens[cursor.at], "(")) throw expected(cursor, "( and a query after AS");
    const body = parseBracketed(cursor, { kind: "cte", query, index: ctes.length });
    ctes.push({ name: name.value, nameAt, hasColumnList, query: body });
  } while (takeOperator(cursor, ","));
}

function parseTerm(cursor: Cursor, query: Query): Term {
  const from = cursor.at;
  const token = cursor.tokens[from];
  if (isOperator(token, "(")) return { kind: "query", query: parseBracketed(cursor, { kind: "term", query }) };
  if (isWord(token, "select")) return parseSelect(cursor, query);
  if (!takeWord(cursor, "values")) throw expected(cursor, "SELECT");
  return { kind: "values", from, to: scan(cursor, null, isClauseStart).to };
}

function parseSelect(cursor: Cursor, query: Query): Select {
  const on: Span[] = [];
  const from = cursor.at;
  const select: Mutable<Select> = {
    kind: "select",
    query,
    from,
    to: from,
    distinct: false,
    items: [],
    itemsTo: from,
    tables: null,
    on,
    where: null,
    groupBy: null,
    having: null,
    qualify: null,
  };
  cursor.selects.push(select);
  cursor.at += 1;
  select.distinct = takeWord(cursor, "distinct");
  if (select.distinct && takeWord(cursor, "on")) scanBrackets(cursor, select);
  takeWord(cursor, "all");
  const items = scan(cursor, select, isClauseStart);
  select.items = splitItems(cursor.tokens, items);
  select.itemsTo = items.to;
  for (;;) {
    if (takeWord(cursor, "from")) select.tables = parseFrom(cursor, select, on);
    else if (takeWord(cursor, "where")) select.where = scan(cursor, select, isClauseStart);
    else if (takeWord(cursor, "having")) select.having = scan(cursor, select, isClauseStart);
    else if (takeWord(cursor, "qualify")) select.qualify = scan(cursor, select, isClauseStart);
    else if (takeWords(cursor, "group", "by")) select.groupBy = scan(cursor, select, isClauseStart);
    else if (isClauseStart(cursor.tokens, cursor.at) && takeWord(cursor, "window")) scan(cursor, select, isClauseStart);
    else break;
  }
  select.to = cursor.at;
  return select;
}

/** ORDER BY, LIMIT, OFFSET and FETCH, in any order: which order is allowed is the engine's to say. */
function parseTail(cursor: Cursor, query: Mutable<Query>): void {
  const first = query.terms[0];
  const select = query.terms.length === 1 && first?.kind === "select" ? first : null;
  for (;;) {
    const at = cursor.at;
    if (takeWords(cursor, "order", "by")) query.orderBy = scan(cursor, select, isClauseStart);
    else if (takeWord(cursor, "limit", "fetch")) query.limitAt = at;
    else if (takeWord(cursor, "offset")) query.offsetAt = at;
    else return;
    scan(cursor, select, isClauseStart);
  }
}

/** The items of a FROM list, those in join brackets included. */
function parseFrom(cursor: Cursor, select: Select, on: Span[]): FromItem[] {
  const items: FromItem[] = [];
  for (;;) {
    items.push(...parseFromItem(cursor, select, on));
    for (;;) {
      // TABLESAMPLE, WITH ORDINALITY's rest, or a mistake that the engine will name.
      scan(cursor, select, (tokens, at) => isClauseStart(tokens, at) || isJoinWord(tokens, at) || isComma(tokens, at));
      if (takeWord(cursor, "on")) on.push(scan(cursor, select, endsCondition));
      else if (!takeWord(cursor, "using")) break;
    }
    if (takeOperator(cursor, ",")) continue;
    if (!isJoinWord(cursor.tokens, cursor.at)) return items;
    while (isJoinWord(cursor.tokens, cursor.at) && !takeWord(cursor, "join")) cursor.at += 1;
  }
}

function parseFromItem(cursor: Cursor, select: Select, on: Span[]): FromItem[] {
  const from = cursor.at;
  const isLateral = takeWord(cursor, "lateral");
  const token = cursor.tokens[cursor.at];
  if (isOperator(token, "(") && !startsQuery(cursor.tokens, cursor.at)) {
    const open = cursor.at++;
    const inner = parseFrom(cursor, select, on);
    closeBracket(cursor, open);
    return inner;
  }
  if (isOperator(token, "(")) {
    const query = parseBracketed(cursor, { kind: isLateral ? "inner" : "from", select });
    return [withAlias(cursor, { kind: "query", from, name: [], nameTo: cursor.at, query })];
  }
  if (token?.kind === "string") {
    throw new QueryError("FROM takes a table, not a file", token, "the table is logs; --store says where it lies");
  }
  if (!isName(token) || isClauseStart(cursor.tokens, cursor.at)) throw expected(cursor, "a table after FROM or JOIN");
  const name = [cursor.tokens[cursor.at++]!.value];
  while (isOperator(cursor.tokens[cursor.at], ".") && isName(cursor.tokens[cursor.at + 1])) {
    name.push(cursor.tokens[cursor.at + 1]!.value);
    cursor.at += 2;
  }
  const isFunction = isOperator(cursor.tokens[cursor.at], "(");
  if (isFunction) scanBrackets(cursor, select);
  if (isFunction) takeWords(cursor, "with", "ordinality");
  const nameTo = cursor.at;
  return [withAlias(cursor, { kind: isFunction ? "function" : "table", from, name, nameTo, query: null })];
}

function withAlias(cursor: Cursor, item: Omit<FromItem, "alias" | "hasColumnList" | "to">): FromItem {
  const hasAs = takeWord(cursor, "as");
  const token = cursor.tokens[cursor.at];
  const isAlias = isName(token) && (hasAs || !endsFromItem(cursor.tokens, cursor.at));
  if (isAlias) cursor.at += 1;
  const hasColumnList = isAlias && isOperator(cursor.tokens[cursor.at], "(");
  if (hasColumnList) scanBrackets(cursor, null);
  return { ...item, to: cursor.at, alias: isAlias ? token!.value : null, hasColumnList };
}

/** Moves over tokens, parsing the queries in them, up to what `stops`, a closing bracket or the end. */
function scan(cursor: Cursor, select: Select | null, stops: (tokens: readonly Token[], at: number) => boolean): Span {
  const from = cursor.at;
  for (;;) {
    const token = cursor.tokens[cursor.at];
    if (token === undefined || isOperator(token, ")", "]", "}") || stops(cursor.tokens, cursor.at)) break;
    if (isOperator(token, "(", "[", "{")) scanBrackets(cursor, select);
    else cursor.at += 1;
  }
  return { from, to: cursor.at };
}

function scanBrackets(cursor: Cursor, select: Select | null): void {
  const open = cursor.at;
  if (startsQuery(cursor.tokens, open)) {
    parseBracketed(cursor, { kind: "inner", select });
    return;
  }
  cursor.at += 1;
  scan(cursor, select, () => false);
  closeBracket(cursor, open);
}

function parseBracketed(cursor: Cursor, place: Place): Query {
  const open = cursor.at++;
  const query = parseQuery(cursor, place);
  closeBracket(cursor, open);
  return query;
}

function closeBracket(cursor: Cursor, open: number): void {
  const bracket = cursor.tokens[open]!;
  const closing = bracket.value === "(" ? ")" : bracket.value === "[" ? "]" : "}";
  if (takeOperator(cursor, closing)) return;
  const token = cursor.tokens[cursor.at];
  if (token === undefined) throw new QueryError(`this ${bracket.value} is never closed`, bracket, `add ${closing}`);
  throw new QueryError(`expected ${closing} here`, token, `it closes the ${bracket.value} before it`);
}

/** Whether the bracket at `at` holds a query, not an expression: `(select …)`, `((select …) union …)`. */
function startsQuery(tokens: readonly Token[], at: number): boolean {
  if (!isOperator(tokens[at], "(")) return false;
  const next = tokens[at + 1];
  if (isWord(next, "select", "with")) return true;
  if (isWord(next, "values")) return isOperator(tokens[at + 2], "(");
  if (!startsQuery(tokens, at + 1)) return false;
  const after = tokens[closingBracket(tokens, at + 1) + 1];
  return isWord(after, "union", "intersect", "except", "order", "limit", "offset", "fetch");
}

function isClauseStart(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const before = tokens[at - 1];
  if (token?.kind !== "word" || isOperator(before, ".") || isWord(before, "as")) return false;
  if (token.value === "from") return !(isWord(before, "distinct") && isWord(tokens[at - 2], "is", "not"));
  if (token.value === "group" || token.value === "order") return isWord(tokens[at + 1], "by");
  if (token.value === "window") return isName(tokens[at + 1]) && isWord(tokens[at + 2], "as");
  return CLAUSES.has(token.value);
}

const CLAUSES = new Set(["where", "having", "qualify", "limit", "offset", "fetch", "union", "intersect", "except"]);

function isJoinWord(tokens: readonly Token[], at: number): boolean {
  // LEFT(…) and RIGHT(…) are functions.
  const isFunction = isWord(tokens[at], "left", "right") && isOperator(tokens[at + 1], "(");
  return isWord(tokens[at], ...JOIN_WORDS) && !isFunction && !isOperator(tokens[at - 1], ".");
}

const JOIN_WORDS = "natural inner left right full outer cross asof positional anti semi join".split(" ");

function isComma(tokens: readonly Token[], at: number): boolean {
  return isOperator(tokens[at], ",") || isWord(tokens[at], "on", "using");
}

function endsCondition(tokens: readonly Token[], at: number): boolean {
  return isClauseStart(tokens, at) || isJoinWord(tokens, at) || isOperator(tokens[at], ",") || isWord(tokens[at], "on");
}

function endsFromItem(tokens: readonly Token[], at: number): boolean {
  const isEnd = isClauseStart(tokens, at) || isJoinWord(tokens, at) || isComma(tokens, at);
  return isEnd || isWord(tokens[at], "tablesample", "with", "pivot", "unpivot");
}

function takeWord(cursor: Cursor, ...values: readonly string[]): boolean {
  const taken = isWord(cursor.tokens[cursor.at], ...values);
  if (taken) cursor.at += 1;
  return taken;
}

function takeWords(cursor: Cursor, first: string, second: string): boolean {
  const taken = isWord(cursor.tokens[cursor.at], first) && isWord(cursor.tokens[cursor.at + 1], second);
  if (taken) cursor.at += 2;
  return taken;
}

function takeOperator(cursor: Cursor, value: string): boolean {
  const taken = isOperator(cursor.tokens[cursor.at], value);
  if (taken) cursor.at += 1;
  return taken;
}

function expected(cursor: Cursor, what: string): QueryError {
  const token = cursor.tokens[cursor.at];
  const end = cursor.tokens.at(-1)?.end ?? 0;
  return new QueryError(`expected ${what}${token ? "" : ", but the query ends"}`, token ?? { start: end, end });
}

/** Outer before inner, so that the innermost SELECT around a token wins; a tail belongs to its query's first SELECT. */
function findOwners(count: number, queries: readonly Query[], selects: readonly Select[]): (Select | null)[] {
  const owners: (Select | null)[] = Array.from({ length: count }, () => null);
  const blocks = [...queries.map((query) => ({ span: query, owner: firstSelect(query) })), ...selects.map(asBlock)];
  for (const { span, owner } of blocks.toSorted((a, b) => tokenCount(b) - tokenCount(a)))
    owners.fill(owner, span.from, span.to);
  return owners;
}

function tokenCount({ span }: { readonly span: Span }): number {
  return span.to - span.from;
}

function asBlock(select: Select): { span: Span; owner: Select } {
  return { span: select, owner: select };
}

function firstSelect(query: Query): Select | null {
  const term = query.terms[0];
  return term?.kind === "select" ? term : null;
}
