/** Templates as rows of a result. */
import { LEVELS } from "../../config/table.ts";
import type { ResultColumn, Value } from "../engine/engine.ts";
import type { Collected } from "./collect.ts";
import { patternOf, type Cell, type Shape } from "./shape.ts";

/** A row a template; `pattern` is null for the rows of all the rare ones that there was no room for. */
export const TEMPLATE_COLUMNS = [
  { name: "n", type: "bigint" },
  { name: "share", type: "double" },
  { name: "level", type: "varchar" },
  { name: "workloads", type: "json" },
  { name: "first_ts", type: "timestamp" },
  { name: "last_ts", type: "timestamp" },
  { name: "pattern", type: "varchar" },
  { name: "example", type: "varchar" },
] as const satisfies readonly ResultColumn[];

export interface TemplateRow {
  readonly rows: number;
  /** Of all rows, 0 to 1. */
  readonly share: number;
  /** The most frequent one; null where most rows have none. */
  readonly level: string | null;
  /** The most frequent first, `WORKLOADS_MAX` at most. */
  readonly workloads: readonly string[];
  readonly firstMs: number;
  readonly lastMs: number;
  /** Null for what stands for the rest. */
  readonly pattern: string | null;
  readonly example: string;
}

const WORKLOADS_MAX = 10;
const SHARE_DIGITS = 6;

/** Templates with the most rows first, the rest of the rows last. */
export function templateRows({ templates, other }: Collected): TemplateRow[] {
  const all = [...templates, ...(other === null ? [] : [other])];
  const total = all.reduce((sum, { rows }) => sum + rows, 0);
  const rows = templates.map((shape) => templateRow(shape, patternOf(shape), total));
  const sorted = rows.toSorted((a, b) => b.rows - a.rows || (a.pattern! < b.pattern! ? -1 : 1));
  return other === null ? sorted : [...sorted, templateRow(other, null, total)];
}

/** The values of `TEMPLATE_COLUMNS`. */
export function valuesOf(row: TemplateRow): Value[] {
  return [
    BigInt(row.rows),
    row.share,
    row.level,
    JSON.stringify(row.workloads),
    new Date(row.firstMs).toISOString(),
    new Date(row.lastMs).toISOString(),
    row.pattern,
    row.example,
  ];
}

function templateRow(
  shape: Omit<Shape, "text" | "values" | "same">,
  pattern: string | null,
  total: number,
): TemplateRow {
  const { rows, firstMs, lastMs, example, cells } = shape;
  const share = Number((rows / total).toFixed(SHARE_DIGITS));
  return { rows, share, level: levelOf(cells), workloads: workloadsOf(cells), firstMs, lastMs, pattern, example };
}

/** The most frequent level; of two as frequent ones the more severe. */
function levelOf(cells: readonly Cell[]): string | null {
  const counted = sums(cells, ({ level }) => level);
  return counted.toSorted((a, b) => b.rows - a.rows || severity(b.name) - severity(a.name))[0]?.name ?? null;
}

function severity(level: string | null): number {
  return LEVELS.findIndex((name) => name === level);
}

function workloadsOf(cells: readonly Cell[]): string[] {
  const counted = sums(cells, ({ workload }) => workload ?? null).filter(({ name }) => name !== null);
  const sorted = counted.toSorted((a, b) => b.rows - a.rows || (a.name! < b.name! ? -1 : 1));
  return sorted.slice(0, WORKLOADS_MAX).map(({ name }) => name!);
}

function sums(cells: readonly Cell[], nameOf: (cell: Cell) => string | null): { name: string | null; rows: number }[] {
  const groups = Map.groupBy(cells, nameOf);
  return Array.from(groups, ([name, members]) => ({
    name,
    rows: members.reduce((sum, { rows }) => sum + rows[0] + rows[1], 0),
  }));
}
