import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { HiveSQL } from "dt-sql-parser/dist/parser/hive/index.js";
import { expect, onTestFinished, test } from "vitest";
import { COLUMNS, PARTITION_COLUMNS } from "../../../config/table.ts";
import { DDL_DEFAULTS, ddl } from "../../../query/catalog/ddl.ts";
import { makeStore } from "../../helpers/store.ts";
import { trinoSyntaxErrors } from "../dialect/trino-grammar.ts";

const OPTIONS = { ...DDL_DEFAULTS, location: "s3://my-logs/eks/" };
const NAMES = [...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS];

test("Athena gets an external table whose partitions are computed from their names", () => {
  const text = ddl("athena", OPTIONS);
  expect(new HiveSQL().validate(text)).toEqual([]);
  expect(
    [...text.matchAll(/`(\w+)` (?:timestamp|bigint|string|map<string,string>)/g)].map((found) => found[1]),
  ).toEqual(NAMES);
  expect(text).toContain("CREATE EXTERNAL TABLE `logq`.`logs` (");
  expect(text).toContain("LOCATION 's3://my-logs/eks/'");
  expect(text).toContain("'projection.cluster.type' = 'injected'");
  expect(text).toContain("'projection.dt.range' = 'NOW-400DAYS,NOW+1DAYS'");
  expect(text).toContain("'projection.hour.digits' = '2'");
  expect(text).toContain("'storage.location.template' = 's3://my-logs/eks/cluster=${cluster}/dt=${dt}/hour=${hour}/'");
});

test("Trino gets the same table, with a projection per partition column", () => {
  const text = ddl("trino", { ...OPTIONS, catalog: "hive", database: "default" });
  expect(trinoSyntaxErrors(text)).toEqual([]);
  expect([...text.matchAll(/^ {2}(\w+) (?:timestamp\(3\)|bigint|varchar|map\()/gm)].map((found) => found[1])).toEqual(
    NAMES,
  );
  expect(text).toContain('CREATE TABLE "hive"."default"."logs" (');
  expect(text).toContain("external_location = 's3://my-logs/eks/'");
  expect(text).toContain("partitioned_by = ARRAY['cluster', 'dt', 'hour']");
});

test("DuckDB gets a view that answers over a store as it lies", async () => {
  const directory = await mkdtemp(join(tmpdir(), "logq-ddl-"));
  const instance = await DuckDBInstance.create(":memory:");
  onTestFinished(async () => {
    instance.closeSync();
    await rm(directory, { recursive: true });
  });
  const { rows } = await makeStore(directory);
  const connection = await instance.connect();
  await connection.run(ddl("duckdb", { ...OPTIONS, location: directory }));
  const reader = await connection.runAndReadAll("SELECT * FROM logs");
  expect(reader.columnNames()).toEqual(NAMES);
  expect(reader.currentRowCount).toBe(rows.length);
  const hours = await connection.runAndReadAll("SELECT DISTINCT hour, extract(hour FROM ts) FROM logs ORDER BY 1");
  expect(hours.getRows()).toEqual([
    ["00", 0n],
    ["04", 4n],
    ["10", 10n],
    ["23", 23n],
  ]);
});

test("a location or a name that would end its own quotes is refused", () => {
  expect(() => ddl("athena", { ...OPTIONS, location: "s3://x/'; DROP" })).toThrow("a quote cannot be in a location");
  expect(() => ddl("athena", { ...OPTIONS, table: "a`b" })).toThrow("names in Athena");
});
