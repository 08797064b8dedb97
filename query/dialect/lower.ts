import { QueryError } from "../engine/engine.ts";
import type { LoweredQuery, LoweredText } from "../engine/engine.ts";
import { rowSource } from "./analyze.ts";
import { castMacros, castSplices } from "./duckdb-casts.ts";
import { DUCKDB_AGGREGATES, preludeFor, strftimeFormat } from "./duckdb-prelude.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { splitByComma } from "./items.ts";
import { isMap, Nesting, type NestedColumn } from "./nested.ts";
import { quotedName, stringLiteral } from "./literal.ts";
import { SCAN_NAME, duckDbScan } from "./scan.ts";
import { TABLE_NAME, bindTable, itemName } from "./scope.ts";
import { applySplices } from "./splice.ts";
import type { Splice, Spliced } from "./splice.ts";
import type { LowerOptions, Statement, TrinoLowerOptions } from "./statement.ts";
import { duckDbSugar, trinoSugar } from "./sugar-text.ts";
import { calledAt, closingBracket, endsOperand, isOperator, isWord } from "./syntax.ts";
import type { Query, Select, SelectItem } from "./syntax.ts";
import type { Token } from "./lexer.ts";
import { trinoScan } from "./trino-scan.ts";

/** Athena refuses a longer statement. */
const TRINO_SQL_BYTES_MAX = 262_144;

/**
 * Spells a statement out for DuckDB. Every change is a splice into the user's text, so that each character of the
 * result knows where it came from; the complete list of changes is below, one function each.
 */
export function lowerForDuckDb(statement: Statement, options: LowerOptions): LoweredQuery {
  const rows = rowSplices(statement, options.limit, options.oldestFirst);
  // Inlined, so that each reader's own conditions and columns reach the files.
  const scan = `${SCAN_NAME} AS NOT MATERIALIZED (${duckDbScan(statement.table ?? LOGS, options)})`;
  const casts = castSplices(statement.parsed.syntax.tokens);
  const spliced = applySplices(statement.text, [
    ...casts.opening,
    ...splicesOf(statement, scan, "*"),
    ...aggregateSplices(statement),
    ...parseSplices(statement),
    ...casts.closing,
    ...statement.parsed.sugar.map((sugar) => ({ start: sugar.start, end: sugar.end, text: duckDbSugar(sugar) })),
    ...rows.splices,
    ...blankSplices(statement),
  ]);
  const { tokens } = statement.parsed.syntax;
  const prelude = [...preludeFor(tokens), ...castMacros(tokens)];
  return { ...loweredText(statement, spliced, rows.reversed), files: options.files, prelude };
}

/**
 * The same for Trino and Athena; aggregates and functions have Trino's names already. Throws QueryError if the result
 * is longer than Athena takes.
 */
export function lowerForTrino(statement: Statement, options: TrinoLowerOptions): LoweredText {
  const rows = rowSplices(statement, options.limit);
  const nested = nestedItems(statement);
  const spliced = applySplices(statement.text, [
    // Before the names, which stand behind the casts.
    ...nestedSplices(statement, nested),
    ...splicesOf(statement, trinoCte(statement, options), starText(null), nested),
    ...statement.parsed.sugar.map((sugar) => ({ start: sugar.start, end: sugar.end, text: trinoSugar(sugar) })),
    ...rows.splices,
    ...blankSplices(statement),
  ]);
  const bytes = Buffer.byteLength(spliced.text);
  if (bytes > TRINO_SQL_BYTES_MAX) {
    const message = `the statement is ${bytes} bytes long, Athena takes ${TRINO_SQL_BYTES_MAX}`;
    throw new QueryError(message, null, "shorten its lists, or name fewer clusters: --cluster C");
  }
  return loweredText(statement, spliced, rows.reversed);
}

/** Trino wants the names of the columns of every CTE of a WITH RECURSIVE. */
function trinoCte({ table, parsed: { syntax } }: Statement, options: TrinoLowerOptions): string {
  if (table === null) return "";
  const names = syntax.root.recursive
    ? `(${[...table.names].map((name) => (isPlain(name) ? name : quotedName(name))).join(", ")}) `
    : "";
  return `${SCAN_NAME} ${names}AS (${trinoScan(table, options)})`;
}

function loweredText({ text, table }: Statement, spliced: Spliced, reversed: boolean): LoweredText {
  return { sql: spliced.text, text, table, reversed, sourceOffset: (offset) => spliced.sourceOffset(offset) };
}

