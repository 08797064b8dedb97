import { DuckDBInstance } from "@duckdb/node-api";
import { openDirectory } from "../../query/store/directory.ts";
import { join } from "node:path";

/** Of all values of all rows that count, in whatever order and objects: DuckDB's. */
export async function digestOf(root: string): Promise<string> {
  const { signal } = new AbortController();
  const store = openDirectory(root);
  const objects = await store.listObjects(await store.listPartitions({ from: null, to: null }, null, signal), signal);
  const list = objects.map(({ key }) => `'${join(root, key)}'`).join(", ");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const sql = `SELECT count(*) || ' ' || sum(hash(r)::HUGEINT)
      FROM (SELECT * EXCLUDE (labels), map_entries(labels)::VARCHAR FROM read_parquet([${list}], hive_partitioning = false)) r`;
    const reader = await connection.runAndReadAll(sql);
    return String(reader.getRows()[0]![0]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
