/** What a query reads: its window, its clusters, and the objects of them. */
import type { Partition } from "./catalog/plan.ts";
import { CliError } from "./cli-error.ts";
import { storedTable, type TableDefinition } from "../config/tables/definition.ts";
import { LOGS } from "../config/tables/logs.ts";
import { requireStore, requireStoreOf, type Context } from "./context.ts";
import type { Statement, TimeRange } from "./dialect/statement.ts";
import type { EngineName } from "./engine/engine.ts";
import { nearestName } from "./nearest.ts";
import { findNeed } from "./need.ts";
import { hasScope, type Options } from "./options.ts";
import type { Surroundings } from "./prepare.ts";
import { openStore, type Need, type Store, type StoredObject } from "./store/store.ts";
import { windowOf, type QueryWindow } from "./time-range.ts";

export interface Scan {
  readonly window: QueryWindow;
  readonly need: Need;
  /** Chosen by flags, context or text; null for all. Of `logs`, never null on Athena. */
  readonly clusters: readonly string[] | null;
  /** Null where Athena was named: it lists by itself, and nothing was listed here. */
  readonly store: Store | null;
  /** By cluster, then time. */
  readonly partitions: readonly Partition[];
  readonly objects: readonly StoredObject[];
}

const HOUR_NS = 3_600_000_000_000n;
const EVERYTHING: TimeRange = { from: null, to: null };

export interface Planned {
  readonly options: Options;
  readonly context: Context;
  readonly statement: Statement;
  readonly at: Pick<Surroundings, "env" | "now" | "signal" | "notice">;
}

/**
 * Plans what a statement reads for the only engine there is (null: both could). `given` replaces the window. Throws CliError
 * where the store cannot be listed or the cluster is not known, QueryError for an unclear window.
 */
export async function planScan(planned: Planned, only: EngineName | null, given: TimeRange | undefined): Promise<Scan> {
  const { options, context, statement, at } = planned;
  const clock = { now: at.now, zone: options.zone };
  const isLocal = only === "local" && context.store?.startsWith("s3://") !== true;
  const fallback = isLocal ? EVERYTHING : { from: at.now - HOUR_NS, to: null };
  const window =
    given === undefined
      ? windowOf(options.time, statement.window, clock, fallback)
      : { range: given, source: "flags" as const };
  const table = statement.table ?? LOGS;
  if (table !== LOGS) refuseFlagsOfLogs(table, options);
  const { clusters: said, partitions: chosen, ...found } = findNeed(statement, options.scope);
  const need = { ...found, range: window.range };
  const isLogs = storedTable(table) === LOGS;
  const clusters = isLogs ? both(context.clusters, said) : null;
  if (only === "athena" && !mustList(planned)) {
    const named = isLogs ? (clusters ?? (await onlyClusters(planned))) : null;
    return { window, need, clusters: named, store: null, partitions: [], objects: [] };
  }
  const store = await open(context, at, { table, chosen });
  const partitions = await store.listPartitions(window.range, clusters, at.signal);
  if (partitions.length === 0 && isLogs) await refuseUnknownClusters(context.clusters, store, at.signal);
  const objects = await store.listObjects(partitions, at.signal);
  const scanned = clusters ?? [...new Set(partitions.map(({ cluster }) => cluster))];
  return { window, need, clusters: only === "local" ? clusters : scanned, store, partitions, objects };
}

/** Whether something is to be said of the bytes before Athena has begun. */
function mustList({ options, context }: Planned): boolean {
  return context.store?.startsWith("s3://") === true && (options.estimate || typeof options.scanBytesMax === "number");
}

interface Read {
  readonly table: TableDefinition;
  readonly chosen: ReadonlyMap<string, readonly string[]>;
}

async function open(context: Context, at: Planned["at"], { table, chosen }: Read): Promise<Store> {
  const { region, profile } = context;
  const setup = { env: at.env, region, profile, notice: at.notice };
  const stored = storedTable(table);
  if (stored.aws === null) return await openStore(requireStore(context), setup);
  const { openAwsStore } = await import("./aws-logs/store.ts");
  return await openAwsStore({ location: requireStoreOf(stored, context), table: stored, chosen }, setup);
}

/**
 * Flags about pods, and what reads objects as they come, know `logs` alone. Of a view's rows they would mean who wrote them,
 * not whom they are about: none of the API server's events is in the namespace `shop`.
 */
function refuseFlagsOfLogs({ name, view }: TableDefinition, options: Options): void {
  const isAws = view === null;
  const scope = isAws ? options.scope : { ...options.scope, grep: [] };
  const flag =
    (hasScope(scope) && `a scope flag (-n, -p, ${isAws ? "-g, " : ""}--level …)`) ||
    (isAws && options.clusters != null && "--cluster") ||
    (isAws && options.follow && "-f") ||
    (isAws && options.around !== null && "-A, -B or -C");
  if (flag === false) return;
  throw new CliError(
    `${flag} does not go with ${name}: it is for logs`,
    `write the condition in the query: select * from ${name} where …`,
  );
}

function both(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) return a ?? b;
  return a.filter((cluster) => b.includes(cluster));
}

/** Athena scans clusters by their names: the store's only one needs not be said. */
async function onlyClusters({ context, options, at }: Planned): Promise<readonly string[]> {
  const known =
    context.store === null
      ? []
      : await (await open(context, at, { table: LOGS, chosen: new Map() })).listClusters(at.signal);
  const isAll = options.clusters === null;
  if (known.length === 1 || (isAll && known.length > 0)) return known;
  const names = known.slice(0, 20).join(", ");
  throw new CliError(
    "Athena needs to know which cluster to read",
    known.length === 0
      ? `say --cluster NAME (the agent's service.cluster), or set "cluster" in a context of the settings file`
      : `say --cluster ${known[0]!}; the store has ${names}; --cluster all reads all of them`,
  );
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
