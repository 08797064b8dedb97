import { COLUMN_NAMES, bindName, enclosing } from "./scope.ts";
import type { Implicit } from "./scope.ts";
import { isName, isOperator } from "./syntax.ts";
import type { FromItem, Query, Select, Syntax } from "./syntax.ts";

/**
 * The columns, in lower case, that names in a SELECT may stand for: those of its FROM and of the queries around it. Null
 * if that cannot be told from the text.
 */
export function knownNames(select: Select, syntax: Syntax, implicit: Implicit): Set<string> | null {
  const names = new Set<string>();
  for (let at: Select | null = select; at !== null; at = enclosing(at)) {
    const own = namesOfFrom(at, syntax, implicit, new Set());
    if (own === null) return null;
    for (const name of own) names.add(name);
  }
  return names;
}

function namesOfFrom(select: Select, syntax: Syntax, implicit: Implicit, seen: Set<Query>): Set<string> | null {
  if (implicit.has(select)) return new Set(COLUMN_NAMES);
  const names = new Set<string>();
  for (const item of select.tables ?? []) {
    const own = namesOfItem(item, select, syntax, implicit, seen);
    if (own === null) return null;
    for (const name of own) names.add(name);
  }
  return names;
}

function namesOfItem(
  item: FromItem,
  select: Select,
  syntax: Syntax,
  implicit: Implicit,
  seen: Set<Query>,
): Set<string> | null {
  if (item.hasColumnList) return columnList(item, syntax);
  if (item.query !== null) return namesOfQuery(item.query, syntax, implicit, seen);
  const bound = bindName(item, select);
  if (bound !== null && "columns" in bound) return new Set(bound.names);
  return bound === null || bound.hasColumnList ? null : namesOfQuery(bound.query, syntax, implicit, seen);
}

/** The names in the brackets at an item's end: `u(x, y)`. */
function columnList(item: FromItem, { tokens }: Syntax): Set<string> {
  const names = new Set<string>();
  for (let at = item.to - 2; at > item.from && !isOperator(tokens[at], "("); at--) {
    if (isName(tokens[at])) names.add(tokens[at]!.value.toLowerCase());
  }
  return names;
}

function namesOfQuery(query: Query, syntax: Syntax, implicit: Implicit, seen: Set<Query>): Set<string> | null {
  const term = query.terms[0];
  if (seen.has(query) || term === undefined || term.kind === "values") return null;
  if (term.kind === "query") return namesOfQuery(term.query, syntax, implicit, new Set([...seen, query]));
  const names = new Set<string>();
  for (const { kind, column, aliasAt } of term.items) {
    const star = kind === "star" ? namesOfFrom(term, syntax, implicit, new Set([...seen, query])) : [];
    if (star === null) return null;
    for (const name of star) names.add(name);
    const own = aliasAt === null ? column : syntax.tokens[aliasAt]!.value;
    if (own !== null) names.add(own.toLowerCase());
  }
  return names;
}
