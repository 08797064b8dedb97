/** The query that counts what a histogram shows, made of the user's own. */
import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { CliError } from "../cli-error.ts";
import { compose, type Composed } from "../dialect/composed.ts";
import type { Statement } from "../dialect/statement.ts";

/** `--by` for no series at all. */
export const BY_NOTHING = "none";

/**
 * Counts the rows of a query (null: all in scope) by steps of `stepMs` and by the value of `by`, a column, a field such
 * as `log.status`, a label or an expression. Its columns: `bar` (nanoseconds since 1970), `by_value` (text), `n`. Throws
 * CliError for a query that does not give rows of a table.
 */
export function countsQuery(statement: Statement | null, by: string, stepMs: number): Composed {
  const step = BigInt(stepMs) * 1_000_000n;
  const series = by === BY_NOTHING ? "''" : `cast(${by} as varchar)`;
  const ns = nanoseconds(statement?.table ?? LOGS);
  const head = `select ${ns} - ${ns} % ${step} as bar, ${series} as by_value, count(*) as n from `;
  const tail = "\ngroup by 1, 2";
  if (statement === null) return compose("", [`${head}logs${tail}`]);
  const { text, kind, parsed } = statement;
  if (kind !== "rows") {
    throw new CliError(
      "hist counts rows of a table, and this query gives something else",
      `write a condition or select *: logq hist "level >= warn"; --by FIELD groups`,
    );
  }
  const { root, prefix, tokens } = parsed.syntax;
  // Without what closes it, semicolons and comments: something follows.
  const all = { start: 0, end: tokens.findLast((token) => token.end > token.start)?.end ?? text.length };
  const isCondition = prefix === "where" && root.orderBy === null && root.limitAt === null && root.offsetAt === null;
  if (isCondition) return compose(text, [`${head}logs where `, all, tail]);
  return compose(text, [`${head}(${PREFIXES[prefix]}`, all, `\n) as logs${tail}`]);
}

/** Tables beside logs know milliseconds. */
function nanoseconds({ names }: TableDefinition): string {
  return names.has("ts_ns") ? "ts_ns" : "cast(to_unixtime(ts) * 1000 as bigint) * 1000000";
}

const PREFIXES = { none: "", star: "select * ", where: "select * where " } as const;
