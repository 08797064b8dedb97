/** The query for the rows whose messages are looked at, made of the user's own. */
import { LOGS } from "../../config/tables/logs.ts";
import { CliError } from "../cli-error.ts";
import { compose, type Composed } from "../dialect/composed.ts";
import type { Statement } from "../dialect/statement.ts";

const COLUMNS = "ts_ns / 1000000 as ms, level, workload, log";
const PREFIXES = { none: "", star: "select * ", where: "select * where " } as const;

/**
 * The rows of a query (null: all in scope), in no order. Its columns: `ms` (since 1970), `level`, `workload`, `log`,
 * `pod` if asked for. Throws
 * CliError for a query that does not give rows of logs.
 */
export function rowsQuery(statement: Statement | null, command: string, hasPods: boolean): Composed {
  const head = `select ${COLUMNS}${hasPods ? ", pod" : ""} from `;
  if (statement === null) return compose("", [`${head}logs`]);
  const { text, kind, table, parsed } = statement;
  if (table !== null && table !== LOGS) {
    throw new CliError(
      `${command} looks at rows of logs, and this query reads ${table.name}`,
      `${table.name} has columns to group by: logq schema ${table.name}`,
    );
  }
  if (kind !== "rows") {
    throw new CliError(
      `${command} looks at rows of logs, and this query gives something else`,
      `write a condition or select *: logq ${command} "level >= warn"`,
    );
  }
  const { root, prefix, tokens } = parsed.syntax;
  // Without what closes it, semicolons and comments: something follows.
  const all = { start: 0, end: tokens.findLast((token) => token.end > token.start)?.end ?? text.length };
  const isCondition = prefix === "where" && root.orderBy === null && root.limitAt === null && root.offsetAt === null;
  if (isCondition) return compose(text, [`${head}logs where `, all]);
  return compose(text, [`${head}(${PREFIXES[prefix]}`, all, "\n) as logs"]);
}
