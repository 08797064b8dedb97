import { DuckDBInstance } from "@duckdb/node-api";
import type { ReadRows } from "./reader.ts";

const SQL = `SELECT epoch_ms(ts), ts_ns, pos, stream, log, cut, file, pod_id, container
  FROM read_parquet($path, hive_partitioning = false)`;

/** The statement's columns. */
type Columns = [
  bigint[],
  bigint[],
  bigint[],
  (string | null)[],
  string[],
  (string | null)[],
  string[],
  (string | null)[],
  (string | null)[],
];

export const readWithDuckdb: ReadRows = async (path, visit) => {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(SQL, { path });
    // By columns: half the time of yieldRows().
    for await (const chunk of result) {
      const [tsMs, tsNs, pos, stream, log, cut, file, podId, container] = chunk.getColumns() as unknown as Columns;
      for (let i = 0; i < chunk.rowCount; i++) {
        visit({
          tsMs: Number(tsMs[i]),
          tsNs: tsNs[i]!,
          pos: Number(pos[i]),
          stream: stream[i]!,
          log: log[i]!,
          cut: cut[i]!,
          file: file[i]!,
          podId: podId[i]!,
          container: container[i]!,
        });
      }
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};