/**
 * What both engines need. Of splices at one offset the earlier in a list stands first; blanks are last in it, for they
 * replace text.
 */
function splicesOf(statement: Statement, scan: string, star: string, nested?: ReadonlySet<SelectItem>): Splice[] {
  return [
    ...scanSplices(statement, scan),
    ...prefixSplices(statement, star),
    ...numberSplices(statement),
    ...nameSplices(statement, nested ?? new Set()),
    ...tableSplices(statement),
    ...paramSplices(statement),
  ];
}

function blankSplices({ parsed: { blanks } }: Statement): Splice[] {
  return blanks.map(({ start, end }) => ({ start, end, text: " " }));
}

/** The scan, as the first CTE of the outermost WITH. */
function scanSplices({ table, parsed: { syntax } }: Statement, scan: string): Splice[] {
  if (table === null) return [];
  const { root, tokens } = syntax;
  const at = root.withEnd === null ? 0 : tokens[root.withEnd]!.start;
  return [insert(at, root.withEnd === null ? `WITH ${scan} ` : `${scan}, `)];
}

function prefixSplices({ parsed: { syntax } }: Statement, star: string): Splice[] {
  if (syntax.prefix === "none") return [];
  return [
    insert(syntax.tokens[0]!.start, `SELECT ${star} FROM ${LOGS_SCAN} ${syntax.prefix === "where" ? "WHERE " : ""}`),
  ];
}

const LOGS_SCAN = `${SCAN_NAME} AS ${TABLE_NAME}`;

/** The table, said or left out, becomes the scan; its name for qualifying columns stays. */
function tableSplices({ parsed: { syntax, implicit } }: Statement): Splice[] {
  const { tokens } = syntax;
  return syntax.selects.flatMap((select) => {
    if (implicit.has(select)) {
      const isPrefix = syntax.prefix !== "none" && select === syntax.root.terms[0];
      return isPrefix ? [] : [insert(tokens[select.itemsTo - 1]!.end, ` FROM ${LOGS_SCAN} `)];
    }
    return (select.tables ?? []).flatMap((item) => {
      const table = bindTable(item, select);
      if (table === null) return [];
      const { start, end } = tokens[item.nameTo - 1]!;
      return [{ start, end, text: item.alias === null ? `${SCAN_NAME} AS ${table.name}` : SCAN_NAME }];
    });
  });
}

function paramSplices({ parsed: { syntax } }: Statement): Splice[] {
  const params = syntax.tokens.filter((token) => token.isParam);
  return params.map(({ start, end, kind, value }) => ({
    start,
    end,
    // In brackets, so that a negative number stays one operand.
    text: kind === "string" ? stringLiteral(value) : `(${value})`,
  }));
}

/**
 * `1.5` is a decimal to both engines, and they compute with decimals differently: it becomes a double, `1.5e0`. Not so
 * the share of approx_percentile, for which DuckDB takes no double.
 */
function numberSplices({ parsed: { syntax } }: Statement): Splice[] {
  const { tokens } = syntax;
  return tokens.flatMap(({ kind, value, isParam, end }, at) => {
    if (kind !== "number" || isParam || !value.includes(".") || /e/i.test(value)) return [];
    const isShare =
      isOperator(tokens[at - 1], ",") && isWord(calledAt(tokens, at), "approx_percentile", "approx_distinct");
    return isShare ? [] : [insert(end, "e0")];
  });
}

function aggregateSplices({ parsed: { syntax } }: Statement): Splice[] {
  const { tokens } = syntax;
  return tokens.flatMap((token, at) => {
    const isCall = token.kind === "word" && isOperator(tokens[at + 1], "(") && !isOperator(tokens[at - 1], ".");
    if (!isCall) return [];
    // Exact, for DuckDB's approximation errs on few values already, where Trino's does not.
    if (token.value === "approx_distinct") return distinctSplices(tokens, at);
    if (token.value === "count_if") return countIfSplices(tokens, at);
    if (!Object.hasOwn(DUCKDB_AGGREGATES, token.value)) return [];
    return [{ start: token.start, end: token.end, text: DUCKDB_AGGREGATES[token.value]! }];
  });
}

