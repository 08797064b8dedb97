import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { SourceChain } from "./source-chains.ts";
import { expectedRecords, type ExpectedRecord } from "./source-counter.ts";
import { readWithDuckdb } from "./readers/duckdb.ts";
import { readWithHyparquet } from "./readers/hyparquet.ts";
import { readWithParquetWasm } from "./readers/parquet-wasm.ts";
import type { ReadRows, StoredRow } from "./readers/reader.ts";

export const READERS: Readonly<Record<string, ReadRows>> = {
  duckdb: readWithDuckdb,
  hyparquet: readWithHyparquet,
  "parquet-wasm": readWithParquetWasm,
};

/** What one reader found in a store, against what the source files say. All zero but the first two: exactly once. */
export interface Comparison {
  readonly expected: number;
  readonly rows: number;
  /** Records without a row. */
  readonly lost: number;
  /** Rows whose record has another row already. */
  readonly duplicated: number;
  /** Rows that are no record: another ts_ns, pos, log, stream or cut. Their records count as lost. */
  readonly different: number;
  /** Rows whose `ts`, partition or `file` does not fit the rest of the row. */
  readonly inconsistent: number;
  /** Values of `file` whose rows are not those of one physical file, or physical files that have none: a file that is lost counts too. */
  readonly mixedFiles: number;
  /** The first few of each, for people. */
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 5;
const PLAIN = "plain";

/** What a comparison finds where each record is there once, as it was written. */
export const EXACTLY_ONCE = { lost: 0, duplicated: 0, different: 0, inconsistent: 0, mixedFiles: 0, examples: [] };

/** What the chains' files say that a store must hold: to be compared with what each reader finds. */
export interface Expected {
  readonly chains: readonly SourceChain[];
  readonly total: number;
  /** By pod_id and container: how often each record's hash occurs. */
  readonly counts: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** One per physical file with records: the sum of its records' hashes. */
  readonly fileSums: readonly number[];
}

/** Counts the records of the chains. Holds a hash (53 bits) and a count per record, so that some million are fine. */
export function expectFrom(chains: readonly SourceChain[]): Expected {
  const counts = new Map<string, Map<number, number>>();
  const fileSums: number[] = [];
  let total = 0;
  for (const chain of chains) {
    const sums = new Map<number, number>();
    const ofChain = counts.get(keyOf(chain)) ?? new Map<number, number>();
    counts.set(keyOf(chain), ofChain);
    for (const record of expectedRecords(chain)) {
      const hash = hashRecord(record);
      ofChain.set(hash, (ofChain.get(hash) ?? 0) + 1);
      addHash(sums, record.file, hash);
      total++;
    }
    fileSums.push(...sums.values());
  }
  return { chains, total, counts, fileSums };
}

/**
 * Compares every object below `store` with the expected records as multisets of (pod_id, container, ts_ns, pos, log,
 * stream, cut). Throws what the reader throws.
 */
export async function compareWithStore(expected: Expected, store: string, read: ReadRows): Promise<Comparison> {
  const missing = new Map([...expected.counts].map(([key, counts]) => [key, new Map(counts)]));
  const fileSums = new Map<string, number>();
  const examples: string[] = [];
  const found = { rows: 0, duplicated: 0, different: 0, inconsistent: 0 };
  const note = (what: "duplicated" | "different" | "inconsistent", row: StoredRow, path: string): void => {
    if (found[what]++ < EXAMPLES_MAX) examples.push(`${what}: ${describe(row)} in ${path}`);
  };

  for (const path of listObjects(store)) {
    const hour = hourOfPath(path);
    await read(path, (row) => {
      found.rows++;
      const key = row.podId === null ? PLAIN : `${row.podId}/${row.container}`;
      const hash = hashRecord(row);
      const left = missing.get(key)?.get(hash);
      if (left === undefined) note("different", row, path);
      else if (left === 0) note("duplicated", row, path);
      else missing.get(key)!.set(hash, left - 1);
      addHash(fileSums, row.file, hash);
      if (!isConsistent(row, hour)) note("inconsistent", row, path);
    });
  }

  const lost = sum([...missing.values()].flatMap((counts) => [...counts.values()]));
  if (lost > 0) examples.push(...describeLost(expected.chains, missing));
  const mixedFiles = countMixed(expected.fileSums, [...fileSums.values()]);
  return { expected: expected.total, lost, mixedFiles, examples, ...found };
}

function keyOf(chain: SourceChain): string {
  return chain.podId === null ? PLAIN : `${chain.podId}/${chain.container}`;
}

/** 53 bits of (ts_ns, pos, stream, cut, log). Without a stream the time is the read time, which nobody can expect. */
function hashRecord(
  record: Pick<ExpectedRecord, "tsNs" | "pos" | "log"> & { stream: string | null; cut: string | null },
): number {
  const { tsNs, pos, stream, cut, log } = record;
  const head = `${stream === null ? "" : tsNs}|${pos}|${stream}|${cut}|`;
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (const text of [head, log]) {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      high = Math.imul(high ^ unit, 0x5f356495);
    }
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

/** Sums below 2^52, so that every addition is exact and the order does not matter. */
function addHash<K>(sums: Map<K, number>, key: K, hash: number): void {
  sums.set(key, ((sums.get(key) ?? 0) + (hash % 2 ** 52)) % 2 ** 52);
}

function isConsistent(row: StoredRow, hour: number | null): boolean {
  const owner = row.podId === null || row.file.split("/").slice(1, 3).join("/") === `${row.podId}/${row.container}`;
  const milliseconds = BigInt(row.tsMs) === floorDivide(row.tsNs, 1_000_000n);
  return owner && milliseconds && (hour === null || BigInt(hour) === floorDivide(row.tsNs, 3_600_000_000_000n));
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value >= 0n ? value / by : (value - by + 1n) / by;
}

/** Hours since 1970 of an object's partition. */
function hourOfPath(path: string): number | null {
  const matched = /dt=(\d{4}-\d\d-\d\d)\/hour=(\d\d)\//.exec(path);
  return matched ? Date.parse(`${matched[1]}T${matched[2]}:00:00Z`) / 3_600_000 : null;
}

/** Sums of one side that the other side does not have, the larger of both counts. */
function countMixed(expected: readonly number[], actual: readonly number[]): number {
  const left = new Map<number, number>();
  for (const value of expected) left.set(value, (left.get(value) ?? 0) + 1);
  let unmatched = 0;
  for (const value of actual) {
    const count = left.get(value) ?? 0;
    if (count === 0) unmatched++;
    else left.set(value, count - 1);
  }
  return Math.max(unmatched, sum([...left.values()]));
}

function* describeLost(
  chains: readonly SourceChain[],
  missing: ReadonlyMap<string, Map<number, number>>,
): Generator<string> {
  let described = 0;
  for (const chain of chains) {
    for (const record of expectedRecords(chain)) {
      if ((missing.get(keyOf(chain))?.get(hashRecord(record)) ?? 0) === 0) continue;
      yield `lost: ${describe(record)} of ${chain.files[record.file]!.path}`;
      if (++described === EXAMPLES_MAX) return;
    }
  }
}

function describe(
  record: Pick<ExpectedRecord, "tsNs" | "pos" | "log"> & { stream: string | null; cut: string | null },
): string {
  const { tsNs, pos, stream, cut, log } = record;
  return `pos ${pos}, ts_ns ${tsNs}, ${stream}, cut ${cut}, log of ${log.length} characters ${JSON.stringify(log.slice(0, 100))}`;
}

/** Absolute paths of a store's published objects, in the order of their keys. */
export function listObjects(store: string, extension = "parquet"): string[] {
  return readdirSync(store, { recursive: true, encoding: "utf8" })
    .filter((path) => !path.startsWith("_") && path.endsWith(`.${extension}`))
    .toSorted()
    .map((path) => join(store, path));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
