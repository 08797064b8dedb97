/** Merges objects into one, sorted, in bounded memory. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { CUT_NAMES, LEVELS, STREAM_NAMES } from "../../config/table.ts";
import { createTableEncoder, type ParquetEncoder } from "../../parquet/encoder.ts";
import type { TableRows } from "../../parquet/rows.ts";
import { stringLiteral } from "../dialect/literal.ts";
import type { Value } from "../engine/engine.ts";
import { allRows, chunksOf, listOf } from "./rows.ts";
import { bucketsOf, bySeconds, type Bucket } from "./buckets.ts";
import { indexOrigins, joinedOrigins, type OriginIndex } from "./origins.ts";

export interface Merger {
  /** Rows of each file, by its path. Throws Error for a file that is no Parquet file of the table. */
  countRows(files: readonly string[]): Promise<Map<string, number>>;
  /**
   * Writes the rows of the files to `target`, sorted by workload, pod, `ts_ns`, file and position, and makes it durable.
   * Returns how many there are.
   */
  merge(files: readonly string[], target: string, signal: AbortSignal): Promise<number>;
  close(): void;
}

/** What DuckDB may hold; a bucket's sort takes a multiple of the bucket's weight. */
const DUCKDB_MEMORY = "64MB";
const BUCKET_WEIGHT_MAX = 12 * 1024 * 1024;

