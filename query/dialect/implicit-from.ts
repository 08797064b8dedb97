import { QueryError } from "../engine/engine.ts";
import { COLUMN_NAMES, TABLE_NAME, enclosing, findColumn, itemName, same } from "./scope.ts";
import { closingBracket, endsOperand, isName, isOperator, isWord } from "./syntax.ts";
import type { Select, Syntax } from "./syntax.ts";

/**
 * The FROM rule: which SELECTs without FROM read `logs`. One that stands alone does if it has `*`, an aggregate, WHERE,
 * GROUP BY, HAVING or ORDER BY, or names a column of the table. One inside another SELECT with a FROM reads nothing if
 * all its names are found there; where that cannot be told, QueryError asks to say FROM logs.
 */
export function findImplicitFroms(syntax: Syntax): Set<Select> {
  const implicit = new Set<Select>();
  for (const select of syntax.selects) {
    if (select.tables === null && readsLogs(select, syntax, implicit)) implicit.add(select);
  }
  return implicit;
}

function readsLogs(select: Select, syntax: Syntax, implicit: Set<Select>): boolean {
  const names = references(select, syntax);
  const hasStar = select.items.some(({ kind }) => kind === "star");
  const asksForRows =
    hasStar || hasRowClause(select) || hasAggregate(select, syntax) || hasWindowFunction(select, syntax);
  let outer = enclosing(select);
  while (outer !== null && outer.tables === null && !implicit.has(outer)) outer = enclosing(outer);
  if (outer === null) return asksForRows || names.some(namesTable);
  const qualified = names.length > 0 && names.every((name) => name.length > 1 && isVisible(name[0]!, outer, implicit));
  if (qualified && !hasStar) return false;
  const resolved = names.every((name) => !namesTable(name) || findColumn(name[0]!, null, outer, implicit) !== null);
  if (resolved && !asksForRows) return false;
  const at = syntax.tokens[select.from]!;
  throw new QueryError("this SELECT could read logs, or the row of the query around it", at, "say FROM logs");
}

/** Whether a name is one of the table's columns, or starts with one (`log.status`) or with the table (`logs.pod`). */
function namesTable(name: readonly string[]): boolean {
  const first = name[0]!.toLowerCase();
  return (
    first === TABLE_NAME || (COLUMN_NAMES.has(first) && (name.length === 1 || first === "log" || first === "labels"))
  );
}

function isVisible(qualifier: string, from: Select, implicit: Set<Select>): boolean {
  for (let at: Select | null = from; at !== null; at = enclosing(at)) {
    if (at.tables?.some((item) => same(itemName(item) ?? "", qualifier))) return true;
    if (implicit.has(at) && same(qualifier, TABLE_NAME)) return true;
  }
  return false;
}

function hasRowClause(select: Select): boolean {
  const hasOrder = select.query.orderBy !== null && select.query.terms[0] === select && select.query.terms.length === 1;
  return select.where !== null || select.groupBy !== null || select.having !== null || hasOrder;
}

/** Whether a SELECT calls an aggregate itself (not as a window function, not in a query inside of it). */
export function hasAggregate(select: Select, { tokens, owners }: Syntax): boolean {
  return tokens.some((token, at) => {
    const isCall = token.kind === "word" && AGGREGATES.has(token.value) && isOperator(tokens[at + 1], "(");
    if (!isCall || owners[at] !== select || isOperator(tokens[at - 1], ".")) return false;
    let end = closingBracket(tokens, at + 1) + 1;
    if (isWord(tokens[end], "filter") && isOperator(tokens[end + 1], "(")) end = closingBracket(tokens, end + 1) + 1;
    return !isWord(tokens[end], "over");
  });
}

function hasWindowFunction(select: Select, { tokens, owners }: Syntax): boolean {
  return tokens.some((token, at) => owners[at] === select && isWord(token, "over") && isOperator(tokens[at - 1], ")"));
}

/** Trino's aggregates that DuckDB has too, under this or another name, and DuckDB's common ones. */
const AGGREGATES = new Set(
  `any_value approx_count_distinct approx_distinct approx_percentile approx_quantile approx_top_k arbitrary arg_max
   arg_min array_agg avg bitwise_and_agg bitwise_or_agg bit_and bit_or bool_and bool_or corr count count_if covar_pop
   covar_samp every first geometric_mean group_concat histogram kurtosis last list listagg map_agg max max_by mean
   median min min_by mode product quantile quantile_cont quantile_disc regr_intercept regr_slope skewness stddev
   stddev_pop stddev_samp string_agg sum var_pop var_samp variance`.split(/\s+/),
);

/** The names that a SELECT refers to in its own clauses, as their parts. */
function references(select: Select, { tokens, owners }: Syntax): string[][] {
  const found: string[][] = [];
  tokens.forEach((token, at) => {
    const before = tokens[at - 1];
    if (owners[at] !== select || !isName(token) || isOperator(before, ".") || isWord(before, "as")) return;
    if (endsOperand(before) || isOperator(tokens[at + 1], "(")) return;
    if (isOperator(before, "(") && isWord(tokens[at - 2], "extract")) return;
    const parts = [token.value];
    for (let next = at + 1; isOperator(tokens[next], ".") && isName(tokens[next + 1]); next += 2) {
      parts.push(tokens[next + 1]!.value);
    }
    if (token.kind === "quoted" || !KEYWORDS.has(token.value)) found.push(parts);
  });
  return found;
}

/** Words that stand where a name could, and are none. */
const KEYWORDS = new Set(
  `select distinct all where and or not on by having qualify when then else case end in like ilike similar between is
   as from to any some exists over using escape limit offset fetch interval collate partition order group nulls with
   asc desc null true false current_date current_timestamp current_time localtime localtimestamp timestamp date time
   filter rows range groups unbounded window`.split(/\s+/),
);
