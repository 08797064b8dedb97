import type { Token } from "./lexer.ts";
import { endsOperand, isName, isOperator, isWord } from "./syntax.ts";

const COMPARISONS = ["=", "<>", "!=", "<", "<=", ">", ">=", "=="];

/** Whether the operand in tokens `from` to `to` is compared with a number: by an operator, BETWEEN or IN. */
export function isNumberCompared(tokens: readonly Token[], from: number, to: number): boolean {
  const after = tokens[to];
  if (isOperator(after, ...COMPARISONS)) return isNumber(tokens, to + 1);
  const negated = isWord(after, "not") ? to + 1 : to;
  if (isWord(tokens[negated], "between")) return isNumber(tokens, negated + 1);
  if (isWord(tokens[negated], "in")) return isOperator(tokens[negated + 1], "(") && isNumber(tokens, negated + 2);
  return isOperator(tokens[from - 1], ...COMPARISONS) && tokens[from - 2]?.kind === "number";
}

/** Whether the operand is compared with something that is no number: then its text is meant. */
export function isTextCompared(tokens: readonly Token[], from: number, to: number): boolean {
  const words = ["is", "like", "ilike", "in", "not", "between", "similar"];
  return (
    isOperator(tokens[to], ...COMPARISONS) ||
    isWord(tokens[to], ...words) ||
    isOperator(tokens[from - 1], ...COMPARISONS)
  );
}

/** Whether the innermost function around a token adds or orders numbers; brackets that only group are looked through. */
export function isInsideSum(tokens: readonly Token[], at: number): boolean {
  let depth = 0;
  let isCaseValue = false;
  for (let i = at - 1; i >= 0; i--) {
    const token = tokens[i];
    if (isOperator(token, ")", "]")) depth += 1;
    else if (isOperator(token, "(", "[") && depth > 0) depth -= 1;
    else if (isOperator(token, "(")) {
      const before = tokens[i - 1];
      if (isWord(before, "sum", "avg", "min", "max", "approx_percentile")) return true;
      if (isName(before) && endsOperand(before)) return false;
    } else if (depth === 0 && isWord(token, "then", "else")) isCaseValue = true;
    else if (depth === 0 && !isCaseValue && isWord(token, "when", "case")) return false;
    else if (isWord(token, "select")) return false;
  }
  return false;
}

function isNumber(tokens: readonly Token[], at: number): boolean {
  const isSigned = isOperator(tokens[at], "-", "+");
  return tokens[isSigned ? at + 1 : at]?.kind === "number";
}
