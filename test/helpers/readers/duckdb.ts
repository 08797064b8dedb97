import { DuckDBInstance } from "@duckdb/node-api";
import type { ReadRows } from "./reader.ts";

const SQL = `SELECT epoch_ms(ts), ts_ns, pos, stream, log, cut, file, pod_id, container
  FROM read_parquet($path, hive_partitioning = false)`;

/** A row as the statement's columns. */
type Row = [bigint, bigint, bigint, string | null, string, string | null, string, string | null, string | null];

export const readWithDuckdb: ReadRows = async (path, visit) => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(SQL, { path });
    for await (const rows of result.yieldRows()) {
      for (const [tsMs, tsNs, pos, stream, log, cut, file, podId, container] of rows as unknown as Row[]) {
        visit({ tsMs: Number(tsMs), tsNs, pos: Number(pos), stream, log, cut, file, podId, container });
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};