/** `tempDirectory` is DuckDB's, for what does not fit its memory. */
export async function openMerger(tempDirectory: string): Promise<Merger> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const settings = [
    `memory_limit = '${DUCKDB_MEMORY}'`,
    "threads = 1",
    `temp_directory = ${stringLiteral(tempDirectory)}`,
    "autoload_known_extensions = false",
    "autoinstall_known_extensions = false",
    "preserve_insertion_order = false",
  ];
  for (const setting of settings) await connection.run(`SET ${setting}`);
  return {
    countRows: async (files) => await countRows(connection, files),
    merge: async (files, target, signal) => await merge(connection, files, target, signal),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function countRows(connection: DuckDBConnection, files: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (files.length === 0) return counts;
  const sql = `SELECT file_name, num_rows FROM parquet_file_metadata(${listOf(files)})`;
  for (const [file, rows] of await allRows(connection, sql)) counts.set(String(file), Number(rows));
  return counts;
}

async function merge(
  connection: DuckDBConnection,
  files: readonly string[],
  target: string,
  signal: AbortSignal,
): Promise<number> {
  const encoder = createTableEncoder({ compression: "zstd", cutAt: "pod" });
  const file = openSync(target, "w");
  const write = (chunks: readonly Buffer[]): void => {
    for (const chunk of chunks) writeSync(file, chunk);
  };
  let rows = 0;
  try {
    const index = await indexOrigins(connection, files);
    const appender = createAppender(encoder, index.origins);
    for (const bucket of await planBuckets(connection, index)) {
      for await (const chunk of chunksOf(connection, sortedRows(bucket))) {
        signal.throwIfAborted();
        for (const row of chunk) appender.add(row);
        rows += chunk.length;
        write(appender.flush());
      }
    }
    write(encoder.finish());
    fsyncSync(file);
    return rows;
  } finally {
    encoder.release();
    closeSync(file);
  }
}

async function planBuckets(connection: DuckDBConnection, { shares }: OriginIndex): Promise<Bucket[]> {
  const buckets: Bucket[] = [];
  for (const { bucket, weight } of bucketsOf(shares, BUCKET_WEIGHT_MAX)) {
    if (weight <= BUCKET_WEIGHT_MAX) buckets.push(bucket);
    else buckets.push(...(await cutBySeconds(connection, bucket)));
  }
  return buckets;
}

async function cutBySeconds(connection: DuckDBConnection, bucket: Bucket): Promise<Bucket[]> {
  const sql = `SELECT (ts_ns // 1000000000)::BIGINT AS the_second, filename, count(*)::BIGINT, sum(strlen(log))::BIGINT
    FROM ${joinedOrigins(bucket.files)} WHERE ${conditionOf(bucket)} GROUP BY ALL ORDER BY the_second`;
  const shares = (await allRows(connection, sql)).map(([second, file, rows, logBytes]) => {
    return { second: Number(second), file: String(file), rows: Number(rows), logBytes: Number(logBytes) };
  });
  return bySeconds(bucket, shares, BUCKET_WEIGHT_MAX);
}

/** Numbers and the message alone go through the sort; a value that the table has no place for is an error. */
function sortedRows(bucket: Bucket): string {
  const codes = [codeOf("stream", STREAM_NAMES), codeOf("level", [null, ...LEVELS]), codeOf("cut", CUT_NAMES)];
  return `SELECT o.id, ts_ns, pos, ${codes.map((code, i) => `${code} * ${256 ** i}`).join(" + ")}, log
    FROM ${joinedOrigins(bucket.files)} WHERE ${conditionOf(bucket)}
    ORDER BY o.pod_rank, ts_ns, o.file_rank, pos`;
}

function codeOf(column: string, names: readonly (string | null)[]): string {
  const cases = names.flatMap((name, code) => (name === null ? [] : [`WHEN ${stringLiteral(name)} THEN ${code}`]));
  const other = `error('merge objects: column ${column} holds ' || ${column})`;
  return `(CASE WHEN ${column} IS NULL THEN 0 ELSE CASE ${column} ${cases.join(" ")} ELSE ${other} END END)::BIGINT`;
}

/** The further conditions say nothing new, but row groups are left out by them. */
function conditionOf({ first, last, seconds }: Bucket): string {
  const conditions = [`o.pod_rank BETWEEN ${first.rank} AND ${last.rank}`];
  if (first.workload !== null && last.workload !== null)
    conditions.push(`r.workload BETWEEN ${stringLiteral(first.workload)} AND ${stringLiteral(last.workload)}`);
  if (first.rank === last.rank && first.pod !== null) conditions.push(`r.pod = ${stringLiteral(first.pod)}`);
  if (seconds !== null) conditions.push(`ts_ns >= ${seconds.from}000000000`, `ts_ns < ${seconds.to}000000000`);
  return conditions.join(" AND ");
}

const TEXT_BYTES = 1024 * 1024;
/** DuckDB's chunks have no more rows. */
const ROWS_MAX = 2048;

interface Appender {
  add(row: readonly Value[]): void;
  /** Gives the rows to the encoder; bytes that are ready, valid until the next call. */
  flush(): Buffer[];
}

/** Rows as `sortedRows` gives them, to rows as the encoder takes them. */
function createAppender(encoder: ParquetEncoder, origins: OriginIndex["origins"]): Appender {
  const runs: { readonly origin: TableRows["origin"]; readonly from: number }[] = [];
  let bytes: Buffer = Buffer.allocUnsafeSlow(TEXT_BYTES);
  let used = 0;
  let count = 0;
  const numbers = {
    start: new Uint32Array(ROWS_MAX),
    end: new Uint32Array(ROWS_MAX),
    pos: new Float64Array(ROWS_MAX),
    seconds: new Float64Array(ROWS_MAX),
    nanos: new Uint32Array(ROWS_MAX),
    stream: new Uint8Array(ROWS_MAX),
    level: new Uint8Array(ROWS_MAX),
    cut: new Uint8Array(ROWS_MAX),
  };
  return {
    add([id, ns, pos, codes, log]) {
      const origin = origins[Number(id)]!;
      if (runs.at(-1)?.origin !== origin) runs.push({ origin, from: count });
      const text = log as string;
      // A character of UTF-16 is three bytes of UTF-8 at most.
      if (used + text.length * 3 > bytes.length) bytes = grown(bytes, used, text.length * 3);
      numbers.start[count] = used;
      used += bytes.write(text, used);
      numbers.end[count] = used;
      numbers.pos[count] = Number(pos);
      numbers.seconds[count] = Number((ns as bigint) / 1_000_000_000n);
      numbers.nanos[count] = Number((ns as bigint) % 1_000_000_000n);
      const packed = Number(codes);
      numbers.stream[count] = packed & 0xff;
      numbers.level[count] = (packed >> 8) & 0xff;
      numbers.cut[count] = packed >> 16;
      count++;
    },
    flush() {
      for (const [i, { origin, from }] of runs.entries()) {
        encoder.append({ ...numbers, origin, bytes, count }, from, runs[i + 1]?.from ?? count);
      }
      runs.length = 0;
      used = 0;
      count = 0;
      if (bytes.length > 4 * TEXT_BYTES) bytes = Buffer.allocUnsafeSlow(TEXT_BYTES);
      return encoder.take();
    },
  };
}

function grown(bytes: Buffer, used: number, more: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(2 * (used + more));
  bytes.copy(larger, 0, 0, used);
  return larger;
}
