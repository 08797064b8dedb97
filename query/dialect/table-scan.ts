/** The scans of tables beside `logs`: what their definitions say, spelt out for an engine and cut to a range of `ts`. */
import type { QueryColumn, TableDefinition } from "../../config/tables/definition.ts";
import { quotedName, stringLiteral } from "./literal.ts";
import { duckDbPath } from "./paths.ts";
import type { TimeRange } from "./statement.ts";

const US_NS = 1000n;
const DAY_MS = 86_400_000;
const MS_NS = 1_000_000n;

/** The body of the scan for DuckDB: the files given, by the readers of their extensions. Without files it has no rows. */
export function filesScan(
  { all, aws }: TableDefinition,
  { files, range }: { readonly files: readonly string[]; readonly range: TimeRange },
): string {
  const reads = (aws?.readers ?? []).flatMap((reader) => {
    const own = files.filter((file) => file.endsWith(reader.extension));
    const list = own.map((file) => stringLiteral(duckDbPath(file))).join(", ");
    const { mayLack = [] } = reader;
    return own.length === 0
      ? []
      : [
          ...(mayLack.length === 0 ? [] : [`SELECT ${mayLack.map(nullText).join(", ")} WHERE false`]),
          `SELECT * FROM ${reader.function}([${list}], ${reader.options})`,
        ];
  });
  if (reads.length === 0) return emptyScan(all);
  const from = reads.length === 1 ? reads[0]!.slice("SELECT * FROM ".length) : `(${reads.join(" UNION ALL BY NAME ")})`;
  return `SELECT * FROM (SELECT ${all.map(duckDbColumn).join(", ")} FROM ${from})${whereTime(range)}`;
}

/** The body of the scan of a view, over the scan of what it is a view of. */
export function viewScan(table: TableDefinition, base: string, engine: "duckDb" | "trino"): string {
  const columnText = engine === "duckDb" ? duckDbColumn : trinoColumn;
  const conditions = Object.entries(table.view!.is).map(([name, value]) => `${name} = ${stringLiteral(value)}`);
  return `SELECT ${table.all.map(columnText).join(", ")} FROM (${base}) AS base WHERE ${conditions.join(" AND ")}`;
}

/**
 * The body of the scan for Trino and Athena: the days of files that may hold events of the range (partition `day`, as
 * `2026/11/21`), then the range itself.
 */
export function storedScan({ all, aws }: TableDefinition, from: string, range: TimeRange): string {
  // A line that the table's expression does not know is a row of nulls: other logs lie in the same folders.
  const known = aws?.content === "alb entries" ? ["time IS NOT NULL"] : [];
  const conditions = [...dayConditions(range, aws?.lateMs ?? 0), ...known];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const stored = `SELECT ${all.map(trinoColumn).join(", ")} FROM ${from}${where}`;
  const names = all.map(({ name }) => quotedName(name)).join(", ");
  return `SELECT ${names} FROM (${stored}) AS stored${whereTime(range)}`;
}

function nullText(name: string): string {
  return `CAST(NULL AS varchar) AS ${quotedName(name)}`;
}

function duckDbColumn({ name, duckDb = quotedName(name) }: QueryColumn): string {
  return `${duckDb} AS ${quotedName(name)}`;
}

function trinoColumn({ name, trino = quotedName(name) }: QueryColumn): string {
  return `${trino} AS ${quotedName(name)}`;
}

function emptyScan(all: readonly QueryColumn[]): string {
  return `SELECT ${all.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quotedName(name)}`).join(", ")} WHERE false`;
}

function whereTime({ from, to }: TimeRange): string {
  const conditions = [
    ...(from === null ? [] : [`ts >= ${timestamp(from)}`]),
    ...(to === null ? [] : [`ts < ${timestamp(to)}`]),
  ];
  return conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
}

/** The first microsecond that is not before a time: that both engines have. */
function timestamp(ns: bigint): string {
  const us = ns > 0n ? (ns + US_NS - 1n) / US_NS : ns / US_NS;
  const ms = us >= 0n ? us / 1000n : (us - 999n) / 1000n;
  const text = new Date(Number(ms)).toISOString().slice(0, -1).replace("T", " ");
  return `timestamp '${text}${String(us - ms * 1000n).padStart(3, "0")}'`;
}

function dayConditions({ from, to }: TimeRange, lateMs: number): string[] {
  if (from !== null && to !== null && to <= from) return ["false"];
  return [
    ...(from === null ? [] : [`day >= ${dayLiteral(Number(from / MS_NS))}`]),
    ...(to === null ? [] : [`day <= ${dayLiteral(Number((to - 1n) / MS_NS) + lateMs)}`]),
  ];
}

function dayLiteral(ms: number): string {
  const day = Math.floor(ms / DAY_MS) * DAY_MS;
  return stringLiteral(new Date(day).toISOString().slice(0, 10).replaceAll("-", "/"));
}
