/** A statement of the dialect on the engine, and one spelt out on a bare DuckDB where `stored` is the whole store as a view. */
import { DuckDBInstance, DuckDBMapValue, DuckDBTimestampValue, type DuckDBValue } from "@duckdb/node-api";
import { analyze, type AnalyzeOptions } from "../../../query/dialect/analyze.ts";
import { lowerForDuckDb } from "../../../query/dialect/lower.ts";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import { STORE_NOW_NS } from "../../helpers/store.ts";

export interface Answer {
  readonly names: readonly string[];
  /** Values as the port writes them, with bars between. */
  readonly rows: readonly string[];
}

/** With the window that the text itself asks for, as the CLI would prune. */
export async function ask(
  text: string,
  files: readonly string[],
  options: Partial<Pick<AnalyzeOptions, "engine" | "params">> = {},
): Promise<Answer> {
  const statement = analyze(text, { now: STORE_NOW_NS, ...options });
  const range = statement.window.kind === "range" ? statement.window.range : { from: null, to: null };
  const query = lowerForDuckDb(statement, { files, range, where: null, limit: null });
  const { columns, batches } = await createDuckDbEngine().run(query, new AbortController().signal);
  const rows: string[] = [];
  for await (const batch of batches) rows.push(...batch.map((row) => row.map(String).join(" | ")));
  return { names: columns.map(({ name }) => name), rows };
}

export interface Bare {
  ask(sql: string): Promise<Answer>;
  close(): void;
}

export async function openBare(directory: string): Promise<Bare> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE VIEW stored AS SELECT * REPLACE (ts AT TIME ZONE 'UTC' AS ts) FROM read_parquet(
    '${directory}/*/*/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)`);
  return {
    async ask(sql) {
      const reader = await connection.runAndReadAll(sql);
      return { names: reader.columnNames(), rows: reader.getRows().map((row) => row.map(plain).join(" | ")) };
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** A value as the port writes it, converted on another way than the engine's own. */
function plain(value: DuckDBValue): string {
  if (value instanceof DuckDBTimestampValue) return new Date(Number(value.micros / 1000n)).toISOString();
  if (!(value instanceof DuckDBMapValue)) return String(value);
  return JSON.stringify(Object.fromEntries(value.entries.map((entry) => [entry.key, entry.value])));
}
