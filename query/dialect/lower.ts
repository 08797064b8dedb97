import type { LoweredQuery } from "../engine/engine.ts";
import { rowSource } from "./analyze.ts";
import { quotedName, stringLiteral } from "./literal.ts";
import { SCAN_NAME, duckDbScan } from "./scan.ts";
import { TABLE_NAME, bindTable } from "./scope.ts";
import { applySplices } from "./splice.ts";
import type { Splice } from "./splice.ts";
import type { LowerOptions, Statement } from "./statement.ts";
import type { Sugar } from "./sugar.ts";
import { endsOperand, isOperator } from "./syntax.ts";

/**
 * Spells a statement out for DuckDB. Every change is a splice into the user's text, so that each character of the
 * result knows where it came from; the complete list of changes is below, one function each.
 */
export function lowerForDuckDb(statement: Statement, options: LowerOptions): LoweredQuery {
  const { rows, reversed } = rowSplices(statement, options.limit);
  // Of splices at one offset the earlier in this list stands first; blanks are last, for they replace text.
  const splices = [
    ...scanSplices(statement, duckDbScan(options)),
    ...prefixSplices(statement),
    ...nameSplices(statement),
    ...tableSplices(statement),
    ...paramSplices(statement),
    ...aggregateSplices(statement),
    ...statement.parsed.sugar.map(duckDbSugar),
    ...rows,
    ...blankSplices(statement),
  ];
  const spliced = applySplices(statement.text, splices);
  return {
    sql: spliced.text,
    files: options.files,
    text: statement.text,
    reversed,
    sourceOffset: (offset) => spliced.sourceOffset(offset),
  };
}

function blankSplices({ parsed: { blanks } }: Statement): Splice[] {
  return blanks.map(({ start, end }) => ({ start, end, text: " " }));
}

/** The scan, as the first CTE of the outermost WITH. */
function scanSplices({ readsLogs, parsed: { syntax } }: Statement, body: string): Splice[] {
  if (!readsLogs) return [];
  const { root, tokens } = syntax;
  // Inlined, so that each reader's own conditions and columns reach the files.
  const scan = `${SCAN_NAME} AS NOT MATERIALIZED (${body})`;
  const at = root.withEnd === null ? 0 : tokens[root.withEnd]!.start;
  return [insert(at, root.withEnd === null ? `WITH ${scan} ` : `${scan}, `)];
}

function prefixSplices({ parsed: { syntax } }: Statement): Splice[] {
  if (syntax.prefix === "none") return [];
  return [insert(syntax.tokens[0]!.start, `SELECT * FROM ${LOGS} ${syntax.prefix === "where" ? "WHERE " : ""}`)];
}

const LOGS = `${SCAN_NAME} AS ${TABLE_NAME}`;

/** `logs`, said or left out, becomes the scan; its name for qualifying columns stays. */
function tableSplices({ parsed: { syntax, implicit } }: Statement): Splice[] {
  const { tokens } = syntax;
  return syntax.selects.flatMap((select) => {
    if (implicit.has(select)) {
      const isPrefix = syntax.prefix !== "none" && select === syntax.root.terms[0];
      return isPrefix ? [] : [insert(tokens[select.itemsTo - 1]!.end, ` FROM ${LOGS} `)];
    }
    const scans = (select.tables ?? []).filter((item) => bindTable(item, select) === "logs");
    return scans.map(({ nameTo, alias }) => {
      const { start, end } = tokens[nameTo - 1]!;
      return { start, end, text: alias === null ? LOGS : SCAN_NAME };
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

/** Trino's names of aggregates that DuckDB calls otherwise. */
const DUCKDB_AGGREGATES: Readonly<Record<string, string>> = {
  approx_distinct: "approx_count_distinct",
  approx_percentile: "approx_quantile",
  bitwise_and_agg: "bit_and",
  bitwise_or_agg: "bit_or",
  every: "bool_and",
  geometric_mean: "geomean",
};

function aggregateSplices({ parsed: { syntax } }: Statement): Splice[] {
  const { tokens } = syntax;
  return tokens.flatMap((token, at) => {
    const isCall = token.kind === "word" && isOperator(tokens[at + 1], "(") && !isOperator(tokens[at - 1], ".");
    if (!isCall || !Object.hasOwn(DUCKDB_AGGREGATES, token.value)) return [];
    return [{ start: token.start, end: token.end, text: DUCKDB_AGGREGATES[token.value]! }];
  });
}

function duckDbSugar(sugar: Sugar): Splice {
  const { start, end, column } = sugar;
  if (sugar.kind === "label") return { start, end, text: `${column}[${stringLiteral(sugar.key)}]` };
  if (sugar.kind === "levels") {
    // No level satisfies `> fatal`: false, but still NULL where the level is.
    const text = sugar.levels.length === 0 ? ` <> ${column}` : ` IN (${sugar.levels.map(stringLiteral).join(", ")})`;
    return { start, end, text };
  }
  const path = sugar.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${jsonName(part)}`)).join("");
  const text = `json_extract_string(TRY_CAST(${column} AS JSON), ${stringLiteral(`$${path}`)})`;
  return { start, end, text: sugar.isNumber ? `TRY_CAST(${text} AS DOUBLE)` : text };
}

function jsonName(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}

/** An expression without an alias is called by its own source text. */
function nameSplices({ text, parsed: { syntax, sugar } }: Statement): Splice[] {
  const { tokens } = syntax;
  return syntax.selects.flatMap((select) =>
    select.items.flatMap(({ kind, hasAlias, from, to }) => {
      const { start } = tokens[from]!;
      const { end } = tokens[to - 1]!;
      const isRewritten = sugar.some((use) => use.start >= start && use.end <= end);
      if (hasAlias || kind === "star" || (kind === "column" && !isRewritten) || !endsExpression(tokens[to - 1]))
        return [];
      return [insert(end, ` AS ${quotedName(text.slice(start, end))}`)];
    }),
  );
}

function endsExpression(token: Parameters<typeof endsOperand>[0]): boolean {
  // IS NULL and IS NOT NULL end in a word that else comes before an operand.
  return endsOperand(token) || token?.value === "null" || token?.value === "end";
}

/**
 * The limit of a row query: the newest rows by (ts_ns, file, pos), to be shown in reverse; of a query that has its own
 * ORDER BY, its first rows. It is appended to the outermost query and nothing is wrapped around that.
 */
function rowSplices(statement: Statement, limit: number | null): { rows: Splice[]; reversed: boolean } {
  const { syntax, implicit } = statement.parsed;
  const source = rowSource(syntax, implicit);
  if (limit === null || statement.limited || source === null) return { rows: [], reversed: false };
  const { root, tokens } = syntax;
  const end = tokens[root.to - 1]!.end;
  const rows = [insert(end, ` LIMIT ${limit}`)];
  if (statement.ordered) return { rows, reversed: false };
  const keys = ["ts_ns", "file", "pos"].map((column) => `${quotedName(source)}.${column} DESC`);
  const order = insert(root.offsetAt === null ? end : tokens[root.offsetAt]!.start, ` ORDER BY ${keys.join(", ")} `);
  return { rows: [order, ...rows], reversed: true };
}

function insert(at: number, text: string): Splice {
  return { start: at, end: at, text };
}
