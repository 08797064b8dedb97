import type { Token } from "./lexer.ts";
import { endsOperand, isName, isOperator, isWord } from "./syntax.ts";
import type { SelectItem, Span } from "./syntax.ts";

/** The items of a select list; an empty one (a comma too many) is left out, the engine names the mistake. */
export function splitItems(tokens: readonly Token[], list: Span): SelectItem[] {
  return splitByComma(tokens, list)
    .filter(({ from, to }) => from < to)
    .map((span) => describe(tokens, span));
}

/** Cuts a span at its outermost commas. */
export function splitByComma(tokens: readonly Token[], { from, to }: Span): Span[] {
  const parts: Span[] = [];
  let start = from;
  let depth = 0;
  for (let at = from; at < to; at++) {
    if (isOperator(tokens[at], "(", "[", "{")) depth += 1;
    else if (isOperator(tokens[at], ")", "]", "}")) depth -= 1;
    else if (depth === 0 && isOperator(tokens[at], ",")) {
      parts.push({ from: start, to: at });
      start = at + 1;
    }
  }
  return [...parts, { from: start, to }];
}

function describe(tokens: readonly Token[], { from, to }: Span): SelectItem {
  const last = tokens[to - 1];
  const before = tokens[to - 2];
  if (isStar(tokens, from)) return { from, to, kind: "star", column: null, aliasAt: null };
  if (isName(last) && to - from > 2 && isWord(before, "as")) return described(tokens, from, to - 2, to - 1);
  if (isName(last) && to - from > 1 && endsOperand(before) && !endsExpression(tokens, from, to)) {
    return described(tokens, from, to - 1, to - 1);
  }
  return described(tokens, from, to, null);
}

function described(tokens: readonly Token[], from: number, to: number, aliasAt: number | null): SelectItem {
  const isColumn = tokens
    .slice(from, to)
    .every((token, i) => (i % 2 === 0 ? isName(token) : isOperator(token, ".")) && !isWord(token, ...CONSTANTS));
  const column = isColumn ? tokens[to - 1]!.value : null;
  return { from, to, kind: isColumn ? "column" : "expression", column, aliasAt };
}

/** `*`, `l.*`, and DuckDB's `* EXCLUDE …` and `COLUMNS(…)`: none of them is one column that could be named. */
function isStar(tokens: readonly Token[], from: number): boolean {
  let at = from;
  while (isName(tokens[at]) && isOperator(tokens[at + 1], ".")) at += 2;
  const isColumns = isWord(tokens[from], "columns") && isOperator(tokens[from + 1], "(");
  return isOperator(tokens[at], "*") || isColumns;
}

/** Whether the last word belongs to the expression although an operand stands before it: a unit, or CASE's END. */
function endsExpression(tokens: readonly Token[], from: number, to: number): boolean {
  if (isWord(tokens[to - 1], "end", "null")) return true;
  return to - from > 2 && isWord(tokens[to - 3], "interval");
}

const CONSTANTS = ["true", "false", "null"];
