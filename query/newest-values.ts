/** Values that a column has now: what completion proposes. */
import { COLUMNS, PARTITION_COLUMNS } from "../config/table.ts";
import type { CliIo } from "./cli-io.ts";
import { readContext, requireStore } from "./context.ts";
import type { TimeRange } from "./dialect/statement.ts";
import type { Options } from "./options.ts";
import { prepare } from "./prepare.ts";
import { neutralise, onOneLine } from "./render/terminal-text.ts";
import { openEngine, runQuery } from "./run.ts";
import { EMPTY_SCOPE } from "./scope.ts";
import { openStore } from "./store/store.ts";

/** Columns whose values are worth proposing: each has few. */
export const COMPLETED_COLUMNS = [
  "namespace",
  "workload",
  "pod",
  "container",
  "node",
  "source",
  "stream",
  "level",
  "image",
  "cluster",
] as const satisfies readonly ((typeof COLUMNS)[number]["name"] | (typeof PARTITION_COLUMNS)[number])[];
export type CompletedColumn = (typeof COMPLETED_COLUMNS)[number];

const VALUES_MAX = 500;
const HOUR_NS = 3_600_000_000_000n;

/**
 * The values of a column in the newest hour of the store, sorted; what is not known within `timeoutMs` is none. Nothing
 * that goes wrong is said: a key was pressed, no question asked.
 */
export async function newestValues(
  column: CompletedColumn,
  options: Options,
  io: CliIo,
  timeoutMs: number,
): Promise<string[]> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([io.signal, timeout]);
  const late = new Promise<string[]>((resolve) => signal.addEventListener("abort", () => resolve([])));
  return await Promise.race([readValues(column, options, io, signal).catch(() => []), late]);
}

async function readValues(
  column: CompletedColumn,
  options: Options,
  io: CliIo,
  signal: AbortSignal,
): Promise<string[]> {
  const range = await newestHour(options, io, signal);
  if (range === null) return [];
  const asked: Options = { ...options, engine: "local", scope: EMPTY_SCOPE, limit: null, fields: null, params: {} };
  const at = { env: io.env, cwd: io.cwd, now: io.now(), signal, notice: () => {} };
  const text = `select distinct ${column} from logs where ${column} is not null order by 1 limit ${VALUES_MAX}`;
  const prepared = await prepare(asked, text, at, range);
  const engine = await openEngine(prepared, asked, io, () => {});
  await using running = await runQuery(prepared, engine, signal);
  const values: string[] = [];
  for await (const batch of running.result.batches) values.push(...batch.map(([value]) => String(value)));
  return signal.aborted ? [] : values.filter(isHarmless);
}

/** What a shell or a prompt proposes goes to the terminal, and into a command: names with control characters are nobody's. */
function isHarmless(value: string): boolean {
  return onOneLine(neutralise(value)) === value;
}

async function newestHour(options: Options, io: CliIo, signal: AbortSignal): Promise<TimeRange | null> {
  const context = await readContext(options, io.env, io.cwd);
  const { region, profile } = context;
  const store = await openStore(requireStore(context), { env: io.env, region, profile, notice: () => {} });
  // A bucket is listed by hours: the last three. In a directory any hour is cheap to find.
  const from = store.kind === "s3" ? io.now() - 3n * HOUR_NS : null;
  const partitions = await store.listPartitions({ from, to: null }, context.clusters, signal);
  for (const partition of partitions.toSorted((a, b) => b.hour - a.hour)) {
    const objects = await store.listObjects([partition], signal);
    if (objects.length === 0) continue;
    const start = BigInt(partition.hour) * HOUR_NS;
    return { from: start, to: start + HOUR_NS };
  }
  return null;
}
