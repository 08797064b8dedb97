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
    await connection.run(`CREATE VIEW checked AS ${checkedRows(objects)}`);
    const complete = await findComplete(connection, pods);
    if (complete !== null) return { objects: objects.length, ...complete };
    await connection.run(
      "CREATE TABLE found AS SELECT pod, seq, is_right, CASE WHEN is_right THEN NULL ELSE log END AS log FROM checked",
    );
    return { objects: objects.length, ...(await compare(connection)) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function checkedRows(objects: readonly string[]): string {
  if (objects.length === 0)
    return "SELECT NULL::VARCHAR AS pod, NULL::BIGINT AS seq, NULL::VARCHAR AS log, false AS is_right WHERE false";
  const files = objects.map((path) => `'${path}'`).join();
  return `SELECT pod, seq, log, coalesce(${SQL_IS_RIGHT}, false) AS is_right
    FROM (SELECT *, ${SQL_SEQ} AS seq FROM read_parquet([${files}], hive_partitioning = false)) AS logs
    LEFT JOIN texts ON texts.i = logs.seq % ${BLOCK_LINES}`;
}

/**
 * One pass without a table, for a store that holds each line once: as many rows as lines, none of them wrong, and the
 * sums of the numbers, of their squares and their cubes those of 0, 1, 2 … n - 1. Null: look closer.
 */
async function findComplete(
  connection: DuckDBConnection,
  pods: readonly { readonly pod: string; readonly lines: number }[],
): Promise<Omit<Verified, "objects"> | null> {
  const found = await connection.runAndReadAll(`
    SELECT pod, count(*)::VARCHAR AS n, count(*) FILTER (NOT is_right)::VARCHAR AS wrong, sum(seq::HUGEINT)::VARCHAR AS one,
      sum(seq::HUGEINT * seq)::VARCHAR AS two, sum(seq::HUGEINT * seq * seq)::VARCHAR AS three
    FROM checked GROUP BY pod`);
  const byPod = new Map(found.getRowObjects().map((row) => [String(row["pod"]), row]));
  for (const { pod, lines } of pods) {
    const n = BigInt(lines);
    const one = (n * (n - 1n)) / 2n;
    const two = (one * (2n * n - 1n)) / 3n;
    const expected = { n, wrong: 0n, one, two, three: one * one };
    const row = byPod.get(pod) ?? {};
    byPod.delete(pod);
    if (Object.entries(expected).some(([name, value]) => String(row[name]) !== String(value))) return null;
  }
  if (byPod.size > 0) return null;
  const rows = pods.reduce((sum, { lines }) => sum + lines, 0);
  return { rows, lost: 0, duplicated: 0, different: 0, missing: [], examples: [] };
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
