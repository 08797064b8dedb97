import { tableNamed } from "../../config/tables/all.ts";
import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import type { Cte, FromItem, Query, Select } from "./syntax.ts";

/** The names of the columns of `logs`, those of its partitions included. */
export const COLUMN_NAMES: ReadonlySet<string> = LOGS.names;

/** The table that FROM may leave out. */
export const TABLE_NAME = LOGS.name;

/** Which SELECTs get `FROM logs` although they do not say so. */
export type Implicit = ReadonlySet<Select>;

/** What a FROM item's name stands for: a table, a CTE, or nothing that the dialect knows. */
export function bindName(item: FromItem, select: Select): TableDefinition | Cte | null {
  if (item.kind !== "table" || item.name.length !== 1) return null;
  const name = item.name[0]!;
  return findCte(name, select.query) ?? tableNamed(name);
}

/** The table that a FROM item is; null for anything else. */
export function bindTable(item: FromItem, select: Select): TableDefinition | null {
  const bound = bindName(item, select);
  return bound !== null && "columns" in bound ? bound : null;
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
  readonly table: TableDefinition;
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
    if (implicit.has(at) && (qualifier === null || same(qualifier, TABLE_NAME)))
      return { table: LOGS, select: at, item: null };
    const tables = at.tables ?? [];
    if (qualifier === null && tables.some((item) => same(itemName(item) ?? "", column))) return null;
    const named = tables.filter((item) => qualifier === null || same(itemName(item) ?? "", qualifier));
    for (const item of named) {
      const table = exposedByItem(item, at, column, implicit, new Set());
      if (table !== null) return { table, select: at, item };
    }
    if (qualifier !== null && named.length > 0) return null;
  }
  return null;
}

/** A SELECT and those around it whose columns it sees, innermost first. */
function visibleFrom(select: Select): Select[] {
  const outer = enclosing(select);
  return outer === null ? [select] : [select, ...visibleFrom(outer)];
}

/** The table whose column a FROM item has under its own name, or null. */
function exposedByItem(
  item: FromItem,
  select: Select,
  column: string,
  implicit: Implicit,
  seen: Set<Query>,
): TableDefinition | null {
  if (item.hasColumnList) return null;
  if (item.query !== null) return exposedByQuery(item.query, column, implicit, seen);
  const bound = bindName(item, select);
  if (bound === null) return null;
  if ("columns" in bound) return bound.names.has(column) ? bound : null;
  return bound.hasColumnList ? null : exposedByQuery(bound.query, column, implicit, seen);
}

function exposedByQuery(query: Query, column: string, implicit: Implicit, seen: Set<Query>): TableDefinition | null {
  if (seen.has(query)) return null;
  seen.add(query);
  const term = query.terms[0];
  if (term === undefined || term.kind === "values") return null;
  if (term.kind === "query") return exposedByQuery(term.query, column, implicit, seen);
  const hands = term.items.some((item) => item.kind === "star" || (item.column === column && item.aliasAt === null));
  if (!hands) return null;
  if (implicit.has(term)) return LOGS.names.has(column) ? LOGS : null;
  for (const item of term.tables ?? []) {
    const table = exposedByItem(item, term, column, implicit, seen);
    if (table !== null) return table;
  }
  return null;
}

/** Identifiers are compared without case, as both engines do. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
