/** The outcomes of compactions in a bucket: which objects count. */
import { createHash } from "node:crypto";
import type { Partition } from "../../catalog/plan.ts";
import { outcomeOf } from "../../compact/outcome.ts";
import { parseRecordKey, RECORDS, type Outcome } from "../../compact/record.ts";
import type { ListPage } from "./list-page.ts";
import type { ListQuery } from "./requests.ts";
import type { SmallCache } from "./small-cache.ts";

export interface OutcomeReader {
  /**
   * By the path of their partition, of the partitions given: one listing a cluster, of the days from first to last, and a
   * GET for each outcome that was not read before, by this process or by another over the same cache.
   */
  of(partitions: readonly Partition[], signal: AbortSignal): Promise<Map<string, Outcome[]>>;
}

export interface OutcomeRequests {
  readonly list: (query: ListQuery, signal: AbortSignal) => Promise<ListPage>;
  /** Null if it is not there. */
  readonly get: (key: string, signal: AbortSignal) => Promise<Uint8Array | null>;
  /** Opens the cache; asked once something was listed. */
  readonly openCache: () => SmallCache;
}

interface Listed {
  readonly key: string;
  readonly etag: string;
}

/** An outcome never changes. */
export function createOutcomeReader(requests: OutcomeRequests): OutcomeReader {
  const known = new Map<string, Outcome>();
  return {
    async of(partitions, signal) {
      const wanted = new Set(partitions.map(({ path }) => path));
      const clusters = Map.groupBy(partitions, ({ path }) => path.split("/")[0]!);
      const listed = [...clusters].map(async ([cluster, own]) => {
        const days = own.map(({ path }) => path.split("/")[1]!).toSorted();
        return await listOutcomes(requests, `${RECORDS}/${cluster}`, [days[0]!, days.at(-1)!], signal);
      });
      const found = (await Promise.all(listed)).flat();
      const ours = found.filter(({ key }) => wanted.has(parseRecordKey(key)!.partition));
      await readInto(
        known,
        ours.filter(({ key }) => !known.has(key)),
        requests,
        signal,
      );
      const outcomes = ours.map(({ key }) => known.get(key)).filter((outcome) => outcome !== undefined);
      return Map.groupBy(outcomes, ({ partition }) => partition);
    },
  };
}

async function readInto(
  known: Map<string, Outcome>,
  listed: readonly Listed[],
  { get, openCache }: OutcomeRequests,
  signal: AbortSignal,
): Promise<void> {
  if (listed.length === 0) return;
  const cache = openCache();
  try {
    for (const folder of new Set(listed.map(({ key }) => folderOf(key)))) cache.load(folder);
    await Promise.all(
      listed.map(async ({ key, etag }) => {
        // The prefix may be another store tomorrow: its outcomes have other ETags.
        const id = createHash("sha256").update(`${key}\n${etag}`).digest("hex").slice(0, 32);
        const cached = cache.has(id) ? cache.read(id) : null;
        const bytes = cached ?? (await get(key, signal));
        if (bytes === null) return;
        known.set(key, outcomeOf(bytes, key));
        if (cached === null) cache.add(folderOf(key), id, bytes);
      }),
    );
  } finally {
    cache.close();
  }
}

/** A cluster's. */
function folderOf(key: string): string {
  return key.split("/").slice(0, 2).join("/");
}

async function listOutcomes(
  { list }: OutcomeRequests,
  folder: string,
  [first, last]: readonly [string, string],
  signal: AbortSignal,
): Promise<Listed[]> {
  const outcomes: Listed[] = [];
  const query = { prefix: `${folder}/`, after: `${folder}/${first}` };
  for (let token: string | undefined; ;) {
    const { objects, next } = await list({ ...query, token }, signal);
    outcomes.push(...objects.filter(({ key }) => parseRecordKey(key)?.step === "outcome"));
    // "0" is what follows "/".
    if (next === null || objects.at(-1)!.key > `${folder}/${last}0`) return outcomes;
    token = next;
  }
}
