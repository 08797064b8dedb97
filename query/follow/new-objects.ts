/** Which objects of a store are new: what `-f` reads. Objects never change, so a name that was seen is done. */
import { isMerged } from "../compact/visible.ts";
import type { TimeRange } from "../dialect/statement.ts";
import type { Store, StoredObject } from "../store/store.ts";

export interface NewObjects {
  /** The objects that came since the last look, by cluster, time and name. */
  look(signal: AbortSignal): Promise<StoredObject[]>;
}

export interface NewObjectsOptions {
  readonly store: Pick<Store, "listPartitions" | "listObjects">;
  readonly clusters: readonly string[] | null;
  /** Where the window begins, in nanoseconds since 1970; null for no beginning. It has no end. */
  readonly from: bigint | null;
  /** What was there, and has been shown, when the following began. */
  readonly seen: readonly StoredObject[];
  /** Nanoseconds since 1970. */
  now(): bigint;
}

const HOUR_NS = 3_600_000_000_000n;
/** Objects of these hours come all the time. */
const RECENT_HOURS = 2n;
/** Objects of older hours come when an agent was down, or a file lay there: they are looked for once in a while. */
const HORIZON_HOURS = 24n;
const WIDE_EVERY_NS = 60_000_000_000n;

/**
 * Looks for new objects of the window: each time in the last two hours, once a minute in the last day. Memory is bounded
 * by the objects of a day: what was seen of older hours is forgotten, for they are not looked at again.
 */
export function followObjects(options: NewObjectsOptions): NewObjects {
  const { store, clusters, from, seen } = options;
  const known = new Map<string, Set<string>>();
  remember(known, seen);
  let wideAt = options.now();
  return {
    async look(signal) {
      const at = options.now();
      const isWide = at - wideAt >= WIDE_EVERY_NS;
      const horizon = at - HORIZON_HOURS * HOUR_NS;
      const range = since(from, isWide ? horizon : at - RECENT_HOURS * HOUR_NS);
      const partitions = await store.listPartitions(range, clusters, signal);
      // What `logq compact` has merged has been shown: it takes no object that came just now.
      const objects = (await store.listObjects(partitions, signal)).filter((object) => !isMerged(object));
      const fresh = objects.filter(({ key, partition }) => known.get(partition.path)?.has(key) !== true);
      remember(known, fresh);
      if (isWide) {
        wideAt = at;
        const listed = new Set(partitions.map(({ path }) => path));
        for (const path of known.keys()) if (!listed.has(path)) known.delete(path);
      }
      return fresh;
    },
  };
}

/**
 * How often objects come, in milliseconds: the median time between two objects of one agent, of those that were modified
 * last. Null if there are too few to tell.
 */
export function uploadIntervalMs(objects: readonly StoredObject[]): number | null {
  const newest = objects.toSorted((a, b) => b.modifiedMs - a.modifiedMs).slice(0, NEWEST_MAX);
  const byAgent = Map.groupBy(newest, ({ key }) =>
    key.slice(key.lastIndexOf("/") + 1).replace(/-\d+(?:-h\d\d)?\.\w+$/, ""),
  );
  const gaps = [...byAgent.values()].flatMap((own) =>
    own.slice(1).map((object, i) => own[i]!.modifiedMs - object.modifiedMs),
  );
  // Objects of one shipment, one an event hour, become visible together.
  const apart = gaps.filter((gap) => gap >= 1000).toSorted((a, b) => a - b);
  return apart.length < 2 ? null : apart[Math.floor(apart.length / 2)]!;
}

const NEWEST_MAX = 200;

function remember(known: Map<string, Set<string>>, objects: readonly StoredObject[]): void {
  for (const { key, partition } of objects) {
    const keys = known.get(partition.path) ?? new Set();
    known.set(partition.path, keys.add(key));
  }
}

function since(from: bigint | null, earliest: bigint): TimeRange {
  return { from: from === null || from < earliest ? earliest : from, to: null };
}
