/** Asks DuckDB for rows of objects, chunk by chunk. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { stringLiteral } from "../dialect/literal.ts";
import { duckDbPath } from "../dialect/scan.ts";
import { chunkRows } from "../engine/duckdb-chunk.ts";
import type { Value } from "../engine/engine.ts";

/** Vectors of chunks that were read are collected once there are so many: see engine/duckdb.ts. */
const VECTORS_LEFT_MAX = 40;

export async function* chunksOf(connection: DuckDBConnection, sql: string): AsyncGenerator<Value[][]> {
  const result = await connection.stream(sql);
  const types = Array.from({ length: result.columnCount }, (_, i) => result.columnType(i));
  let vectorsLeft = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunkRows(chunk, types, { from: 0, to: chunk.rowCount });
    chunk.reset();
    vectorsLeft += chunk.columnCount;
    if (vectorsLeft < VECTORS_LEFT_MAX) continue;
    globalThis.gc?.();
    vectorsLeft = 0;
  }
}

export async function allRows(connection: DuckDBConnection, sql: string): Promise<Value[][]> {
  const rows: Value[][] = [];
  for await (const chunk of chunksOf(connection, sql)) rows.push(...chunk);
  return rows;
}

/** A FROM item: the rows of files, and column `filename`. */
export function scanOf(files: readonly string[]): string {
  return `read_parquet(${listOf(files)}, filename = true, hive_partitioning = false, union_by_name = true)`;
}

export function listOf(files: readonly string[]): string {
  return `[${files.map((file) => stringLiteral(duckDbPath(file))).join(", ")}]`;
}
