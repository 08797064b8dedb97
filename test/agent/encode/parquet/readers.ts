import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { type AsyncBuffer, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { EXACT_STRINGS } from "../../../helpers/readers/exact-strings.ts";
import { readParquet } from "parquet-wasm/node";
import { labelsText, type TableRow } from "../rows.ts";

/** Three readers that we did not write, each giving all rows of a file in the form of `expected`. */
export const READERS: Record<string, (file: Buffer) => Promise<TableRow[]>> = {
  DuckDB: readByDuckDb,
  hyparquet: readByHyparquet,
  "parquet-wasm": readByParquetWasm,
};

/** Runs SQL on the file by DuckDB; `FILE` in the text stands for its path. */
export async function queryByDuckDb(file: Buffer, sql: string): Promise<Record<string, unknown>[]> {
  const folder = mkdtempSync(join(tmpdir(), "logq-parquet-"));
  const path = join(folder, "file.parquet");
  writeFileSync(path, file);
  try {
    const connection: DuckDBConnection = await (await DuckDBInstance.create(":memory:")).connect();
    try {
      const result = await connection.runAndReadAll(sql.replaceAll("FILE", `'${path}'`));
      return result.getRowObjectsJS();
    } finally {
      connection.closeSync();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function asyncBuffer(file: Buffer): AsyncBuffer {
  const bytes = new Uint8Array(file).buffer;
  return { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end) };
}

async function readByDuckDb(file: Buffer): Promise<TableRow[]> {
  const rows = await queryByDuckDb(
    file,
    `SELECT * REPLACE (epoch_ms(ts) AS ts, map_entries(labels) AS labels) FROM read_parquet(FILE)`,
  );
  return rows.map((row) => normalise(row, (labels) => (labels as { key: string; value: string }[]).map(pairOf)));
}

async function readByHyparquet(file: Buffer): Promise<TableRow[]> {
  const rows = await parquetReadObjects({ file: asyncBuffer(file), compressors, parsers: EXACT_STRINGS });
  return rows.map((row) => normalise(row, (labels) => Object.entries(labels as Record<string, string>)));
}

async function readByParquetWasm(file: Buffer): Promise<TableRow[]> {
  const table = tableFromIPC(readParquet(file).intoIPCStream());
  return table
    .toArray()
    .map((row) =>
      normalise(row!.toJSON() as Record<string, unknown>, (labels) =>
        [...(labels as Iterable<[string, string]>)].map(([key, value]) => [key, value] as const),
      ),
    );
}

function pairOf(entry: { key: string; value: string }): readonly [string, string] {
  return [entry.key, entry.value];
}

function normalise(
  row: Record<string, unknown>,
  entriesOf: (labels: unknown) => readonly (readonly [string, string])[],
): TableRow {
  const { ts, labels, ...rest } = row;
  return {
    ...(rest as TableRow),
    ts: ts instanceof Date ? BigInt(ts.getTime()) : BigInt(ts as number | bigint),
    labels: labels === null || labels === undefined ? null : labelsText(entriesOf(labels)),
  };
}
