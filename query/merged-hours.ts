/** What a statement for Athena has to know of `logq compact`: Athena lists objects by itself, and sees inputs and outputs. */
import { CliError, EXIT } from "./cli-error.ts";
import { isMerged, visibilityOf, baseName } from "./compact/visible.ts";
import type { Context } from "./context.ts";
import { mergedCondition, type MergedHour } from "./dialect/trino-merged.ts";
import type { TimeRange } from "./dialect/statement.ts";
import type { S3Store } from "./store/s3/store.ts";
import type { StoreSetup } from "./store/store.ts";

/** Longer conditions leave no room for the statement: Athena takes 256 KB. */
const TEXT_LENGTH_MAX = 128 * 1024;

/**
 * The condition on the objects of each cluster, by its name; none where no store in S3 is known. One LIST a cluster, a GET for
 * each outcome that is not cached, and LISTs of the hours whose inputs are not taken away yet. Throws CliError where the
 * condition gets too long; a store that cannot be read is said, for Athena may be able to.
 */
export async function mergedConditions(
  { store: location, region, profile }: Pick<Context, "store" | "region" | "profile">,
  clusters: readonly string[],
  range: TimeRange,
  { env, notice, signal }: Pick<StoreSetup, "env" | "notice"> & { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  if (location?.startsWith("s3://") !== true) return new Map();
  const store = (await import("./store/s3/store.ts")).openS3Store(location, { env, region, profile, notice });
  try {
    const conditions = await Promise.all(
      clusters.map(async (cluster) => {
        return [cluster, mergedCondition(await mergedHours(store, cluster, range, signal))] as const;
      }),
    );
    const length = conditions.reduce((sum, [, { length: own }]) => sum + own, 0);
    if (length > TEXT_LENGTH_MAX) throw tooLong(length);
    return new Map(conditions);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CliError) || error.exitCode !== EXIT.backend) throw error;
    notice(
      `cannot look for merged objects, whose rows may count twice for a while after logq compact: ${error.message}`,
    );
    return new Map();
  }
}

async function mergedHours(
  store: S3Store,
  cluster: string,
  range: TimeRange,
  signal: AbortSignal,
): Promise<MergedHour[]> {
  const compacted = await store.compacted(cluster, range, signal);
  const unclean = compacted.flatMap(({ partition, isClean }) => (isClean ? [] : [partition]));
  // What counts of them is taken from one look: more may have been merged since the records were listed.
  const objects = Map.groupBy(await store.listObjects(unclean, signal), ({ partition }) => partition.path);
  return compacted.map(({ partition, outcomes, isClean }) => {
    const { hour, path } = partition;
    if (isClean) return { hour, merged: [...visibilityOf(outcomes).merged], agents: null };
    const own = objects.get(path) ?? [];
    const merged = own.filter(isMerged).map(baseName);
    return { hour, merged, agents: own.filter((object) => !isMerged(object)).map(baseName) };
  });
}

function tooLong(length: number): CliError {
  return new CliError(
    `to tell merged objects from their inputs takes ${length.toLocaleString("en-US")} characters, more than a statement for Athena has room for`,
    "ask for a shorter window, or after the next run of logq compact, which takes inputs away; or DuckDB: -e local",
    EXIT.guard,
  );
}
