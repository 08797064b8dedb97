/** From options and text to a statement that an engine can run: analyse, choose the window, plan the scan, lower. */
import { listObjects, listPartitions, type ScanObjects } from "./catalog/local.ts";
import { planScan, type Partition, type ScanPlan } from "./catalog/plan.ts";
import { CliError } from "./cli-error.ts";
import { resolveStore } from "./config-file.ts";
import { analyze } from "./dialect/analyze.ts";
import { lowerForDuckDb } from "./dialect/lower.ts";
import type { Statement, TimeRange } from "./dialect/statement.ts";
import type { LoweredQuery } from "./engine/engine.ts";
import { nearestName } from "./nearest.ts";
import { DEFAULT_LIMIT, type Options } from "./options.ts";
import { scopeCondition } from "./scope.ts";
import { windowOf, type QueryWindow } from "./time-range.ts";

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Nanoseconds since 1970. */
  readonly now: bigint;
}

export interface PreparedQuery {
  readonly statement: Statement;
  readonly query: LoweredQuery;
  /** Null if the statement does not read logs. */
  readonly scan: Scan | null;
  /** Rows to show at most; one more is fetched, to know whether there are more. Null for all. */
  readonly rowsMax: number | null;
  /** Columns of the result to show; null for all. Scope flags alone select their fields themselves. */
  readonly fields: readonly string[] | null;
}

export interface Scan extends ScanObjects, ScanPlan {
  /** Absolute path. */
  readonly store: string;
  readonly window: QueryWindow;
  /** Every partition of the store. */
  readonly all: readonly Partition[];
}

/**
 * Prepares the query; lists directories but opens no object. `range` replaces the window (for the diagnosis). Throws
 * QueryError for the text, CliError for everything else.
 */
export async function prepare(
  options: Options,
  text: string | null,
  at: Surroundings,
  range?: TimeRange,
): Promise<PreparedQuery> {
  if (options.engine === "athena") {
    throw new CliError("-e athena: this version cannot ask Athena", "leave -e out, or say -e local");
  }
  const engine = options.engine === "local" ? "duckdb" : undefined;
  const statement = analyze(text ?? scopeQuery(options.fields), { now: at.now, params: options.params, engine });
  const scan = statement.readsLogs ? await planFor(options, statement, at, range) : null;
  const rowsMax = rowsShown(options, statement);
  const query = lowerForDuckDb(statement, {
    files: scan?.files ?? [],
    range: scan?.window.range ?? { from: null, to: null },
    where: scopeCondition(options.scope),
    limit: rowsMax === null || statement.limited ? null : rowsMax + 1,
  });
  return { statement, query, scan, rowsMax, fields: text === null ? null : options.fields };
}

/** The query that stands for scope flags alone. */
function scopeQuery(fields: readonly string[] | null): string {
  return `select ${fields?.join(", ") ?? "*"} from logs`;
}

async function planFor(
  options: Options,
  statement: Statement,
  at: Surroundings,
  range: TimeRange | undefined,
): Promise<Scan> {
  const clock = { now: at.now, zone: options.zone };
  const window =
    range === undefined ? windowOf(options.time, statement.window, clock) : { range, source: "flags" as const };
  const store = await resolveStore(options.store, at.env, at.cwd);
  const all = await listPartitions(store);
  refuseUnknownClusters(options.clusters, all);
  const plan = planScan(all, window.range, options.clusters);
  const objects = await listObjects(store, plan);
  return { ...plan, ...objects, store, window, all };
}

/** A LIMIT in the text is the user's own; `--limit` beside it still holds, the default does not. */
function rowsShown(options: Options, statement: Statement): number | null {
  if (options.limit !== undefined) return options.limit;
  return statement.limited ? null : DEFAULT_LIMIT;
}

function refuseUnknownClusters(clusters: readonly string[] | null, all: readonly Partition[]): void {
  const known = [...new Set(all.map((partition) => partition.cluster))];
  const unknown = clusters?.find((cluster) => !known.includes(cluster));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  const names = known.slice(0, 20).join(", ");
  throw new CliError(
    `--cluster ${unknown}: not in this store`,
    `${near === null ? "" : `did you mean ${near}? `}The store has ${names}.`,
  );
}
