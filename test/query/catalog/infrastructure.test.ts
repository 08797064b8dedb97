import { parse } from "@cdktf/hcl2json";
import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { glueTableInput, type GlueColumn } from "../../../query/catalog/glue-table.ts";
import { hiveTable, TABLE_DEFAULTS } from "../../../query/catalog/hive-table.ts";
import { cloudFormation, terraform } from "../../../query/catalog/infrastructure.ts";
import { workGroupConfiguration, type WorkGroupWish } from "../../../query/catalog/work-group.ts";

const WANTED = hiveTable({ ...TABLE_DEFAULTS, location: "s3://my-logs/eks" });
const INPUT = glueTableInput(WANTED);
const WORK_GROUP: WorkGroupWish = { name: "logq", bytesCutoff: 1e10, outputLocation: "s3://results/" };

test("Terraform, read by HashiCorp's own parser, makes Glue's table", async () => {
  const { resource } = (await parse("logq.tf", terraform(WANTED, WORK_GROUP))) as Parsed;
  expect(resource["aws_glue_catalog_database"]!["logq"]).toEqual([{ name: "logq" }]);
  const storage = INPUT.StorageDescriptor;
  expect(resource["aws_glue_catalog_table"]!["logs"]).toEqual([
    {
      name: "logs",
      database_name: "${aws_glue_catalog_database.logq.name}",
      description: INPUT.Description,
      table_type: INPUT.TableType,
      // The parser leaves $${, which Terraform reads as ${, as it stands.
      parameters: {
        ...INPUT.Parameters,
        "storage.location.template": "s3://my-logs/eks/cluster=$${cluster}/dt=$${dt}/hour=$${hour}/",
      },
      partition_keys: INPUT.PartitionKeys.map(columnBlock),
      storage_descriptor: [
        {
          location: storage.Location,
          input_format: storage.InputFormat,
          output_format: storage.OutputFormat,
          ser_de_info: [
            {
              serialization_library: storage.SerdeInfo.SerializationLibrary,
              parameters: storage.SerdeInfo.Parameters,
            },
          ],
          columns: storage.Columns.map(columnBlock),
        },
      ],
    },
  ]);
  expect(resource["aws_athena_workgroup"]!["logq"]).toEqual([
    {
      name: "logq",
      configuration: [
        {
          enforce_workgroup_configuration: true,
          publish_cloudwatch_metrics_enabled: true,
          bytes_scanned_cutoff_per_query: 1e10,
          result_configuration: [{ output_location: "s3://results/" }],
        },
      ],
    },
  ]);
});

test("Terraform lets Athena keep the results where no place is named, and makes no workgroup unasked", async () => {
  const managed = (await parse("a.tf", terraform(WANTED, { ...WORK_GROUP, outputLocation: null }))) as Parsed;
  expect(managed.resource["aws_athena_workgroup"]!["logq"]).toMatchObject([
    { configuration: [{ managed_query_results_configuration: [{ enabled: true }] }] },
  ]);
  const { resource } = (await parse("a.tf", terraform(WANTED, null))) as Parsed;
  expect(Object.keys(resource)).toEqual(["aws_glue_catalog_database", "aws_glue_catalog_table"]);
});

test("CloudFormation's template holds the same inputs as the API gets", () => {
  const text = cloudFormation(WANTED, WORK_GROUP);
  expect(text).not.toMatch(/: [&*]/);
  const { Resources } = parseYaml(text) as Template;
  expect(Resources["Database"]!.Properties).toMatchObject({ DatabaseInput: { Name: "logq" } });
  expect(Resources["Table"]!.Properties).toEqual({
    CatalogId: { Ref: "AWS::AccountId" },
    DatabaseName: { Ref: "Database" },
    TableInput: INPUT,
  });
  expect(Resources["WorkGroup"]!.Properties).toEqual({
    Name: "logq",
    WorkGroupConfiguration: workGroupConfiguration(WORK_GROUP),
  });
});

interface Parsed {
  readonly resource: Readonly<Record<string, Readonly<Record<string, readonly object[]>>>>;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties: object }>>;
}

function columnBlock({ Name, Type, Comment }: GlueColumn): object {
  return { name: Name, type: Type, comment: Comment };
}
