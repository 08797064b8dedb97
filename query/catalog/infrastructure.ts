/** The database, the table and the workgroup as infrastructure code, for those who create nothing by hand. */
import { stringify } from "yaml";
import { glueTableInput, type GlueColumn } from "./glue-table.ts";
import { hclBlock, type Block } from "./hcl.ts";
import type { HiveTable } from "./hive-table.ts";
import { workGroupConfiguration, type WorkGroupWish } from "./work-group.ts";

/** A Terraform module of one file. Resources: hashicorp/aws, `glue_catalog_database`, `glue_catalog_table`, `athena_workgroup`. */
export function terraform(wanted: HiveTable, workGroup: WorkGroupWish | null): string {
  const { StorageDescriptor: storage, PartitionKeys, ...input } = glueTableInput(wanted);
  const serde = {
    serialization_library: storage.SerdeInfo.SerializationLibrary,
    parameters: { map: storage.SerdeInfo.Parameters },
  };
  const storageBlock: Block = {
    head: "storage_descriptor",
    attributes: {
      location: storage.Location,
      input_format: storage.InputFormat,
      output_format: storage.OutputFormat,
    },
    blocks: [
      { head: "ser_de_info", attributes: serde },
      ...storage.Columns.map((each) => columnBlock("columns", each)),
    ],
  };
  const resources: Block[] = [
    { head: 'resource "aws_glue_catalog_database" "logq"', attributes: { name: wanted.database } },
    {
      head: 'resource "aws_glue_catalog_table" "logs"',
      attributes: {
        name: input.Name,
        database_name: { reference: "aws_glue_catalog_database.logq.name" },
        description: input.Description,
        table_type: input.TableType,
        parameters: { map: input.Parameters },
      },
      blocks: [...PartitionKeys.map((each) => columnBlock("partition_keys", each)), storageBlock],
    },
    ...(workGroup === null ? [] : [workGroupBlock(workGroup)]),
  ];
  return resources.map((resource) => hclBlock(resource)).join("\n");
}

/** A CloudFormation template in YAML. */
export function cloudFormation(wanted: HiveTable, workGroup: WorkGroupWish | null): string {
  const catalogId = { Ref: "AWS::AccountId" };
  const resources = {
    Database: {
      Type: "AWS::Glue::Database",
      Properties: { CatalogId: catalogId, DatabaseInput: { Name: wanted.database } },
    },
    Table: {
      Type: "AWS::Glue::Table",
      Properties: { CatalogId: catalogId, DatabaseName: { Ref: "Database" }, TableInput: glueTableInput(wanted) },
    },
    ...(workGroup !== null && {
      WorkGroup: {
        Type: "AWS::Athena::WorkGroup",
        Properties: { Name: workGroup.name, WorkGroupConfiguration: workGroupConfiguration(workGroup) },
      },
    }),
  };
  const template = {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: "The table of logs that logq-agent stores, made by logq init --print cloudformation",
    Resources: resources,
  };
  // CloudFormation reads no aliases.
  return stringify(template, { lineWidth: 0, aliasDuplicateObjects: false });
}

function columnBlock(head: string, { Name, Type, Comment }: GlueColumn): Block {
  return { head, attributes: { name: Name, type: Type, comment: Comment } };
}

function workGroupBlock(wish: WorkGroupWish): Block {
  const { outputLocation } = wish;
  const results: Block =
    outputLocation === null
      ? { head: "managed_query_results_configuration", attributes: { enabled: true } }
      : { head: "result_configuration", attributes: { output_location: outputLocation } };
  const configuration = workGroupConfiguration(wish);
  const attributes = {
    enforce_workgroup_configuration: configuration.EnforceWorkGroupConfiguration,
    publish_cloudwatch_metrics_enabled: configuration.PublishCloudWatchMetricsEnabled,
    bytes_scanned_cutoff_per_query: configuration.BytesScannedCutoffPerQuery,
  };
  return {
    head: 'resource "aws_athena_workgroup" "logq"',
    attributes: { name: wish.name },
    blocks: [{ head: "configuration", attributes, blocks: [results] }],
  };
}
