import { COLUMNS, PARTITION_COLUMNS, partitionOfHour } from "../../config/table.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { quotedName, stringLiteral } from "./literal.ts";
import type { TimeRange } from "./statement.ts";
import { storedScan, viewScan } from "./table-scan.ts";

/** Where the stored table is. */
interface TrinoTable {
  readonly catalog: string;
  readonly database: string;
  readonly table: string;
}

export interface TrinoScanOptions {
  readonly table: TrinoTable;
  /** At least one for `logs`: the projection of `cluster` is `injected`, so every scan names one by a literal. */
  readonly clusters: readonly string[];
  /** The exact range of the scan. */
  readonly range: TimeRange;
  /** Further condition in the table's columns, or null. */
  readonly where: string | null;
  /** Which objects of a cluster count (`trino-merged.ts`); all where it has none. */
  readonly objects?: ReadonlyMap<string, string>;
}

const HOUR_NS = 3_600_000_000_000n;
const MS_NS = 1_000_000n;

/** The body of the scan of a table for Trino and Athena. */
export function trinoScan(definition: TableDefinition, options: TrinoScanOptions): string {
  if (definition.view !== null) return viewScan(definition, trinoScan(definition.view.of, options), "trino");
  return definition.aws === null ? logsScan(options) : storedScan(definition, nameOf(options.table), options.range);
}

/**
 * The body of the scan of `logs`: the partitions of the range, and the range itself on `ts` (which row groups
 * are skipped by) and on `ts_ns` (exact). Partition values are compared with literals only, so that they are pruned
 * before anything is listed. One SELECT per cluster.
 */
function logsScan({ table, clusters, range, where, objects }: TrinoScanOptions): string {
  if (clusters.length === 0) throw new RangeError("scan the table on Trino: name at least one cluster");
  const from = nameOf(table);
  const ofCluster = (cluster: string): string => {
    const counting = objects?.get(cluster);
    const conditions = [
      `cluster = ${stringLiteral(cluster)}`,
      ...partitionConditions(range),
      // Before the columns, which need not be read where it says no.
      ...(counting === undefined ? [] : [`(${counting})`]),
      ...timeConditions(range),
      ...(where === null ? [] : [`(${where})`]),
    ];
    return `SELECT ${COLUMN_LIST} FROM ${from} WHERE ${conditions.join(" AND ")}`;
  };
  return clusters.map(ofCluster).join(" UNION ALL ");
}

const COLUMN_LIST = [...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS].join(", ");

function nameOf({ catalog, database, table }: TrinoTable): string {
  return [catalog, database, table].map(quotedName).join(".");
}

/** The days and, at both ends of the range, the hours. An empty range scans no partition. */
function partitionConditions({ from, to }: TimeRange): string[] {
  if (from !== null && to !== null && to <= from) return ["false"];
  const first = from === null ? null : literals(from / HOUR_NS);
  const last = to === null ? null : literals((to - 1n) / HOUR_NS);
  if (first !== null && last !== null && first.dt === last.dt) {
    return [
      `dt = ${first.dt}`,
      ...(first.hour === last.hour ? [`hour = ${first.hour}`] : hours(first.hour, last.hour)),
    ];
  }
  return [
    ...(first === null ? [] : [`dt >= ${first.dt}`]),
    ...(last === null ? [] : [`dt <= ${last.dt}`]),
    ...(first === null || first.hour === "'00'" ? [] : [`(dt > ${first.dt} OR hour >= ${first.hour})`]),
    ...(last === null || last.hour === "'23'" ? [] : [`(dt < ${last.dt} OR hour <= ${last.hour})`]),
  ];
}

function hours(first: string, last: string): string[] {
  return [...(first === "'00'" ? [] : [`hour >= ${first}`]), ...(last === "'23'" ? [] : [`hour <= ${last}`])];
}

function literals(hour: bigint): { dt: string; hour: string } {
  const partition = partitionOfHour(Number(hour));
  return { dt: stringLiteral(partition.dt), hour: stringLiteral(partition.hour) };
}

/** `ts` is whole milliseconds, the range is nanoseconds: a record is in it by `ts_ns`. */
function timeConditions({ from, to }: TimeRange): string[] {
  return [
    ...(from === null ? [] : [`ts >= ${timestamp(from)}`, `ts_ns >= ${from}`]),
    ...(to === null ? [] : [`ts <= ${timestamp(to - 1n)}`, `ts_ns < ${to}`]),
  ];
}

/** The millisecond that holds a time, as a literal. */
function timestamp(ns: bigint): string {
  const ms = ns >= 0n ? ns / MS_NS : -((MS_NS - 1n - ns) / MS_NS);
  return `timestamp '${new Date(Number(ms)).toISOString().slice(0, -1).replace("T", " ")}'`;
}
