/** Which partitions a query reads, as data: a pure function of directory names, decided before anything is opened. */
import { decodeSegment } from "../../config/table.ts";
import type { TimeRange } from "../dialect/statement.ts";

/** One `cluster=…/dt=…/hour=…` folder of a store. */
export interface Partition {
  readonly cluster: string;
  /** Whole hours since 1970 of the records in it. */
  readonly hour: number;
  /** Below the store's root, with slashes. */
  readonly path: string;
}

const HOUR_NS = 3_600_000_000_000n;

/** The partitions whose hour meets the range and whose cluster is asked for (null: all), by cluster, then time. */
export function prunePartitions(
  all: readonly Partition[],
  range: TimeRange,
  clusters: readonly string[] | null,
): Partition[] {
  return all
    .filter((partition) => clusters === null || clusters.includes(partition.cluster))
    .filter((partition) => meets(partition.hour, range))
    .toSorted((a, b) => (a.cluster === b.cluster ? a.hour - b.hour : a.cluster < b.cluster ? -1 : 1));
}

/** The partition that a path below the store names, or null if it is none (`cluster=prod/dt=2026-11-21/hour=05`). */
export function parsePartition(path: string): Partition | null {
  const match = /^cluster=([^/]+)\/dt=(\d{4}-\d\d-\d\d)\/hour=([01]\d|2[0-3])$/.exec(path);
  if (match === null) return null;
  const epochMs = Date.parse(`${match[2]}T${match[3]}:00:00Z`);
  return Number.isNaN(epochMs) ? null : { cluster: decodeSegment(match[1]!), hour: epochMs / 3_600_000, path };
}

/** Whether a file is a finished object: the agent writes under other names and renames. */
export function isObject(name: string): boolean {
  return name.endsWith(".parquet") && !/^[._]/.test(name);
}

function meets(hour: number, range: TimeRange): boolean {
  const startNs = BigInt(hour) * HOUR_NS;
  return (range.to === null || startNs < range.to) && (range.from === null || startNs + HOUR_NS > range.from);
}
