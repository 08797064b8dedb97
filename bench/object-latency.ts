import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Latency } from "./sink.ts";

/** Which records are looked at. */
interface Among {
  /** Their time is this or later, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** They are of the first so many pods. */
  readonly quietPods: number;
}

/**
 * From the time of each numbered line to that at which its object was stored, which is the file's: of the Parquet
 * objects below `folder`. Null where there is none.
 */
export async function latencyInObjects(folder: string, { fromMs, quietPods }: Among): Promise<Latency | null> {
  const stored = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet"))
    .map((name) => join(folder, name));
  if (stored.length === 0) return null;
  const times = stored.map((path) => `('${path}', ${statSync(path).mtimeMs})`).join();
  const instance = await DuckDBInstance.create(":memory:", { threads: "2" });
  const connection = await instance.connect();
  try {
    const found = await connection.runAndReadAll(
      `WITH stored(filename, at_ms) AS (VALUES ${times}), taken AS (
         SELECT at_ms - ts_ns / 1e6 AS ms FROM read_parquet([${stored.map((path) => `'${path}'`).join()}], filename = true)
         JOIN stored USING (filename)
         WHERE ts_ns >= ${fromMs} * 1000000 AND regexp_extract(log, 'seq=(\\d+)-', 1)::INTEGER < ${quietPods})
       SELECT quantile_cont(ms, 0.5), quantile_cont(ms, 0.99), max(ms) FROM (SELECT ms::DOUBLE AS ms FROM taken)`,
    );
    const [medianMs, p99Ms, maxMs] = found.getRows()[0]!;
    return medianMs === null ? null : { medianMs: Number(medianMs), p99Ms: Number(p99Ms), maxMs: Number(maxMs) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
