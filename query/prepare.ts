/** From options and text to a statement that an engine can run: analyse, choose window and engine, list the objects. */
import { chooseEngine, onlyEngine, type EngineChoice } from "./choose-engine.ts";
import { storedTable } from "../config/tables/definition.ts";
import { LOGS } from "../config/tables/logs.ts";
import { contextOf, readContext, type Context } from "./context.ts";
import { analyze } from "./dialect/analyze.ts";
import { lowerForDuckDb, lowerForTrino } from "./dialect/lower.ts";
import { isRowByRow } from "./dialect/row-by-row.ts";
import type { Statement, TimeRange } from "./dialect/statement.ts";
import { floorTo } from "./dialect/time-value.ts";
import type { EngineName, LoweredQuery } from "./engine/engine.ts";
import { estimate } from "./estimate.ts";
import { mergedConditions } from "./merged-hours.ts";
import { DEFAULT_LIMIT, type Options } from "./options.ts";
import { planScan, type Scan } from "./plan-scan.ts";
import { scopeCondition } from "./scope.ts";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Nanoseconds since 1970. */
  readonly now: bigint;
  /** Aborted to stop listing. */
  readonly signal: AbortSignal;
  readonly notice: (message: string) => void;
}

export interface PreparedQuery {
  readonly statement: Statement;
  readonly context: Context;
  readonly choice: EngineChoice;
  /** Null if the statement reads no table. */
  readonly scan: Scan | null;
  /** Rows to show at most; one more is fetched, to know whether there are more. Null for all. */
  readonly rowsMax: number | null;
  /** Columns of the result to show; null for all. Scope flags alone select their fields themselves. */
  readonly fields: readonly string[] | null;
  /** The statement for the engine; `files` stand for the objects of the scan (DuckDB alone reads files). */
  readonly lower: (files: readonly string[], rows?: "all, oldest first") => LoweredQuery;
}

const MINUTE_NS = 60_000_000_000n;
const EVERYTHING: TimeRange = { from: null, to: null };
const NOTHING: TimeRange = { from: 0n, to: 0n };

/**
 * Prepares the query; lists the store but opens no object, unless two engines have to be compared. `range` replaces the
 * window (for the diagnosis). Throws QueryError for the text, CliError for everything else.
 */
export async function prepare(
  options: Options,
  text: string | null,
  at: Surroundings,
  range?: TimeRange,
): Promise<PreparedQuery> {
  const settings = await readContext(options, at.env, at.cwd);
  // The same text is one to Athena only if its times are the same.
  const now = options.reuseMinutes === null ? at.now : floorTo(at.now, MINUTE_NS);
  const engine = ({ auto: undefined, local: "duckdb", athena: "trino" } as const)[settings.engine];
  const statement = analyze(text ?? scopeQuery(options.fields), { now, params: options.params, engine });
  const context = contextOf(storedTable(statement.table ?? LOGS), settings, options);
  const only = options.follow && context.engine === "auto" ? "local" : onlyEngine(context);
  const planned = { options, context, statement, at: { ...at, now } };
  const scan = statement.table !== null ? await planScan(planned, only, range) : null;
  const choice = await choose(only, scan, context, at.signal);
  // `logq compact` merges no other table's objects.
  const isOfLogs = storedTable(statement.table ?? LOGS) === LOGS;
  const mayMerge = choice.engine === "athena" && isOfLogs && scan !== null;
  const objects = mayMerge ? await mergedConditions(context, scan.clusters ?? [], scan.window.range, at) : new Map();
  const rowsMax = rowsShown(options, statement);
  return {
    statement,
    context,
    choice,
    scan,
    rowsMax,
    fields: text === null ? null : options.fields,
    lower: (files, rows) =>
      lowerFor(choice.engine, {
        options,
        context,
        statement,
        scan,
        objects,
        files,
        ...rowsOf(statement, rowsMax, rows),
      }),
  };
}

/** The newest rows and one more, or all of them. */
function rowsOf({ limited }: Statement, rowsMax: number | null, rows: "all, oldest first" | undefined) {
  const limit = rowsMax === null || limited || rows !== undefined ? null : rowsMax + 1;
  return { limit, oldestFirst: rows !== undefined };
}

/** The query that stands for scope flags alone. */
function scopeQuery(fields: readonly string[] | null): string {
  return `select ${fields?.join(", ") ?? "*"} from logs`;
}

async function choose(
  only: EngineName | null,
  scan: Scan | null,
  context: Context,
  signal: AbortSignal,
): Promise<EngineChoice> {
  if (only !== null) return { engine: only, why: null };
  if (scan === null || scan.store === null || scan.objects.length === 0) return { engine: "local", why: null };
  return chooseEngine(await estimate(scan.store, scan.objects, scan.need, signal), context);
}

interface Lowering {
  readonly options: Options;
  readonly context: Context;
  readonly statement: Statement;
  readonly scan: Scan | null;
  readonly objects: ReadonlyMap<string, string>;
  readonly limit: number | null;
  readonly oldestFirst: boolean;
  readonly files: readonly string[];
}

function lowerFor(engine: EngineName, lowering: Lowering): LoweredQuery {
  const { options, context, statement, scan, objects, files, ...rows } = lowering;
  const range = scan?.window.range ?? EVERYTHING;
  if (engine === "local") {
    const isFetched = scan?.store?.kind === "s3" || scan?.store?.readsWhole === true;
    const columns = isFetched ? scan.need.columns : null;
    const condition = scopeCondition(options.scope, "duckdb");
    const lowered = lowerForDuckDb(statement, { files, range, where: condition, columns, ...rows });
    const isStream = statement.kind === "rows" && rows.limit === null && !statement.ordered && !rows.oldestFirst;
    const pieces = isStream ? ("any" as const) : lowered.reversed ? ("newest first" as const) : null;
    return { ...lowered, isStream, pieces: isRowByRow(statement) ? pieces : null };
  }
  const { catalog, database, table } = context;
  const where = scopeCondition(options.scope, "trino");
  const clusters = scan?.clusters ?? [];
  // Flags and text may exclude each other; a scan names a cluster all the same.
  const isOfClusters = storedTable(statement.table ?? LOGS) === LOGS;
  const chosen = isOfClusters && clusters.length === 0 ? { clusters: [""], range: NOTHING } : { clusters, range };
  const lowered = lowerForTrino(statement, { table: { catalog, database, table }, ...chosen, where, objects, ...rows });
  return { ...lowered, files: [], prelude: [] };
}

/** A LIMIT in the text is the user's own; `--limit` beside it still holds, the default does not. */
function rowsShown(options: Options, statement: Statement): number | null {
  if (options.limit !== undefined) return options.limit;
  return statement.limited ? null : DEFAULT_LIMIT;
}
