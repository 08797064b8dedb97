import { COLUMNS, PARTITION_COLUMNS, partitionOfHour, type TableColumn } from "../../config/table.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { stringLiteral } from "./literal.ts";
import { duckDbPath } from "./paths.ts";
import type { LowerOptions, TimeRange } from "./statement.ts";
import { filesScan, viewScan } from "./table-scan.ts";

/** The reserved name of the CTE that reads the stored table. */
export const SCAN_NAME = "logq_scan";

const HOUR_NS = 3_600_000_000_000n;
/** A longer range names no partitions: the list of files says the same, and planning would take longer than reading. */
const PARTITIONS_MAX = 500n;

/** The body of the scan of a table for DuckDB. */
export function duckDbScan(table: TableDefinition, options: LowerOptions): string {
  if (table.view !== null) return viewScan(table, duckDbScan(table.view.of, options), "duckDb");
  return table.aws === null ? logsScan(options) : filesScan(table, options);
}

/**
 * The body of the scan of `logs`: exactly the files given, cut to the range on the stored columns (so that row groups
 * are skipped by their statistics), with `ts` as a timestamp without zone in UTC as Athena's tables have it. Without
 * files it is a relation of the same types without rows.
 */
function logsScan({ files, range, where, columns: stored = null }: LowerOptions): string {
  if (files.length === 0) return `SELECT ${emptyColumns()} WHERE false`;
  const shown = [...COLUMNS.map((column) => columnText(column, stored)), ...PARTITION_COLUMNS].join(", ");
  const list = files.map((file) => stringLiteral(duckDbPath(file))).join(", ");
  const options = "hive_partitioning = true, hive_types_autocast = false, union_by_name = true";
  const conditions = [
    ...partitionConditions(range),
    ...timeConditions(range),
    ...(where === null ? [] : [`(${where})`]),
  ];
  const filter = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  return `SELECT ${shown} FROM read_parquet([${list}], ${options})${filter}`;
}

function columnText({ name, type }: TableColumn, stored: ReadonlySet<string> | null): string {
  if (stored !== null && !stored.has(name)) return `CAST(NULL AS ${type}) AS ${name}`;
  return name === "ts" ? "CAST(ts AS TIMESTAMP) AS ts" : name;
}

function emptyColumns(): string {
  const stored = COLUMNS.map((column) => columnText(column, new Set()));
  return [...stored, ...PARTITION_COLUMNS.map((name) => `CAST(NULL AS varchar) AS ${name}`)].join(", ");
}

/** `(dt, hour) IN …` for a range that is closed and not too long. */
function partitionConditions({ from, to }: TimeRange): string[] {
  if (from === null || to === null || to <= from) return [];
  const first = from / HOUR_NS;
  const count = (to - 1n) / HOUR_NS - first + 1n;
  if (count > PARTITIONS_MAX) return [];
  const pairs = Array.from({ length: Number(count) }, (_, i) => {
    const { dt, hour } = partitionOfHour(Number(first) + i);
    return `(${stringLiteral(dt)}, ${stringLiteral(hour)})`;
  });
  return [`(dt, hour) IN (${pairs.join(", ")})`];
}

function timeConditions({ from, to }: TimeRange): string[] {
  return [...(from === null ? [] : [`ts_ns >= ${from}`]), ...(to === null ? [] : [`ts_ns < ${to}`])];
}
