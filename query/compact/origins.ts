/** What is the same for many rows, held once: rows are sorted with a number in its place. */
import type { DuckDBConnection } from "@duckdb/node-api";
import type { RowsOrigin } from "../../parquet/rows.ts";
import type { Value } from "../engine/engine.ts";
import type { PodRank, Share } from "./buckets.ts";
import { allRows, scanOf } from "./rows.ts";

export interface OriginIndex {
  /** By `id`. */
  readonly origins: readonly RowsOrigin[];
  /** In the order of pods. */
  readonly shares: readonly Share[];
}

const COLUMNS = "file, source, node, namespace, workload, pod, container, pod_id, image, labels";
const POD_ORDER = "workload NULLS FIRST, pod NULLS FIRST";

/** Reads which origins the files have, and makes the table that `joinedOrigins` joins. */
export async function indexOrigins(connection: DuckDBConnection, files: readonly string[]): Promise<OriginIndex> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE shares AS
    SELECT ${COLUMNS}, filename, hash(${COLUMNS}) AS hashed, count(*) AS row_count, sum(strlen(log)) AS log_bytes
    FROM ${scanOf(files)} GROUP BY ALL`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE origins AS
    SELECT row_number() OVER (ORDER BY hashed) - 1 AS id, *, dense_rank() OVER (ORDER BY ${POD_ORDER}) AS pod_rank,
    dense_rank() OVER (ORDER BY file) AS file_rank FROM (SELECT DISTINCT ${COLUMNS}, hashed FROM shares)`);
  const rows = await allRows(connection, `SELECT ${COLUMNS}, hashed::VARCHAR FROM origins ORDER BY id`);
  // One in 10^13 for a thousand files; but rows would be given to another pod.
  if (new Set(rows.map((row) => row.at(-1))).size < rows.length)
    throw new Error("merge objects: two files of logs have the same hash; they stay as they are");
  const shares = await allRows(
    connection,
    `SELECT pod_rank::BIGINT, any_value(o.workload), any_value(o.pod), filename, sum(row_count)::BIGINT, sum(log_bytes)::BIGINT
    FROM shares s JOIN origins o ON s.hashed = o.hashed GROUP BY pod_rank, filename ORDER BY pod_rank`,
  );
  await connection.run("DROP TABLE shares");
  return { origins: rows.map(originOf), shares: shares.map(shareOf) };
}

/** A FROM item: the rows `r` of files, each with its origin `o`. */
export function joinedOrigins(files: readonly string[]): string {
  const columns = COLUMNS.split(", ").map((name) => `r.${name}`);
  return `${scanOf(files)} r JOIN origins o ON hash(${columns.join(", ")}) = o.hashed`;
}

function originOf(row: readonly Value[]): RowsOrigin {
  const [file, source, node, namespace, workload, pod, container, podId, image, labels] = row as (string | null)[];
  return {
    file: file!,
    source: source!,
    node: node!,
    namespace: namespace!,
    workload: workload!,
    pod: pod!,
    container: container!,
    podId: podId!,
    image: image!,
    labels: labels === null ? null : (JSON.parse(labels!) as Record<string, string>),
  };
}

function shareOf([rank, workload, pod, file, rows, logBytes]: readonly Value[]): Share {
  const place: PodRank = { rank: Number(rank), workload: workload as string | null, pod: pod as string | null };
  return { pod: place, file: String(file), rows: Number(rows), logBytes: Number(logBytes) };
}
