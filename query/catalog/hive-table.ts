/**
 * The stored table as Hive's catalogs know it (AWS Glue's is one): what Athena's DDL, Glue's API, Terraform and
 * CloudFormation all say, from its one definition (`config/table.ts`).
 */
import { COLUMNS, PARTITION_COLUMNS, PARTITION_MEANINGS } from "../../config/table.ts";
import type { SqlType } from "../../config/tables/definition.ts";
import { CliError } from "../cli-error.ts";

export interface TableOptions {
  /** `s3://bucket/prefix`; for Trino `file:///…` too, for DuckDB a folder too. */
  readonly location: string;
  readonly database: string;
  readonly table: string;
  /** How many days back partitions are looked for. The agent stores no older record than 400 days. */
  readonly days: number;
}

/** What is assumed where nothing else is said, beside the location. */
export const TABLE_DEFAULTS = { database: "logq", table: "logs", days: 400 };

export interface HiveColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

export interface HiveTable {
  readonly database: string;
  readonly table: string;
  readonly columns: readonly HiveColumn[];
  readonly partitions: readonly HiveColumn[];
  /** With a slash at the end. */
  readonly location: string;
  /** One sentence for the catalog. */
  readonly description: string;
  readonly format: HiveFormat;
  /** Table properties: how partitions are computed from their names. */
  readonly properties: Readonly<Record<string, string>>;
}

/** What reads the files, as the names of Hive's classes. */
export interface HiveFormat {
  readonly input: string;
  readonly output: string;
  readonly serde: string;
  /** Of the serde. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What Athena itself writes for `CREATE EXTERNAL TABLE … STORED AS PARQUET`. */
export const PARQUET: HiveFormat = {
  input: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
  output: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
  serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
  parameters: { "serialization.format": "1" },
};

/**
 * Athena and Trino compute partitions from their names (partition projection), so that none has to be added: `cluster`
 * has to be named by every query (injected), `dt` and `hour` are ranges. Source: Athena's user guide, "Partition
 * projection". Throws CliError for names and locations that the catalog does not take.
 */
export function hiveTable({ location, database, table, days }: TableOptions): HiveTable {
  checkName("database", database);
  checkName("table", table);
  const root = checkLocation(location);
  return {
    database,
    table,
    columns: COLUMNS.map(({ name, type, meaning }) => ({ name, type: columnType(type), comment: meaning })),
    partitions: PARTITION_COLUMNS.map((name) => ({ name, type: "string", comment: PARTITION_MEANINGS[name] })),
    location: `${root}/`,
    description: "logs that logq-agent stored; made by logq init",
    format: PARQUET,
    properties: {
      classification: "parquet",
      "projection.enabled": "true",
      "projection.cluster.type": "injected",
      "projection.dt.type": "date",
      "projection.dt.format": "yyyy-MM-dd",
      "projection.dt.range": dayRange(days).join(","),
      "projection.hour.type": "integer",
      "projection.hour.range": "0,23",
      "projection.hour.digits": "2",
      "storage.location.template": `${partitionTemplate(root)}/`,
    },
  };
}

/** Without slashes at the end. Throws CliError if it would end its own quotes. */
export function checkLocation(location: string): string {
  if (!/['"\\\0\n]/.test(location)) return location.replace(/\/+$/, "");
  throw new CliError(
    `declare the table at ${location}: a quote cannot be in a location`,
    "move the objects under a plain prefix",
  );
}

/** The first and the last day in which partitions are looked for, by Athena's words. */
export function dayRange(days: number): [string, string] {
  return [`NOW-${days}DAYS`, "NOW+1DAYS"];
}

/** Where a partition lies, its values as `${cluster}`, `${dt}` and `${hour}`. */
export function partitionTemplate(root: string): string {
  return `${root}/${PARTITION_COLUMNS.map((name) => `${name}=\${${name}}`).join("/")}`;
}

/** Hive's name of a type. */
export function columnType(type: SqlType): string {
  return HIVE_TYPES[type];
}

const HIVE_TYPES: Readonly<Record<SqlType, string>> = {
  timestamp: "timestamp",
  bigint: "bigint",
  double: "double",
  varchar: "string",
  "map(varchar,varchar)": "map<string,string>",
};

/** Glue keeps names in lower case; Hive has no escape for a backtick that every version reads. */
export function checkName(what: "database" | "table", name: string): void {
  if (/^[a-z0-9_-]{1,255}$/.test(name)) return;
  const lower = name.toLowerCase();
  throw new CliError(
    `declare the ${what} ${name}: names in Athena are lower-case letters, digits, _ and -`,
    /^[a-z0-9_-]{1,255}$/.test(lower) ? `did you mean ${lower}?` : "choose such a name",
  );
}
