/** The outcomes of compactions in a bucket: which objects count. */
import { createHash } from "node:crypto";
import { partitionOfHour, partitionPath } from "../../../config/table.ts";
import { parsePartition, prunePartitions, type Partition } from "../../catalog/plan.ts";
import { outcomeOf } from "../../compact/read-record.ts";
import { parseRecordKey, RECORDS, type Outcome } from "../../../config/compact-records.ts";
import type { TimeRange } from "../../dialect/statement.ts";
import type { ListPage } from "./list-page.ts";
import type { ListQuery } from "./requests.ts";
import type { SmallCache } from "./small-cache.ts";

export interface OutcomeReader {
  /**
   * By the path of their partition, of the partitions given: one listing a cluster, of the days from first to last, and a
   * GET for each outcome that was not read before, by this process or by another over the same cache.
   */
  of(partitions: readonly Partition[], signal: AbortSignal): Promise<Map<string, Outcome[]>>;
  /** What was merged of a cluster in a range, by the same requests. */
  compacted(cluster: string, range: TimeRange, signal: AbortSignal): Promise<Compacted[]>;
}

/** A partition of which something was merged. */
interface Compacted {
  readonly partition: Partition;
  readonly outcomes: readonly Outcome[];
  /** No input has rows any more. */
  readonly isClean: boolean;
}

export interface OutcomeRequests {
  readonly list: (query: ListQuery, signal: AbortSignal) => Promise<ListPage>;
  /** Null if it is not there. */
  readonly get: (key: string, signal: AbortSignal) => Promise<Uint8Array | null>;
  /** Opens the cache; asked once something was listed. */
  readonly openCache: () => SmallCache;
}

type Listed = NonNullable<ReturnType<typeof parseRecordKey>> & { readonly key: string; readonly etag: string };

const HOUR_NS = 3_600_000_000_000n;

/** An outcome never changes. */
export function createOutcomeReader(requests: OutcomeRequests): OutcomeReader {
  const known = new Map<string, Outcome>();
  return {
    async of(partitions, signal) {
      const wanted = new Set(partitions.map(({ path }) => path));
      const clusters = Map.groupBy(partitions, ({ path }) => path.split("/")[0]!);
      const listed = [...clusters].map(async ([cluster, own]) => {
        const days = own.map(({ path }) => path.split("/")[1]!).toSorted();
        return await listRecords(requests, `${RECORDS}/${cluster}`, days[0]!, days.at(-1)!, signal);
      });
      const found = (await Promise.all(listed)).flat().filter(isOutcome);
      const ours = found.filter(({ partition }) => wanted.has(partition));
      return Map.groupBy(await read(ours, signal), ({ partition }) => partition);
    },
    async compacted(cluster, range, signal) {
      const { first, last } = daysOf(range);
      const folder = `${RECORDS}/${partitionPath(cluster, 0).split("/")[0]!}`;
      const records = await listRecords(requests, folder, first, last, signal);
      const byPath = Map.groupBy(records, ({ partition }) => partition);
      const partitions = [...byPath.keys()].map(parsePartition).filter((found) => found !== null);
      const inRange = prunePartitions(partitions, range, null);
      const outcomes = await read(
        inRange.flatMap(({ path }) => byPath.get(path)!.filter(isOutcome)),
        signal,
      );
      const finished = Map.groupBy(
        outcomes.filter(({ state }) => state === "finished"),
        ({ partition }) => partition,
      );
      return inRange.flatMap((partition) => {
        const own = finished.get(partition.path);
        if (own === undefined) return [];
        const cleaned = new Set(
          byPath.get(partition.path)!.flatMap(({ step, generation }) => (step === "cleaned" ? [generation] : [])),
        );
        return [{ partition, outcomes: own, isClean: own.every(({ generation }) => cleaned.has(generation)) }];
      });
    },
  };

  async function read(listed: readonly Listed[], signal: AbortSignal): Promise<Outcome[]> {
    const unknown = listed.filter(({ key }) => !known.has(key));
    await readInto(known, unknown, requests, signal);
    return listed.map(({ key }) => known.get(key)).filter((outcome) => outcome !== undefined);
  }
}

function isOutcome({ step }: Listed): boolean {
  return step === "outcome";
}

/** Names of folders. */
function daysOf({ from, to }: TimeRange): { readonly first: string; readonly last: string } {
  return { first: from === null ? "dt=" : dayOf(from), last: to === null ? "dt=~" : dayOf(to - 1n) };
}

function dayOf(ns: bigint): string {
  return `dt=${partitionOfHour(Number(ns / HOUR_NS)).dt}`;
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
        known.set(key, outcomeOf(Buffer.from(bytes).toString(), key));
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

/** Records of the days, in the order of their keys. */
async function listRecords(
  { list }: OutcomeRequests,
  folder: string,
  first: string,
  last: string,
  signal: AbortSignal,
): Promise<Listed[]> {
  const records: Listed[] = [];
  const query = { prefix: `${folder}/`, after: `${folder}/${first}` };
  for (let token: string | undefined; ;) {
    const { objects, next } = await list({ ...query, token }, signal);
    for (const { key, etag } of objects) {
      const record = parseRecordKey(key);
      if (record !== null) records.push({ ...record, key, etag });
    }
    // "0" is what follows "/".
    if (next === null || objects.at(-1)!.key > `${folder}/${last}0`) return records;
    token = next;
  }
}
