/** From options and text to a statement that an engine can run: analyse, choose the window, list the objects. */
import { CliError } from "./cli-error.ts";
import { readContext, requireStore, type Context } from "./context.ts";
import type { Partition } from "./catalog/plan.ts";
import { analyze } from "./dialect/analyze.ts";
import { lowerForDuckDb } from "./dialect/lower.ts";
import type { Statement, TimeRange } from "./dialect/statement.ts";
import type { LoweredQuery } from "./engine/engine.ts";
import { nearestName } from "./nearest.ts";
import { DEFAULT_LIMIT, type Options } from "./options.ts";
import { scopeCondition } from "./scope.ts";
import { openStore, type Need, type Store, type StoredObject } from "./store/store.ts";
import { windowOf, type QueryWindow } from "./time-range.ts";

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
  /** Null if the statement does not read logs. */
  readonly scan: Scan | null;
  /** Rows to show at most; one more is fetched, to know whether there are more. Null for all. */
  readonly rowsMax: number | null;
  /** Columns of the result to show; null for all. Scope flags alone select their fields themselves. */
  readonly fields: readonly string[] | null;
  /** The statement for the engine; `files` stand for the objects of the scan. */
  readonly lower: (files: readonly string[], rows?: "all, oldest first") => LoweredQuery;
}

export interface Scan {
  readonly store: Store;
  readonly window: QueryWindow;
  /** What is read: by cluster, then time. */
  readonly partitions: readonly Partition[];
  readonly objects: readonly StoredObject[];
  readonly need: Need;
}

/**
 * Prepares the query; lists the store but opens no object. `range` replaces the window (for the diagnosis). Throws
 * QueryError for the text, CliError for everything else.
 */
export async function prepare(
  options: Options,
  text: string | null,
  at: Surroundings,
  range?: TimeRange,
): Promise<PreparedQuery> {
  const context = await readContext(options, at.env, at.cwd);
  if (context.engine === "athena") {
    throw new CliError("-e athena: this version cannot ask Athena", "leave -e out, or say -e local");
  }
  const engine = context.engine === "local" ? "duckdb" : undefined;
  const statement = analyze(text ?? scopeQuery(options.fields), { now: at.now, params: options.params, engine });
  const scan = statement.readsLogs ? await planScan(options, context, statement, at, range) : null;
  const rowsMax = rowsShown(options, statement);
  return {
    statement,
    context,
    scan,
    rowsMax,
    fields: text === null ? null : options.fields,
    lower: (files, rows) =>
      lowerForDuckDb(statement, {
        files,
        range: scan?.window.range ?? { from: null, to: null },
        where: scopeCondition(options.scope),
        limit: rowsMax === null || statement.limited || rows !== undefined ? null : rowsMax + 1,
        oldestFirst: rows !== undefined,
      }),
  };
}

/** The query that stands for scope flags alone. */
function scopeQuery(fields: readonly string[] | null): string {
  return `select ${fields?.join(", ") ?? "*"} from logs`;
}

async function planScan(
  options: Options,
  context: Context,
  statement: Statement,
  at: Surroundings,
  given: TimeRange | undefined,
): Promise<Scan> {
  const clock = { now: at.now, zone: options.zone };
  const window =
    given === undefined ? windowOf(options.time, statement.window, clock) : { range: given, source: "flags" as const };
  const store = await openStore(requireStore(context), {
    env: at.env,
    region: context.region,
    profile: context.profile,
    notice: at.notice,
  });
  const partitions = await store.listPartitions(window.range, context.clusters, at.signal);
  if (partitions.length === 0) await refuseUnknownClusters(context.clusters, store, at.signal);
  const objects = await store.listObjects(partitions, at.signal);
  const need: Need = { columns: null, range: window.range, bounds: [] };
  return { store, window, partitions, objects, need };
}

/** A LIMIT in the text is the user's own; `--limit` beside it still holds, the default does not. */
function rowsShown(options: Options, statement: Statement): number | null {
  if (options.limit !== undefined) return options.limit;
  return statement.limited ? null : DEFAULT_LIMIT;
}

async function refuseUnknownClusters(
  clusters: readonly string[] | null,
  store: Store,
  signal: AbortSignal,
): Promise<void> {
  if (clusters === null) return;
  const known = await store.listClusters(signal);
  const unknown = clusters.find((cluster) => !known.includes(cluster));
  if (unknown === undefined) return;
  const near = nearestName(unknown, known);
  const names = known.slice(0, 20).join(", ");
  throw new CliError(
    `--cluster ${unknown}: not in this store`,
    `${near === null ? "" : `did you mean ${near}? `}The store has ${names}.`,
  );
}
