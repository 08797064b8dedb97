import type { TableDefinition } from "../../config/tables/definition.ts";
import { splitByComma } from "./items.ts";
import { bindName, findColumn, itemName, same } from "./scope.ts";
import type { Implicit } from "./scope.ts";
import { closingBracket, isName, isOperator, isWord } from "./syntax.ts";
import type { FromItem, Query, Select, SelectItem, Span, Syntax } from "./syntax.ts";

/** Functions of Trino that give lists, maps or rows, whatever they are given. */
const NESTED_FUNCTIONS = `array_agg array_distinct array_except array_intersect array_remove array_sort array_union
  histogram map map_agg map_concat map_entries map_filter map_from_entries map_keys map_union map_values map_zip_with
  multimap_agg ngrams regexp_extract_all regexp_split row sequence shuffle split split_to_map split_to_multimap
  transform transform_keys transform_values zip zip_with`.split(/\s+/);

/** Functions whose result has the type of their first argument. */
const SAME_TYPE_FUNCTIONS = `any_value arbitrary coalesce first_value if lag last_value lead max max_by min min_by
  nth_value nullif try`.split(/\s+/);

/** Finds which items of a select list are lists, maps or rows, as far as the text says so. */
export class Nesting {
  readonly #syntax: Syntax;
  readonly #implicit: Implicit;

  constructor(syntax: Syntax, implicit: Implicit) {
    this.#syntax = syntax;
    this.#implicit = implicit;
  }

  isNested(item: SelectItem, select: Select): boolean {
    return item.kind !== "star" && this.#isNestedSpan(item, select, new Set());
  }

  /** The columns that a star stands for, if they are known and one of them is nested; else null. */
  columnsOfStar(qualifier: string | null, select: Select): readonly NestedColumn[] | null {
    const tables = (select.tables ?? []).filter((item) => qualifier === null || same(itemName(item) ?? "", qualifier));
    const [item, ...more] = tables;
    if (item === undefined || more.length > 0 || item.hasColumnList) return null;
    const columns = this.#columnsOfItem(item, select, new Set());
    return columns?.some(({ nested }) => nested) === true ? columns : null;
  }

  #isNestedSpan(span: Span, select: Select, seen: Set<Query>): boolean {
    const { tokens } = this.#syntax;
    const { from, to } = span;
    const first = tokens[from];
    if (isOperator(first, "(") && closingBracket(tokens, from) === to - 1) {
      return (
        !isWord(tokens[from + 1], "select", "with") && this.#isNestedSpan({ from: from + 1, to: to - 1 }, select, seen)
      );
    }
    if (isWord(first, "array") && isOperator(tokens[from + 1], "[")) return isOperator(tokens[to - 1], "]");
    if (isOperator(tokens[from + 1], "(") && first?.kind === "word") return this.#isNestedCall(span, select, seen);
    return this.#isNestedColumn(span, select, seen);
  }

  #isNestedCall({ from, to }: Span, select: Select, seen: Set<Query>): boolean {
    const { tokens } = this.#syntax;
    const close = closingBracket(tokens, from + 1);
    // What may follow a call and keeps its type: FILTER (…), OVER ….
    if (close !== to - 1 && !isWord(tokens[close + 1], "filter", "over")) return false;
    const name = tokens[from]!.value;
    if (name === "cast" || name === "try_cast") return isNestedType(tokens, { from, to: close });
    if (NESTED_FUNCTIONS.includes(name)) return true;
    if (!SAME_TYPE_FUNCTIONS.includes(name)) return false;
    const values = splitByComma(tokens, { from: from + 2, to: close });
    const value = values[name === "if" ? 1 : 0];
    return value !== undefined && this.#isNestedSpan(value, select, seen);
  }

  /** `labels`, `l.labels`, or a column of a query in FROM. */
  #isNestedColumn({ from, to }: Span, select: Select, seen: Set<Query>): boolean {
    const { tokens } = this.#syntax;
    const isQualified = to - from === 3 && isOperator(tokens[from + 1], ".");
    if (!isName(tokens[to - 1]) || (to - from !== 1 && !isQualified)) return false;
    const name = tokens[to - 1]!.value.toLowerCase();
    const qualifier = isQualified ? tokens[from]!.value : null;
    const stored = findColumn(name, qualifier, select, this.#implicit);
    if (stored !== null && isMap(stored.table, name)) return true;
    for (const item of select.tables ?? []) {
      if (qualifier !== null && !same(itemName(item) ?? "", qualifier)) continue;
      const column = this.#columnsOfItem(item, select, seen)?.find((own) => same(own.name, name));
      if (column !== undefined) return column.nested;
    }
    return false;
  }

  #columnsOfItem(item: FromItem, select: Select, seen: Set<Query>): readonly NestedColumn[] | null {
    if (item.hasColumnList) return null;
    const bound = item.query === null ? bindName(item, select) : null;
    if (bound !== null && ("columns" in bound || bound.hasColumnList)) return null;
    const query = item.query ?? bound?.query ?? null;
    return query === null ? null : this.#columnsOfQuery(query, seen);
  }

  #columnsOfQuery(query: Query, seen: Set<Query>): readonly NestedColumn[] | null {
    const term = query.terms[0];
    if (seen.has(query) || term === undefined || term.kind === "values") return null;
    const within = new Set([...seen, query]);
    if (term.kind === "query") return this.#columnsOfQuery(term.query, within);
    const columns = term.items.map((item) => {
      const { tokens } = this.#syntax;
      const name = item.aliasAt === null ? item.column : tokens[item.aliasAt]!.value;
      if (name === null || item.kind === "star") return null;
      return { name: name.toLowerCase(), nested: this.#isNestedSpan(item, term, within) };
    });
    return columns.includes(null) ? null : columns.filter((column) => column !== null);
  }
}

/** Whether a table's column is a map. */
export function isMap({ all }: TableDefinition, column: string): boolean {
  return all.some(({ name, type }) => name === column && type.startsWith("map"));
}

export interface NestedColumn {
  readonly name: string;
  readonly nested: boolean;
}

/** Whether `cast(… as array(bigint))`, its bracket open, ends in a nested type. */
function isNestedType(tokens: Syntax["tokens"], { from, to }: Span): boolean {
  let depth = 0;
  for (let at = to - 1; at > from; at--) {
    if (isOperator(tokens[at], ")")) depth += 1;
    else if (isOperator(tokens[at], "(")) depth -= 1;
    else if (depth === 0 && isWord(tokens[at], "as")) return isWord(tokens[at + 1], "array", "map", "row");
  }
  return false;
}
