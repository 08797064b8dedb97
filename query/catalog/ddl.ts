/** The stored table as other engines declare it, from its one definition (`config/table.ts`). */
import { COLUMNS, PARTITION_COLUMNS } from "../../config/table.ts";
import type { TableColumn } from "../../config/table.ts";
import { quotedName, stringLiteral } from "../dialect/literal.ts";

export interface DdlOptions {
  /** `s3://bucket/prefix`; for Trino `file:///…` too, for DuckDB a folder too. */
  readonly location: string;
  /** Trino's catalog. */
  readonly catalog: string;
  readonly database: string;
  readonly table: string;
  /** How many days back partitions are looked for. The agent stores no older record than 400 days. */
  readonly days: number;
}

/** What `logq ddl` assumes where nothing else is said, beside the location. */
export const DDL_DEFAULTS = { catalog: "awsdatacatalog", database: "logq", table: "logs", days: 400 };

/**
 * The statement that declares the table to an engine. Athena and Trino compute partitions from their names (partition
 * projection), so that none has to be added: `cluster` has to be named by every query (injected), `dt` and `hour` are
 * ranges. DuckDB gets a view. Sources: Athena's user guide, "Partition projection"; Trino 435, "Hive connector".
 */
export function ddl(engine: "athena" | "trino" | "duckdb", options: DdlOptions): string {
  const location = options.location.replace(/\/+$/, "");
  if (/['\0]/.test(location)) throw new Error(`declare the table at ${location}: a quote cannot be in a location`);
  if (engine === "athena") return athenaTable({ ...options, location });
  return engine === "trino" ? trinoTable({ ...options, location }) : duckDbView({ ...options, location });
}

function athenaTable({ location, database, table, days }: DdlOptions): string {
  const properties = {
    "projection.enabled": "true",
    "projection.cluster.type": "injected",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
    "projection.dt.range": dayRange(days).join(","),
    "projection.hour.type": "integer",
    "projection.hour.range": "0,23",
    "projection.hour.digits": "2",
    "storage.location.template": `${partitionTemplate(location)}/`,
  };
  const columns = COLUMNS.map(({ name, type, meaning }) => {
    return `  \`${name}\` ${HIVE_TYPES[type]} COMMENT '${hiveText(meaning)}'`;
  });
  return [
    `CREATE EXTERNAL TABLE ${hiveName(database)}.${hiveName(table)} (`,
    columns.join(",\n"),
    ")",
    `PARTITIONED BY (${PARTITION_COLUMNS.map((name) => `\`${name}\` string`).join(", ")})`,
    "STORED AS PARQUET",
    `LOCATION '${location}/'`,
    "TBLPROPERTIES (",
    Object.entries(properties)
      .map(([key, value]) => `  '${key}' = '${value}'`)
      .join(",\n"),
    ")\n",
  ].join("\n");
}

const HIVE_TYPES: Readonly<Record<TableColumn["type"], string>> = {
  timestamp: "timestamp",
  bigint: "bigint",
  varchar: "string",
  "map(varchar,varchar)": "map<string,string>",
};

function trinoTable({ location, catalog, database, table, days }: DdlOptions): string {
  const projections: Readonly<Record<(typeof PARTITION_COLUMNS)[number], string>> = {
    cluster: "partition_projection_type = 'INJECTED'",
    dt: `partition_projection_type = 'DATE', partition_projection_format = 'yyyy-MM-dd', partition_projection_range = ${textArray(dayRange(days))}`,
    hour: `partition_projection_type = 'INTEGER', partition_projection_digits = 2, partition_projection_range = ${textArray(["0", "23"])}`,
  };
  const columns = [
    ...COLUMNS.map(({ name, type, meaning }) => {
      return `  ${name} ${type === "timestamp" ? "timestamp(3)" : type} COMMENT ${stringLiteral(meaning)}`;
    }),
    ...PARTITION_COLUMNS.map((name) => `  ${name} varchar WITH (${projections[name]})`),
  ];
  return [
    `CREATE TABLE ${[catalog, database, table].map(quotedName).join(".")} (`,
    columns.join(",\n"),
    ") WITH (",
    "  format = 'PARQUET',",
    `  external_location = '${location}/',`,
    `  partitioned_by = ${textArray(PARTITION_COLUMNS)},`,
    "  partition_projection_enabled = true,",
    `  partition_projection_location_template = '${partitionTemplate(location)}'`,
    ")\n",
  ].join("\n");
}

function duckDbView({ location, table }: DdlOptions): string {
  const names = [...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS];
  const shown = names.map((name) => (name === "ts" ? "CAST(ts AS TIMESTAMP) AS ts" : name)).join(", ");
  const files = `${location}/${PARTITION_COLUMNS.map((name) => `${name}=*`).join("/")}/*.parquet`;
  return [
    "SET TimeZone = 'UTC';",
    `CREATE VIEW ${quotedName(table)} AS SELECT ${shown}`,
    `FROM read_parquet('${files}', hive_partitioning = true, hive_types_autocast = false, union_by_name = true);\n`,
  ].join("\n");
}

function partitionTemplate(location: string): string {
  return `${location}/${PARTITION_COLUMNS.map((name) => `${name}=\${${name}}`).join("/")}`;
}

function dayRange(days: number): [string, string] {
  return [`NOW-${days}DAYS`, "NOW+1DAYS"];
}

function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map(stringLiteral).join(", ")}]`;
}

/** Hive has no escape for a backtick that every version reads. */
function hiveName(name: string): string {
  if (/^[\w-]+$/.test(name)) return `\`${name}\``;
  throw new Error(`declare the table ${name}: names in Athena are letters, digits, _ and -`);
}

function hiveText(text: string): string {
  return text.replace(/[\\']/g, String.raw`\$&`);
}
