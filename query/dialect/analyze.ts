import { TABLES } from "../../config/tables/all.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { QueryError } from "../engine/engine.ts";
import { nearestName } from "../nearest.ts";
import { findImplicitFroms, hasAggregate } from "./implicit-from.ts";
import { lex } from "./lexer.ts";
import type { Params, Token } from "./lexer.ts";
import { parse } from "./parse.ts";
import { refuseUnportable } from "./portable/portable.ts";
import { SCAN_NAME } from "./scan.ts";
import { TABLE_NAME, bindName, bindTable, findColumn, itemName, same } from "./scope.ts";
import type { Implicit } from "./scope.ts";
import type { Statement } from "./statement.ts";
import { findSugar } from "./sugar.ts";
import { isName, isOperator, isWord } from "./syntax.ts";
import type { Syntax } from "./syntax.ts";
import { refuseOffsets } from "./time-value.ts";
import { findWindow } from "./window.ts";

export interface AnalyzeOptions {
  /** What now() is, in nanoseconds since 1970: for the window that the text asks for. */
  readonly now: bigint;
  /** Values of `$name`. */
  readonly params?: Params;
  /** The engine that the user named: then the text may be what it alone takes. Without it both must take it. */
  readonly engine?: "duckdb" | "trino" | undefined;
}

/**
 * Reads one statement of the dialect: which table it reads and how, and what it says of time. Nothing is listed or
 * run. Throws QueryError with offsets in `text` for what the dialect refuses; mistakes that only an engine can see
 * (a misspelt column, a wrong type) come from the engine.
 */
export function analyze(text: string, options: AnalyzeOptions): Statement {
  const lexed = lex(text, options.params);
  const { tokens, semicolons } = oneStatement(lexed.tokens, text);
  const prefix = prefixOf(tokens);
  const syntax = parse([...prefixTokens(prefix, tokens[0]!.start), ...tokens], prefix);
  checkNames(syntax);
  refuseOffsets(syntax.tokens);
  const implicit = findImplicitFroms(syntax);
  const table = tableRead(syntax, implicit);
  const sugar = findSugar(text, syntax, implicit);
  if (options.engine === undefined) refuseUnportable({ text, syntax, implicit, sugar });
  const { root } = syntax;
  return {
    text,
    table,
    kind: rowSource(syntax, implicit) === null ? "table" : "rows",
    ordered: root.orderBy !== null,
    limited: root.limitAt !== null,
    window: findWindow(syntax, implicit, options.now),
    parsed: { syntax, implicit, sugar, blanks: [...lexed.blanks, ...semicolons] },
  };
}

/**
 * The name that qualifies the columns of the outermost query's one source, if that query shows rows of its table as they
 * are: one SELECT over one source that hands through what rows are ordered by, not grouped and not made distinct.
 */
export function rowSource({ root, ...syntax }: Syntax, implicit: Implicit): string | null {
  const [select, ...more] = root.terms;
  if (select?.kind !== "select" || more.length > 0 || select.distinct || select.groupBy || select.having) return null;
  if (hasAggregate(select, { root, ...syntax })) return null;
  if (implicit.has(select)) return TABLE_NAME;
  const [item, ...others] = select.tables ?? [];
  const name = item === undefined || others.length > 0 ? null : itemName(item);
  if (name === null) return null;
  const { orderColumns } = findColumn("ts", name, select, implicit)?.table ?? LOGS;
  const isComplete = orderColumns.every((column) => findColumn(column, name, select, implicit)?.item === item);
  return isComplete ? name : null;
}

/** The tokens without the closing semicolons. */
function oneStatement(tokens: readonly Token[], text: string): { tokens: Token[]; semicolons: Token[] } {
  const last = tokens.findLastIndex((token) => !isOperator(token, ";"));
  if (last < 0) throw new QueryError("the query is empty", { start: 0, end: text.length }, "try: select * limit 10");
  const semicolon = tokens.slice(0, last).findIndex((token) => isOperator(token, ";"));
  if (semicolon >= 0) {
    const next = tokens[semicolon + 1]!;
    throw new QueryError("one statement at a time", next, "run what follows the semicolon as its own query");
  }
  return { tokens: tokens.slice(0, last + 1), semicolons: tokens.slice(last + 1) };
}