/** `approx_distinct(x)` is `count(DISTINCT x)`; the error that Trino may be allowed in a second argument is left out. */
function distinctSplices(tokens: readonly Token[], at: number): Splice[] {
  const close = closingBracket(tokens, at + 1);
  const [, error] = splitByComma(tokens, { from: at + 2, to: close });
  const spelt = calledCount(tokens, at, "DISTINCT ");
  if (error === undefined || error.from >= error.to) return spelt;
  return [...spelt, { start: tokens[error.from - 1]!.start, end: tokens[close]!.start, text: "" }];
}

/** DuckDB's count_if is NULL, not 0, of rows without a true or false: `count(CASE WHEN x THEN 1 END)`. */
function countIfSplices(tokens: readonly Token[], at: number): Splice[] {
  const close = tokens[closingBracket(tokens, at + 1)];
  return close === undefined ? [] : [...calledCount(tokens, at, "CASE WHEN "), insert(close.start, " THEN 1 END")];
}

/** The call of `count` in place of another, with words before its argument, which may be replaced itself. */
function calledCount(tokens: readonly Token[], at: number, words: string): Splice[] {
  const [name, open] = [tokens[at]!, tokens[at + 1]!];
  return [
    { start: name.start, end: name.end, text: "count" },
    { start: open.start, end: open.end, text: `(${words}` },
  ];
}

/** `date_parse(x, '%i')`: no macro can be it, for DuckDB's strptime takes its format as a literal only. */
function parseSplices({ parsed: { syntax } }: Statement): Splice[] {
  const { tokens } = syntax;
  return tokens.flatMap((token, at) => {
    if (!isWord(token, "date_parse") || !isOperator(tokens[at + 1], "(") || isOperator(tokens[at - 1], ".")) return [];
    const format = tokens[closingBracket(tokens, at + 1) - 1];
    if (format?.kind !== "string" || format.isParam) return [];
    return [
      { start: token.start, end: token.end, text: "strptime" },
      { start: format.start, end: format.end, text: stringLiteral(strftimeFormat(format.value)) },
    ];
  });
}

/**
 * The items of the result that are maps, lists or rows; not those by whose name or number it is ordered, for JSON has no
 * order.
 */
function nestedItems({ parsed: { syntax, implicit } }: Statement): Set<SelectItem> {
  if (syntax.prefix !== "none") return new Set();
  const nesting = new Nesting(syntax, implicit);
  const selects = outermostSelects(syntax.root);
  const { orderBy } = syntax.root;
  const ordered = syntax.tokens.slice(orderBy?.from ?? 0, orderBy?.to ?? 0);
  const isOrdered = ({ aliasAt, column }: SelectItem, index: number): boolean => {
    const name = aliasAt === null ? column : syntax.tokens[aliasAt]!.value;
    const names = [String(index + 1), name?.toLowerCase()];
    return ordered.some(({ kind, value }) => kind !== "string" && names.includes(value.toLowerCase()));
  };
  return new Set(
    selects.flatMap((select) =>
      select.items.filter((item, index) => !isOrdered(item, index) && nesting.isNested(item, select)),
    ),
  );
}

/** Nested values as JSON: Athena's results write a map as `{a=b}` and a list as `[a, b]`, which nobody can read back. */
function nestedSplices({ parsed: { syntax, implicit } }: Statement, nested: ReadonlySet<SelectItem>): Splice[] {
  if (syntax.prefix !== "none") return [];
  const { tokens } = syntax;
  const nesting = new Nesting(syntax, implicit);
  return outermostSelects(syntax.root).flatMap((select) =>
    select.items.flatMap((item) => {
      const { start } = tokens[item.from]!;
      const { end } = tokens[item.to - 1]!;
      if (nested.has(item)) return [insert(start, "CAST("), insert(end, " AS JSON)")];
      if (item.kind !== "star" || item.to - item.from > 3) return [];
      const qualifier = item.to - item.from === 3 ? tokens[item.from]!.value : null;
      const table = tableOfStar(select, qualifier, implicit);
      const columns = table === null ? nesting.columnsOfStar(qualifier, select) : storedColumns(table);
      return columns === null ? [] : [{ start, end, text: starText(qualifier, columns) }];
    }),
  );
}

/** The SELECTs whose rows are the result: several if it is a UNION. */
function outermostSelects({ terms }: Query): Select[] {
  return terms.flatMap((term) =>
    term.kind === "select" ? [term] : term.kind === "query" ? outermostSelects(term.query) : [],
  );
}

