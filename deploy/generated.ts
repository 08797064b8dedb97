import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { glueTableInput } from "../query/catalog/glue-table.ts";
import { hiveTable, TABLE_DEFAULTS } from "../query/catalog/hive-table.ts";
import { terraform } from "../query/catalog/infrastructure.ts";
import { ALARMS, dashboardBody } from "./dashboard.ts";

export const ROOT = new URL("../", import.meta.url).pathname;
export const TEMPLATE_PATH = "deploy/cloudformation/logq.yaml";

/** Bucket and prefix, until a language has its own words for them. */
const LOCATION = "s3://@logs@";
const DATABASE = "database-of-the-stack";
const DESCRIPTION = "logs that logq-agent stores";

/** The files of deploy/ that are written by the definitions of table and dashboard, whole or in part: path to text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const template = withDashboard(withTable(readFileSync(`${ROOT}${TEMPLATE_PATH}`, "utf8")));
  return new Map([
    [TEMPLATE_PATH, template],
    ["deploy/terraform/table.tf", tableOfTerraform()],
    ["deploy/terraform/dashboard.tf", dashboardOfTerraform()],
    ["deploy/terraform/dashboard.json.tftpl", `${dashboardBody((name) => `\${${variableOf(name)}}`)}\n`],
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

/** The template with its DashboardBody made anew. */
function withDashboard(template: string): string {
  const text = dashboardBody((name) => `\${${name}}`).replaceAll(/^(?=.)/gm, " ".repeat(8));
  return template.replace(/^( {6}DashboardBody:).*\n(?: {7,}.*\n)*/m, (_, head: string) => `${head} !Sub |\n${text}\n`);
}

function dashboardOfTerraform(): string {
  const values = [
    ...ALARMS.map((name) => [
      `${name}.Arn`,
      `aws_cloudwatch_metric_alarm.${variableOf(name).replace(/_alarm$/, "")}.arn`,
    ]),
    ["AWS::Region", "data.aws_region.current.id"],
    ["ClusterName", "var.cluster_name"],
    ["MetricsLogGroup", "aws_cloudwatch_log_group.metrics.name"],
    ...["LagSecondsMax", "MemoryBytesMax", "CpuPercentMax"].map((name) => [name, `var.${variableOf(name)}`]),
  ].map(([name, value]) => [variableOf(name!), value!] as const);
  const width = Math.max(...values.map(([name]) => name.length));
  return `# Written by npm run infrastructure, from deploy/dashboard.ts.

resource "aws_cloudwatch_dashboard" "logq" {
  dashboard_name = "logq-\${var.cluster_name}"
  dashboard_body = templatefile("\${path.module}/dashboard.json.tftpl", {
${values.map(([name, value]) => `    ${name.padEnd(width)} = ${value}\n`).join("")}  })
}
`;
}

/** `LostAlarm.Arn` → `lost_alarm_arn`. */
function variableOf(name: string): string {
  const bare = name.replace("AWS::", "").replace(".", "");
  return bare.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
}

function wantedTable() {
  return hiveTable({ ...TABLE_DEFAULTS, database: DATABASE, location: LOCATION });
}
