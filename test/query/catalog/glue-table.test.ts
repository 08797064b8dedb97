import type { Table } from "@aws-sdk/client-glue";
import { expect, test } from "vitest";
import { DDL_DEFAULTS, ddl } from "../../../query/catalog/ddl.ts";
import { driftOf, driftText, glueTableInput, updatedTableInput } from "../../../query/catalog/glue-table.ts";
import { hiveTable } from "../../../query/catalog/hive-table.ts";

const OPTIONS = { ...DDL_DEFAULTS, location: "s3://my-logs/eks/" };
const WANTED = hiveTable(OPTIONS);

test("Glue's table is the one that the DDL declares: columns, partitions, properties and location agree", () => {
  const text = ddl("athena", OPTIONS);
  const input = glueTableInput(WANTED);
  const declared = [...text.matchAll(/`(\w+)` (\S+) COMMENT '((?:[^'\\]|\\.)*)'/g)].map(([, Name, Type, Comment]) => ({
    Name,
    Type,
    Comment: Comment!.replaceAll("\\", ""),
  }));
  expect(declared).toEqual([...input.StorageDescriptor.Columns, ...input.PartitionKeys]);
  const properties = [...text.matchAll(/^ {2}'([^']+)' = '([^']*)'/gm)].map(([, key, value]) => [key, value]);
  expect({ EXTERNAL: "TRUE", ...Object.fromEntries(properties) }).toEqual(input.Parameters);
  expect(text).toContain(`LOCATION '${input.StorageDescriptor.Location}'`);
});

test("a table as init makes it has no drift, however Glue spells it", () => {
  expect(driftOf(table(), WANTED)).toEqual([]);
  const spelt = table();
  spelt.StorageDescriptor!.Location = "s3://my-logs/eks";
  spelt.StorageDescriptor!.Columns![0]!.Type = "TIMESTAMP";
  spelt.StorageDescriptor!.Columns![1]!.Comment = "mine";
  spelt.StorageDescriptor!.Columns!.push({ Name: "of_a_newer_agent", Type: "string" });
  spelt.Parameters!["transient_lastDdlTime"] = "1";
  spelt.Parameters!["storage.location.template"] = spelt.Parameters!["storage.location.template"]!.slice(0, -1);
  expect(driftOf(spelt, WANTED)).toEqual([]);
});

test("every difference that a query would notice is named with what is and what should be", () => {
  const found = table();
  found.StorageDescriptor!.Columns = found.StorageDescriptor!.Columns!.filter(({ Name }) => Name !== "cut");
  found.StorageDescriptor!.Columns[1]!.Type = "string";
  found.StorageDescriptor!.Location = "s3://other/";
  found.StorageDescriptor!.SerdeInfo!.SerializationLibrary = "org.openx.data.jsonserde.JsonSerDe";
  found.PartitionKeys = found.PartitionKeys!.slice(1);
  found.Parameters!["projection.dt.range"] = "NOW-30DAYS,NOW";
  found.Parameters!["projection.region.type"] = "enum";
  delete found.Parameters!["projection.enabled"];
  expect(driftOf(found, WANTED).map(driftText)).toEqual([
    "column ts_ns: is string, should be bigint",
    "column cut: is not there, should be string",
    "partitions: is dt string, hour string, should be cluster string, dt string, hour string",
    "location: is s3://other/, should be s3://my-logs/eks/",
    "serde: is org.openx.data.jsonserde.JsonSerDe, should be org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    "projection.dt.range: is NOW-30DAYS,NOW, should be NOW-400DAYS,NOW+1DAYS",
    "projection.region.type: is enum, should not be there",
    "projection.enabled: is not there, should be true",
  ]);
});

test("an update ends the drift and keeps what others said of the table", () => {
  const found = table();
  found.Description = "ours";
  found.Owner = "team";
  found.Parameters!["cost-centre"] = "7";
  found.Parameters!["projection.region.type"] = "enum";
  found.StorageDescriptor!.Columns = [
    { Name: "ts", Type: "string" },
    { Name: "mine", Type: "string" },
  ];
  const updated = updatedTableInput(found, WANTED);
  expect(driftOf(updated as Table, WANTED)).toEqual([]);
  expect(updated).toMatchObject({ Description: "ours", Owner: "team", Parameters: { "cost-centre": "7" } });
  expect(updated.Parameters).not.toHaveProperty("projection.region.type");
  expect(updated.StorageDescriptor!.Columns!.at(-1)).toEqual({ Name: "mine", Type: "string" });
});

function table(): Table {
  return structuredClone(glueTableInput(WANTED)) as Table;
}
