import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { glueTableInput } from "../query/catalog/glue-table.ts";
import { hiveTable, TABLE_DEFAULTS } from "../query/catalog/hive-table.ts";
import { terraform } from "../query/catalog/infrastructure.ts";

export const ROOT = new URL("../", import.meta.url).pathname;
export const TEMPLATE_PATH = "deploy/cloudformation/logq.yaml";

/** Bucket and prefix, until a language has its own words for them. */
const LOCATION = "s3://@logs@";
const DATABASE = "database-of-the-stack";
const DESCRIPTION = "logs that logq-agent stores";

/** The files of deploy/ that are written by the definition of the table, whole or in part: path to text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const template = withTable(readFileSync(`${ROOT}${TEMPLATE_PATH}`, "utf8"));
  return new Map([
    [TEMPLATE_PATH, template],
    ["deploy/terraform/table.tf", tableOfTerraform()],
  ]);
}

function tableOfTerraform(): string {
  const text = terraform(wantedTable(), null)
    .replaceAll(`${LOCATION}/`, "s3://${aws_s3_bucket.logs.id}/${var.prefix}")
    .replaceAll(`"${DATABASE}"`, "var.database_name")
    .replaceAll(glueTableInput(wantedTable()).Description, DESCRIPTION);
  return `# Written by npm run infrastructure, from the definition of the table.\n\n${text}`;
}

/** The template with its TableInput made anew. */
function withTable(template: string): string {
  const { Parameters, ...input } = glueTableInput(wantedTable());
  const text = stringify({ ...input, Description: DESCRIPTION, Parameters }, { lineWidth: 0 })
    .replaceAll(/: "?s3:\/\/@logs@\/([^"\n]*)"?$/gm, (_, rest: string) => {
      // Athena's own ${...}, which is not CloudFormation's.
      return `: !Sub "s3://\${Bucket}/\${Prefix}${rest.replaceAll("${", "${!")}"`;
    })
    .replaceAll(/^(?=.)/gm, " ".repeat(8));
  return template.replace(/^( {6}TableInput:).*\n(?: {7,}.*\n)*/m, (_, head: string) => `${head}\n${text}`);
}

function wantedTable() {
  return hiveTable({ ...TABLE_DEFAULTS, database: DATABASE, location: LOCATION });
}
