import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { BLOCK_LINES, SQL_IS_RIGHT, SQL_SEQ, streamOf, textOf } from "./lines.ts";

/** Lines of a pod that a store lacks: `from` to `to`, exclusive. */
export interface MissingLines {
  readonly pod: string;
  readonly from: number;
  readonly to: number;
}

export interface Verified {
  readonly objects: number;
  readonly rows: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Rows that say something else than what was written, or that nobody wrote. */
  readonly different: number;
  readonly missing: readonly MissingLines[];
  /** Some of the rows that are different. */
  readonly examples: readonly string[];
}

/** Compares the Parquet objects below `store` with the lines that pods wrote, in SQL (lines.ts says what rows must hold). */
export async function verifyStore(
  store: string,
  pods: readonly { readonly pod: string; readonly lines: number }[],
): Promise<Verified> {
  const objects = listParquet(store);
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "2GB" });
  const connection = await instance.connect();
  try {
    await connection.run(`CREATE TABLE written (pod VARCHAR, lines BIGINT);
      CREATE TABLE texts (i BIGINT, text VARCHAR, stream VARCHAR);
      INSERT INTO texts VALUES ${valuesOfTexts()};`);
    for (const { pod, lines } of pods) await connection.run(`INSERT INTO written VALUES ('${pod}', ${lines})`);
    await connection.run(
      objects.length === 0
        ? `CREATE TABLE found (pod VARCHAR, seq BIGINT, is_right BOOLEAN, log VARCHAR)`
        : `CREATE TABLE found AS SELECT pod, seq, is_right, CASE WHEN is_right THEN NULL ELSE log END AS log FROM (
             SELECT pod, seq, log, coalesce(${SQL_IS_RIGHT}, false) AS is_right
             FROM (SELECT *, ${SQL_SEQ} AS seq
                   FROM read_parquet([${objects.map((path) => `'${path}'`).join()}], hive_partitioning = false)) AS logs
             LEFT JOIN texts ON texts.i = logs.seq % ${BLOCK_LINES})`,
    );
    return { objects: objects.length, ...(await compare(connection)) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function compare(connection: DuckDBConnection): Promise<Omit<Verified, "objects">> {
  const select = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await connection.runAndReadAll(sql)).getRowObjects();
  const [totals] = await select(`
    SELECT (SELECT count(*) FROM found) AS rows,
      (SELECT count(*) FROM found LEFT JOIN written USING (pod)
        WHERE NOT is_right OR lines IS NULL OR seq >= lines) AS different,
      sum(lines - coalesce(distinct_lines, 0)) AS lost,
      sum(coalesce(rows, 0) - coalesce(distinct_lines, 0)) AS duplicated
    FROM written LEFT JOIN (
      SELECT pod, count(*) AS rows, count(DISTINCT seq) AS distinct_lines FROM found JOIN written USING (pod)
      WHERE is_right AND seq < lines GROUP BY pod) USING (pod)`);
  const [lost, different] = [Number(totals!["lost"]), Number(totals!["different"])];
  const missing = lost === 0 ? [] : await select(MISSING);
  const examples =
    different === 0 ? [] : await select("SELECT pod, log FROM found WHERE NOT is_right OR seq IS NULL LIMIT 5");
  return {
    rows: Number(totals!["rows"]),
    lost,
    duplicated: Number(totals!["duplicated"]),
    different,
    missing: missing.map((row) => ({ pod: String(row["pod"]), from: Number(row["from"]), to: Number(row["to"]) })),
    examples: examples.map((row) => `${String(row["pod"])}: ${String(row["log"]).slice(0, 200)}`),
  };
}

/** Gaps between the lines that were found, with one before the first and one after the last. */
const MISSING = `
  SELECT pod, before + 1 AS "from", seq AS "to" FROM (
    SELECT pod, seq, lag(seq) OVER (PARTITION BY pod ORDER BY seq) AS before FROM (
      SELECT DISTINCT pod, seq FROM found JOIN written USING (pod) WHERE is_right AND seq < lines
      UNION ALL SELECT pod, -1 FROM written
      UNION ALL SELECT pod, lines FROM written))
  WHERE seq > before + 1 ORDER BY pod, seq`;

function valuesOfTexts(): string {
  const rows = Array.from({ length: BLOCK_LINES }, (_, i) => `(${i}, '${textOf(i)}', '${streamOf(i)}')`);
  return rows.join();
}

function listParquet(store: string): string[] {
  if (!existsSync(store)) return [];
  const names = readdirSync(store, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".parquet") && !name.includes("_staging"))
    .map((name) => join(store, name));
}
