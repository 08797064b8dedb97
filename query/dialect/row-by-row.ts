import { isRowFunction } from "./functions.ts";
import type { Statement } from "./statement.ts";
import { isOperator, isWord } from "./syntax.ts";

/**
 * Whether each row of the result comes from one row of logs alone, so that what is asked of some objects after the other
 * gives the same rows as what is asked of all of them at once. Never said of a statement where it is not so: DuckDB has
 * aggregates and functions that are not known here.
 */
export function isRowByRow({ kind, limited, parsed: { syntax } }: Statement): boolean {
  const { root, selects, tokens } = syntax;
  const [select, ...more] = selects;
  if (kind !== "rows" || limited || select === undefined || more.length > 0) return false;
  if (root.withEnd !== null || root.offsetAt !== null || select.qualify !== null) return false;
  if (tokens.some((token) => isWord(token, ...ACROSS_ROWS))) return false;
  return tokens.slice(select.from, select.itemsTo).every((token, i) => {
    const isCall = token.kind !== "operator" && isOperator(tokens[select.from + i + 1], "(");
    return isCall ? isWord(token, ...BEFORE_BRACKETS) || isRowFunction(token.value) : !isWord(token, ...TIMES);
  });
}

const ACROSS_ROWS = ["over", "sample", "tablesample", "positional"];
/** One statement has one time. */
const TIMES = ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"];
/** Words before a bracket that call nothing, or a cast. */
const BEFORE_BRACKETS =
  `all and any array as between case cast char decimal else extract from in is like not or row select
  then try_cast varchar when`.split(/\s+/);
