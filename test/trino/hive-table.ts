/** Tables as a catalog of Hive's has them, given to Trino as they are: no statement of Trino's own says them again. */
import type { HiveColumn, HiveTable } from "../../query/catalog/hive-table.ts";
import type { Bed } from "./bed.ts";
import { TRINO_VERSION } from "./install.ts";

/**
 * Writes what `logq init` gives to Glue (classes of Hive's, their parameters, columns, the properties that partitions are
 * computed from) as the file of Trino's file metastore. Its form: what Trino 435 writes there itself for CREATE TABLE.
 */
export async function declare({ s3 }: Bed, table: HiveTable): Promise<void> {
  const { input, output, serde, parameters } = table.format;
  const metadata = {
    writerVersion: TRINO_VERSION,
    owner: "test",
    tableType: "EXTERNAL_TABLE",
    dataColumns: table.columns.map(columnOf),
    partitionColumns: table.partitions.map(columnOf),
    parameters: { EXTERNAL: "TRUE", ...table.properties },
    originalStorageFormat: { serde, inputFormat: input, outputFormat: output },
    serdeParameters: parameters,
    externalLocation: table.location,
    columnStatistics: {},
  };
  await putObject(s3, `metastore/${table.database}/${table.table}/.trinoSchema`, JSON.stringify(metadata));
}

/** An object of the bucket that Trino reads. */
export async function putObject(s3: string, key: string, body: string | Buffer): Promise<void> {
  const bytes = typeof body === "string" ? body : new Uint8Array(body);
  const { ok, status } = await fetch(`${s3}/logs/${key}`, { method: "PUT", body: bytes });
  if (!ok) throw new Error(`put ${key}: ${status}`);
}

function columnOf({ name, type, comment }: HiveColumn) {
  return { name, type, comment, properties: {} };
}
