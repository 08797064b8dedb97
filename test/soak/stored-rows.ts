import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import type { Arrived } from "../model/expectation.ts";
import { MESSAGE_COLUMNS_SQL } from "../model/messages.ts";

export interface StoredRows extends Arrived {
  readonly rows: number;
}

/** Shown of each kind of violation. */
const EXAMPLES_MAX = 50;

/** Reads what a store holds: Parquet or JSON lines below `cluster=…`. */
export async function readStored(folder: string, format: "parquet" | "json_lines"): Promise<StoredRows> {
  const hasObjects = existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("cluster="));
  if (!hasObjects) return { rows: 0, ranges: new Map(), repeated: [], odd: [] };
  const instance = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "512MB" });
  const connection = await instance.connect();
  try {
    const objects = join(folder, "cluster=*/dt=*/hour=*/*").replaceAll("'", "''");
    const from =
      format === "parquet"
        ? `read_parquet('${objects}', hive_partitioning = false)`
        : `read_json('${objects}', format = 'newline_delimited', columns = {log: 'VARCHAR'}, maximum_object_size = 4194304)`;
    await connection.run(`CREATE TEMP TABLE found AS
      SELECT key, seq, exact, CASE WHEN exact IS TRUE THEN NULL ELSE log END AS log
      FROM (SELECT log, ${MESSAGE_COLUMNS_SQL} FROM ${from})`);
    return await summarize(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function summarize(connection: DuckDBConnection): Promise<StoredRows> {
  const ranges = new Map<string, { from: number; to: number }[]>();
  const islands = await rowsOf(
    connection,
    `SELECT key, min(seq), max(seq) + 1 FROM (
       SELECT key, seq, seq - row_number() OVER (PARTITION BY key ORDER BY seq) AS island
       FROM (SELECT DISTINCT key, seq FROM found WHERE exact IS TRUE))
     GROUP BY key, island ORDER BY key, min(seq)`,
  );
  for (const [key, from, to] of islands) {
    const list = ranges.get(key as string) ?? [];
    list.push({ from: Number(from), to: Number(to) });
    ranges.set(key as string, list);
  }
  const repeated = await rowsOf(
    connection,
    `SELECT key, seq, count(*) FROM found WHERE exact IS TRUE GROUP BY key, seq HAVING count(*) > 1 LIMIT ${EXAMPLES_MAX}`,
  );
  const odd = await rowsOf(connection, "SELECT log FROM found WHERE exact IS NOT TRUE");
  const [[rows]] = (await rowsOf(connection, "SELECT count(*) FROM found")) as [[bigint]];
  return {
    rows: Number(rows),
    ranges,
    repeated: repeated.map(([key, seq, count]) => `${String(key)}#${String(seq)}, ${String(count)} times`),
    odd: odd.map(([log]) => log as string),
  };
}

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
