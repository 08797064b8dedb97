/** The tables of AWS's own logs as Hive's catalogs know them. Source: Athena's user guide, "Query AWS service logs". */
import { FLOW_FIELDS } from "../../config/tables/vpc-flow.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { checkLocation, checkName, columnType, dayRange, PARQUET } from "./hive-table.ts";
import type { HiveColumn, HiveFormat, HiveTable } from "./hive-table.ts";

export interface AwsTableOptions {
  /** `s3://bucket/prefix`, below which `AWSLogs/` lies. */
  readonly location: string;
  readonly database: string;
  readonly table: string;
  readonly days: number;
  /** What partitions there are: Athena is told, for it looks for none by itself. At least one each. */
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  /** Of `vpc_flow`: the fields of a line in their order, or Parquet. Null: version 2's fourteen. */
  readonly flowFormat: "parquet" | readonly string[] | null;
}

/**
 * Partitions `account`, `region` and `day` (2026/11/21), computed from their names. A table whose own column is called
 * region has `file_region`. Throws CliError for names and locations that the catalog does not take.
 */
export function awsHiveTable(definition: TableDefinition, options: AwsTableOptions): HiveTable {
  const { database, table, location, days, accounts, regions } = options;
  checkName("database", database);
  checkName("table", table);
  const root = checkLocation(location);
  const { service } = definition.aws!;
  const region = definition.columns.some(({ name }) => name === "region") ? "file_region" : "region";
  const template = `${root}/AWSLogs/\${account}/${service}/\${${region}}/\${day}/`;
  return {
    database,
    table,
    description: `${definition.meaning}; made by logq init ${definition.name}`,
    columns: columnsOf(definition, options),
    partitions: [
      { name: "account", type: "string", comment: "the account that the files are of" },
      { name: region, type: "string", comment: "the region that the files are of" },
      { name: "day", type: "string", comment: "when the files were written: 2026/11/21" },
    ],
    location: `${root}/AWSLogs/`,
    format: formatOf(definition, options),
    properties: {
      "projection.enabled": "true",
      "projection.account.type": "enum",
      "projection.account.values": accounts.join(","),
      [`projection.${region}.type`]: "enum",
      [`projection.${region}.values`]: regions.join(","),
      "projection.day.type": "date",
      "projection.day.format": "yyyy/MM/dd",
      "projection.day.range": dayRange(days).join(","),
      "projection.day.interval": "1",
      "projection.day.interval.unit": "DAYS",
      "storage.location.template": template,
      ...(isFlowText(definition, options) && { "skip.header.line.count": "1" }),
    },
  };
}

/** Names of the fields that a flow log has if it was made without a format. */
const FLOW_FIELDS_2 = FLOW_FIELDS.slice(0, 14);

function columnsOf({ name: table, columns }: TableDefinition, options: AwsTableOptions): HiveColumn[] {
  const stored = columns.filter(({ hive }) => hive !== null);
  const declared = stored.map(({ name, type, hive, meaning }) => {
    return { name, type: hive ?? columnType(type), comment: meaning };
  });
  if (table !== "vpc_flow" || options.flowFormat === "parquet") return declared;
  // By their place in a line: what the format has not is behind its fields, and NULL.
  const fields = (options.flowFormat ?? FLOW_FIELDS_2).map((field) => field.replaceAll("-", "_"));
  const others = fields.filter((field) => !declared.some(({ name }) => name === field));
  const placeOf = ({ name }: HiveColumn): number => {
    const at = fields.indexOf(name);
    return at < 0 ? fields.length : at;
  };
  // A field that is not known takes its place, too: else the next column would have its values.
  const all = [
    ...declared,
    ...others.map((name) => ({ name, type: "string", comment: "a field that queries do not read" })),
  ];
  return all.toSorted((a, b) => placeOf(a) - placeOf(b));
}

const TEXT_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";
const TEXT_INPUT = "org.apache.hadoop.mapred.TextInputFormat";

function formatOf({ aws }: TableDefinition, { flowFormat }: AwsTableOptions): HiveFormat {
  const { content } = aws!;
  if (content === "cloudtrail records") {
    return {
      input: "com.amazon.emr.cloudtrail.CloudTrailInputFormat",
      output: TEXT_OUTPUT,
      serde: "org.apache.hive.hcatalog.data.JsonSerDe",
      parameters: {},
    };
  }
  if (content === "alb entries") {
    const parameters = { "input.regex": ALB_LINE };
    return { input: TEXT_INPUT, output: TEXT_OUTPUT, serde: "org.apache.hadoop.hive.serde2.RegexSerDe", parameters };
  }
  if (flowFormat === "parquet") return PARQUET;
  const parameters = { "field.delim": " ", "serialization.format": " " };
  return {
    input: TEXT_INPUT,
    output: TEXT_OUTPUT,
    serde: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    parameters,
  };
}

function isFlowText({ aws }: TableDefinition, { flowFormat }: AwsTableOptions): boolean {
  return aws!.content === "flow records" && flowFormat !== "parquet";
}

const WORD = "([^ ]*)";
const NUMBER = "([-.0-9]*)";
/**
 * A text up to its quote. The first load balancers wrote a quote inside of it as \", those of today as \x22. Java takes
 * stack for each round, so that there is an end to them: a line of more is not known.
 */
const TEXT = String.raw`[^"]*(?:(?<=\\)"[^"]*){0,200}`;
const QUOTED = `"(${TEXT})"`;
const REQUEST = `"([^ ]*) (${TEXT}) (- |[^ "]*)"`;
/** What load balancers wrote from the first on. */
const ALB_FIRST = [
  `${WORD} ${WORD} ${WORD} ${WORD}:([0-9]*) ${WORD}[:-]([0-9]*)`,
  Array.from({ length: 7 }, () => NUMBER).join(" "),
  `${REQUEST} ${QUOTED} ${WORD} ${WORD} ${WORD} ${QUOTED}`,
];
/** What was added, in its order, w for a word and q for a quoted text: older lines end earlier. */
const ALB_LATER = Array.from("qqwwqqqqqqqwqqq", (kind) => (kind === "q" ? QUOTED : WORD));
/** A group for each column of `alb`. */
const ALB_LINE = `${ALB_FIRST.join(" ")}${ALB_LATER.map((field) => `(?: ${field})?`).join("")}.*`;
