import type { Token } from "./lexer.ts";
import type { Splice } from "./splice.ts";
import type { Statement } from "./statement.ts";
import { closingBracket, isOperator, isWord } from "./syntax.ts";

/** Functions of Trino that give lists, maps or rows, whatever they are given. */
const NESTED = new Set(
  `array_agg array_distinct array_except array_intersect array_remove array_sort array_union histogram map map_agg
   map_concat map_entries map_filter map_from_entries map_keys map_union map_values map_zip_with multimap_agg ngrams
   regexp_extract_all regexp_split row sequence shuffle split split_to_map split_to_multimap transform transform_keys
   transform_values zip zip_with`.split(/\s+/),
);

/**
 * Lists, maps and rows that the outermost query shows, as JSON: Athena's results write them as `[a, b]` and `{k=v}`,
 * which nobody can read back. Found by the function, for types are not in the text; not where the query is ordered by
 * the item's name or number, for JSON has no order.
 */
export function nestedSplices({ parsed: { syntax } }: Statement): Splice[] {
  const { tokens, root } = syntax;
  const [select, ...more] = root.terms;
  if (syntax.prefix !== "none" || select?.kind !== "select" || more.length > 0) return [];
  const ordered = root.orderBy === null ? [] : tokens.slice(root.orderBy.from, root.orderBy.to);
  return select.items.flatMap(({ kind, from, to, aliasAt }, index) => {
    const names = [String(index + 1), ...(aliasAt === null ? [] : [tokens[aliasAt]!.value.toLowerCase()])];
    const isOrdered = ordered.some(({ kind: of, value }) => of !== "string" && names.includes(value.toLowerCase()));
    if (kind !== "expression" || isOrdered || !isNested(tokens, from, to)) return [];
    const [{ start }, { end }] = [tokens[from]!, tokens[to - 1]!];
    return [
      { start, end: start, text: "CAST(" },
      { start: end, end, text: " AS JSON)" },
    ];
  });
}

/** Whether tokens are one call of such a function, with its FILTER and OVER, or `array[…]`. */
function isNested(tokens: readonly Token[], from: number, to: number): boolean {
  const [first, second] = [tokens[from]!, tokens[from + 1]];
  if (isWord(first, "array") && isOperator(second, "[")) return closingSquare(tokens, from + 1) === to - 1;
  if (first.kind !== "word" || !NESTED.has(first.value) || !isOperator(second, "(")) return false;
  let end = closingBracket(tokens, from + 1) + 1;
  while (end < to && isWord(tokens[end], "filter", "over") && isOperator(tokens[end + 1], "("))
    end = closingBracket(tokens, end + 1) + 1;
  return end === to;
}

function closingSquare(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (isOperator(tokens[at], "[")) depth += 1;
    else if (isOperator(tokens[at], "]") && --depth === 0) return at;
  }
  return tokens.length;
}
