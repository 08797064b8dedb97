/** The stored table as other engines declare it, from its one definition (`config/table.ts`). */
import { COLUMNS, PARTITION_COLUMNS } from "../../config/table.ts";
import { quotedName, stringLiteral } from "../dialect/literal.ts";
import { checkLocation, dayRange, hiveTable, PARQUET, partitionTemplate, TABLE_DEFAULTS } from "./hive-table.ts";
import type { HiveColumn, HiveFormat, HiveTable, TableOptions } from "./hive-table.ts";

export interface DdlOptions extends TableOptions {
  /** Trino's catalog. */
  readonly catalog: string;
}

/** What `logq ddl` assumes where nothing else is said, beside the location. */
export const DDL_DEFAULTS = { ...TABLE_DEFAULTS, catalog: "awsdatacatalog" };

export const DDL_ENGINES = ["athena", "trino", "duckdb"] as const;

/**
 * The statement that declares the table to an engine. Athena and Trino compute partitions from their names (partition
 * projection); DuckDB gets a view. Sources: Athena's user guide, "Partition projection"; Trino 435, "Hive connector".
 * Throws CliError for names and locations that cannot be written.
 */
export function ddl(engine: (typeof DDL_ENGINES)[number], options: DdlOptions): string {
  if (engine === "athena") return athenaTable(hiveTable(options));
  const location = checkLocation(options.location);
  return engine === "trino" ? trinoTable({ ...options, location }) : duckDbView({ ...options, location });
}

/** Athena's CREATE EXTERNAL TABLE. */
export function athenaTable({ database, table, columns, partitions, location, format, properties }: HiveTable): string {
  return [
    `CREATE EXTERNAL TABLE \`${database}\`.\`${table}\` (`,
    columns.map(athenaColumn).join(",\n"),
    ")",
    "PARTITIONED BY (",
    partitions.map(athenaColumn).join(",\n"),
    ")",
    ...formatText(format),
    `LOCATION '${location}'`,
    "TBLPROPERTIES (",
    Object.entries(properties)
      .map(([key, value]) => `  '${key}' = '${value}'`)
      .join(",\n"),
    ")\n",
  ].join("\n");
}

function formatText({ input, output, serde, parameters }: HiveFormat): string[] {
  if (serde === PARQUET.serde) return ["STORED AS PARQUET"];
  const pairs = Object.entries(parameters).map(([key, value]) => `'${key}' = '${hiveText(value)}'`);
  return [
    `ROW FORMAT SERDE '${serde}'`,
    ...(pairs.length === 0 ? [] : [`WITH SERDEPROPERTIES (${pairs.join(", ")})`]),
    `STORED AS INPUTFORMAT '${input}'`,
    `OUTPUTFORMAT '${output}'`,
  ];
}

function athenaColumn({ name, type, comment }: HiveColumn): string {
  return `  \`${name}\` ${type} COMMENT '${hiveText(comment)}'`;
}

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

function textArray(values: readonly string[]): string {
  return `ARRAY[${values.map(stringLiteral).join(", ")}]`;
}

function hiveText(text: string): string {
  return text.replace(/[\\']/g, String.raw`\$&`);
}
