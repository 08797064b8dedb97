import { COLUMNS, PARTITION_COLUMNS } from "../../config/table.ts";
import type { Cte, FromItem, Query, Select } from "./syntax.ts";

/** The names of the table's columns, those of its partitions included. */
export const COLUMN_NAMES: ReadonlySet<string> = new Set([...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS]);

export const TABLE_NAME = "logs";

/** Which SELECTs get `FROM logs` although they do not say so. */
export type Implicit = ReadonlySet<Select>;

/** What a FROM item's name stands for: the table, a CTE, or nothing that the dialect knows. */
export function bindTable(item: FromItem, select: Select): "logs" | Cte | null {
  if (item.kind !== "table" || item.name.length !== 1) return null;
  const name = item.name[0]!;
  const cte = findCte(name, select.query);
  return cte ?? (same(name, TABLE_NAME) ? "logs" : null);
}

/**
 * A CTE by its name, as seen from inside `query`. A CTE sees those before it; with RECURSIVE one that is a set
 * operation sees itself too.
 */
function findCte(name: string, query: Query): Cte | null {
  const visible = query.ctes.findLast((cte) => same(cte.name, name));
  if (visible !== undefined) return visible;
  let inner = query;
  for (;;) {
    const { place } = inner;
    if (place.kind === "top" || (place.kind === "inner" && place.select === null)) return null;
    if (place.kind === "cte") {
      const { recursive, ctes } = place.query;
      const seesItself = recursive && inner.terms.length > 1;
      const before = ctes.slice(0, place.index + (seesItself ? 1 : 0));
      const found = before.findLast((cte) => same(cte.name, name));
      if (found !== undefined) return found;
      inner = place.query;
      continue;
    }
    inner = place.kind === "term" ? place.query : place.select!.query;
    const found = inner.ctes.findLast((cte) => same(cte.name, name));
    if (found !== undefined) return found;
  }
}

/** The name by which columns of a FROM item are qualified, or null. */
export function itemName(item: FromItem): string | null {
  return item.alias ?? item.name.at(-1) ?? null;
}

/** The SELECT around this one whose columns it can see, or null. */
export function enclosing(select: Select): Select | null {
  let { place } = select.query;
  while (place.kind === "term") ({ place } = place.query);
  return place.kind === "inner" ? place.select : null;
}

export interface ColumnSource {
  readonly select: Select;
  /** Null where the SELECT got its `FROM logs` from the dialect. */
  readonly item: FromItem | null;
}

/**
 * Where a name in `select` finds the table's column `column`: the innermost FROM item that hands it through unchanged.
 * Null if the name means something else: a table's alias, another column, or nothing.
 */
export function findColumn(
  column: string,
  qualifier: string | null,
  select: Select,
  implicit: Implicit,
): ColumnSource | null {
  for (const at of visibleFrom(select)) {
    if (implicit.has(at) && (qualifier === null || same(qualifier, TABLE_NAME))) return { select: at, item: null };
    const tables = at.tables ?? [];
    if (qualifier === null && tables.some((item) => same(itemName(item) ?? "", column))) return null;
    const named = tables.filter((item) => qualifier === null || same(itemName(item) ?? "", qualifier));
    const item = named.find((candidate) => itemExposes(candidate, at, column, implicit, new Set()));
    if (item !== undefined) return { select: at, item };
    if (qualifier !== null && named.length > 0) return null;
  }
  return null;
}

/** A SELECT and those around it whose columns it sees, innermost first. */
function visibleFrom(select: Select): Select[] {
  const outer = enclosing(select);
  return outer === null ? [select] : [select, ...visibleFrom(outer)];
}

/** Whether a FROM item has the table's column under its own name. */
function itemExposes(item: FromItem, select: Select, column: string, implicit: Implicit, seen: Set<Query>): boolean {
  if (item.hasColumnList) return false;
  if (item.query !== null) return queryExposes(item.query, column, implicit, seen);
  const bound = bindTable(item, select);
  if (bound === "logs") return COLUMN_NAMES.has(column);
  return bound !== null && !bound.hasColumnList && queryExposes(bound.query, column, implicit, seen);
}

function queryExposes(query: Query, column: string, implicit: Implicit, seen: Set<Query>): boolean {
  if (seen.has(query)) return false;
  seen.add(query);
  const term = query.terms[0];
  if (term === undefined || term.kind === "values") return false;
  if (term.kind === "query") return queryExposes(term.query, column, implicit, seen);
  const hands = term.items.some((item) => item.kind === "star" || (item.column === column && item.aliasAt === null));
  if (!hands) return false;
  if (implicit.has(term)) return COLUMN_NAMES.has(column);
  return (term.tables ?? []).some((item) => itemExposes(item, term, column, implicit, seen));
}

/** Identifiers are compared without case, as both engines do. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