/** Bare predicates: `pod = 'nginx'` is a WHERE, `where …` and `order by …` follow a `select *`. */
function prefixOf(tokens: readonly Token[]): Syntax["prefix"] {
  const [first, second] = tokens;
  if (isWord(first, "select", "with") || (isWord(first, "values") && isOperator(second, "("))) return "none";
  const afterBrackets = tokens.find((token) => !isOperator(token, "("));
  if (isOperator(first, "(") && isWord(afterBrackets, "select", "with", "values")) return "none";
  if (isWord(first, "where", "limit", "offset") || (isWord(first, "order") && isWord(second, "by"))) return "star";
  const isCondition = isWord(second, ...PREDICATE_WORDS) || (second?.kind === "operator" && second.value !== "(");
  if (isWord(first, ...OTHER_STATEMENTS) && !isCondition) {
    const hint = OTHER_HINTS[first!.value] ?? "logq only reads: start with select";
    throw new QueryError(`${first!.value.toUpperCase()} is not part of the dialect`, first!, hint);
  }
  if (second === undefined) {
    const hint = isName(first) ? `to search for a word: logq -g ${first!.value}` : null;
    throw new QueryError("this is no query and no condition", first!, hint);
  }
  return "where";
}

const OTHER_STATEMENTS = `alter analyze attach begin call checkpoint comment commit copy create deallocate delete desc
  describe detach drop execute explain export force from grant import insert install load merge pivot pragma prepare
  refresh reset revoke rollback set show start summarize table truncate unpivot update use vacuum`.split(/\s+/);

const COLUMNS_HINT = "logq schema shows the columns; the table is logs";
const OTHER_HINTS: Readonly<Record<string, string>> = {
  from: "write select * from …",
  desc: COLUMNS_HINT,
  describe: COLUMNS_HINT,
  show: COLUMNS_HINT,
  explain: "--explain shows what is run",
};

const PREDICATE_WORDS = ["is", "in", "not", "like", "ilike", "between", "similar"];

/** Tokens that stand for the prefix; they take no room in the user's text. */
function prefixTokens(prefix: Syntax["prefix"], start: number): Token[] {
  const token = (kind: Token["kind"], value: string): Token => ({ kind, value, start, end: start, isParam: false });
  if (prefix === "none") return [];
  const star = [token("word", "select"), token("operator", "*")];
  return prefix === "star" ? star : [...star, token("word", "where")];
}

/** Refuses tables that do not exist, qualified tables and the reserved name of the scan. */
function checkNames({ tokens, selects }: Syntax): void {
  const reserved = tokens.find((token) => isName(token) && same(token.value, SCAN_NAME));
  if (reserved !== undefined) {
    throw new QueryError(`the name ${SCAN_NAME} is reserved`, reserved, "the table is called logs");
  }
  for (const select of selects) {
    for (const item of select.tables ?? []) {
      if (item.kind !== "table" || bindName(item, select) !== null) continue;
      const at = { start: tokens[item.nameTo - 2 * item.name.length + 1]!.start, end: tokens[item.nameTo - 1]!.end };
      const name = item.name.join(".");
      if (item.name.length > 1) throw new QueryError(`${name}: tables take no qualifier`, at, TABLES_HINT);
      const visible = [...TABLES.map((table) => table.name), ...select.query.ctes.map((cte) => cte.name)];
      const near = nearestName(name, visible);
      throw new QueryError(`no table is called ${name}`, at, near ? `did you mean ${near}?` : TABLES_HINT);
    }
  }
}

const TABLES_HINT = `the table is logs; beside it there are ${TABLES.slice(1)
  .map(({ name }) => name)
  .join(", ")}`;

/** The one table that a statement reads, or null. Throws QueryError for several: each is in a store of its own. */
function tableRead({ selects, tokens }: Syntax, implicit: Implicit): TableDefinition | null {
  let read: TableDefinition | null = implicit.size > 0 ? LOGS : null;
  for (const select of selects) {
    for (const item of select.tables ?? []) {
      const table = bindTable(item, select);
      if (table === null) continue;
      read ??= table;
      if (read === table) continue;
      throw new QueryError(
        `a query reads one table, and this one ${read.name} and ${table.name}`,
        tokens[item.from]!,
        "ask for each by itself",
      );
    }
  }
  return read;
}