/** The table whose columns, and no others, a star stands for. */
function tableOfStar(select: Select, qualifier: string | null, implicit: ReadonlySet<Select>): TableDefinition | null {
  if (implicit.has(select)) return LOGS;
  const [item, ...more] = (select.tables ?? []).filter((each) => qualifier === null || itemName(each) === qualifier);
  return item === undefined || more.length > 0 || item.hasColumnList ? null : bindTable(item, select);
}

function storedColumns(table: TableDefinition): StarColumn[] {
  return table.all.map(({ name }) => ({ name, nested: isMap(table, name), isPlain: isPlain(name) }));
}

/** Of all columns of tables one needs quotes, that of vpc_flow which is a word of SQL. */
function isPlain(name: string): boolean {
  return name !== "end";
}

type StarColumn = NestedColumn & { readonly isPlain?: boolean };

/** The columns of a star one by one, nested ones as JSON. */
function starText(qualifier: string | null, columns: readonly StarColumn[] = storedColumns(LOGS)): string {
  const prefix = qualifier === null ? "" : `${quotedName(qualifier)}.`;
  const texts = columns.map(({ name, nested, isPlain: isBare = false }) => {
    const said = isBare ? name : quotedName(name);
    return nested ? `CAST(${prefix}${said} AS JSON) AS ${said}` : `${prefix}${said}`;
  });
  return texts.join(", ");
}

/**
 * An expression without an alias is called by its own source text. A column is called by its name in lower case, which
 * has to be said where a name is written otherwise: DuckDB answers with the case of its definition, Trino of its use.
 */
function nameSplices({ text, parsed: { syntax, sugar } }: Statement, nested: ReadonlySet<SelectItem>): Splice[] {
  const { tokens } = syntax;
  const isMixedCase = ({ start, end }: Token): boolean => /[A-Z]/.test(text.slice(start, end));
  const hasMixedCase = syntax.selects.some(({ items }) =>
    items.some(({ aliasAt }) => aliasAt !== null && isMixedCase(tokens[aliasAt]!)),
  );
  return syntax.selects.flatMap((select) =>
    select.items.flatMap((item) => {
      const { kind, aliasAt, from, to } = item;
      const { start } = tokens[from]!;
      const last = tokens[to - 1]!;
      if (aliasAt !== null || kind === "star" || start === last.end) return [];
      const isRewritten = sugar.some((use) => use.start >= start && use.end <= last.end);
      if (kind === "column" && !isRewritten) {
        const isSaid = hasMixedCase || isMixedCase(last) || nested.has(item);
        return isSaid ? [insert(last.end, ` AS ${quotedName(last.value)}`)] : [];
      }
      return endsExpression(last) ? [insert(last.end, ` AS ${quotedName(text.slice(start, last.end))}`)] : [];
    }),
  );
}

function endsExpression(token: Parameters<typeof endsOperand>[0]): boolean {
  // IS NULL and IS NOT NULL end in a word that else comes before an operand.
  return endsOperand(token) || token?.value === "null" || token?.value === "end";
}

/**
 * The limit of a row query: the newest rows (of `logs` by ts_ns, file, pos), to be shown in reverse; of a query that has its own
 * ORDER BY, its first rows. It is appended to the outermost query and nothing is wrapped around that.
 */
function rowSplices(
  statement: Statement,
  limit: number | null,
  oldestFirst = false,
): { splices: Splice[]; reversed: boolean } {
  const { syntax, implicit } = statement.parsed;
  const source = rowSource(syntax, implicit);
  if ((limit === null && !oldestFirst) || statement.limited || source === null) return { splices: [], reversed: false };
  const { root, tokens } = syntax;
  const end = tokens[root.to - 1]!.end;
  const keys = (statement.table ?? LOGS).orderColumns.map((column) => `${quotedName(source)}.${column}`);
  if (oldestFirst) return { splices: [insert(end, ` ORDER BY ${keys.join(", ")}`)], reversed: false };
  const rows = [insert(end, ` LIMIT ${limit}`)];
  if (statement.ordered) return { splices: rows, reversed: false };
  const newestFirst = keys.map((key) => `${key} DESC`).join(", ");
  const order = insert(root.offsetAt === null ? end : tokens[root.offsetAt]!.start, ` ORDER BY ${newestFirst} `);
  return { splices: [order, ...rows], reversed: true };
}

function insert(at: number, text: string): Splice {
  return { start: at, end: at, text };
}
