import { conjunctRange, hull } from "./conjunct.ts";
import { bindTable, findColumn } from "./scope.ts";
import type { Implicit } from "./scope.ts";
import type { TextWindow, TimeRange } from "./statement.ts";
import { endsOperand, isName, isOperator, isWord } from "./syntax.ts";
import type { FromItem, Select, Span, Syntax } from "./syntax.ts";

/**
 * What a statement says of time: the hull of the ranges of all its scans of the table. A condition on a time column that
 * is no plain conjunct of a scan's WHERE, or one scan with a range beside one without, makes it unclear: a default
 * window must never be laid silently under a condition of the user's own.
 */
export function findWindow(syntax: Syntax, implicit: Implicit, nowNs: bigint): TextWindow {
  const ranges: TimeRange[] = [];
  let limit: Span | null = null;
  let hasOpenScan = false;
  for (const select of syntax.selects) {
    const context: Context = { syntax, implicit, select, nowNs };
    const unclear = [...select.on, select.having, select.qualify].find(
      (span) => span !== null && touches(span, context),
    );
    if (unclear) return unclearAt(syntax, unclear);
    const conjuncts = splitConjuncts(syntax, select.where).filter((span) => touches(span, context));
    const scans = scansOf(select, implicit);
    if (conjuncts.length === 0) {
      hasOpenScan ||= scans.length > 0;
      continue;
    }
    const range =
      scans.length === 1 ? conjunctRange(conjuncts, (at) => columnAt(at, context, scans[0]!), context) : null;
    limit = conjuncts[0]!;
    if (range === null) return unclearAt(syntax, limit);
    ranges.push(range);
  }
  if (limit === null) return { kind: "none" };
  return hasOpenScan ? unclearAt(syntax, limit) : { kind: "range", range: ranges.reduce(hull) };
}

interface Context {
  readonly syntax: Syntax;
  readonly implicit: Implicit;
  readonly select: Select;
  readonly nowNs: bigint;
}

/** A scan is a FROM item that is the table itself; null stands for the dialect's own FROM. */
function scansOf(select: Select, implicit: Implicit): (FromItem | null)[] {
  if (implicit.has(select)) return [null];
  return (select.tables ?? []).filter((item) => bindTable(item, select) !== null);
}

/** Whether tokens refer to a time column of what `select` reads, from inside of queries in them too. */
function touches(span: Span, context: Context): boolean {
  for (let at = span.from; at < span.to; at++) {
    if (timeColumn(at, context)?.source.select === context.select) return true;
  }
  return false;
}

/** The time column of `scan` that a token names (its qualifier may stand before it), or null. */
function columnAt(at: number, context: Context, scan: FromItem | null): string | null {
  const column = timeColumn(at, context);
  return column !== null && column.source.select === context.select && column.source.item === scan ? column.name : null;
}

function timeColumn(at: number, { syntax: { tokens, owners }, implicit }: Context) {
  const token = tokens[at]!;
  const owner = owners[at];
  const name = token.value.toLowerCase();
  if (!owner || !isName(token) || isOperator(tokens[at + 1], "(")) return null;
  const isQualified = isOperator(tokens[at - 1], ".");
  if (isQualified && isOperator(tokens[at - 3], ".")) return null;
  const first = isQualified ? at - 2 : at;
  if (endsOperand(tokens[first - 1]) || isWord(tokens[first - 1], "as")) return null;
  const source = findColumn(name, isQualified ? tokens[first]!.value : null, owner, implicit);
  return source?.table.timeColumns.includes(name) === true ? { name, source } : null;
}

/** The AND-ed parts of a condition, brackets around them looked through; one part if an OR stands at its top. */
export function splitConjuncts(syntax: Syntax, span: Span | null): Span[] {
  if (span === null || span.from >= span.to) return [];
  const { tokens } = syntax;
  const cuts: number[] = [];
  let depth = 0;
  let isBetween = false;
  for (let at = span.from; at < span.to; at++) {
    const token = tokens[at]!;
    if (isOperator(token, "(", "[") || isWord(token, "case")) depth += 1;
    else if (isOperator(token, ")", "]") || isWord(token, "end")) depth -= 1;
    else if (depth > 0) continue;
    else if (isWord(token, "or")) return [span];
    else if (isWord(token, "between")) isBetween = true;
    else if (isWord(token, "and") && isBetween) isBetween = false;
    else if (isWord(token, "and")) cuts.push(at);
  }
  if (cuts.length === 0) return isBracketed(syntax, span) ? splitConjuncts(syntax, inside(span)) : [span];
  const starts = [span.from, ...cuts.map((at) => at + 1)];
  return starts.flatMap((from, i) => splitConjuncts(syntax, { from, to: cuts[i] ?? span.to }));
}

function isBracketed({ tokens }: Syntax, { from, to }: Span): boolean {
  if (!isOperator(tokens[from], "(") || !isOperator(tokens[to - 1], ")")) return false;
  let depth = 0;
  for (let at = from; at < to; at++) {
    if (isOperator(tokens[at], "(")) depth += 1;
    else if (isOperator(tokens[at], ")") && --depth === 0) return at === to - 1;
  }
  return false;
}

function inside({ from, to }: Span): Span {
  return { from: from + 1, to: to - 1 };
}

function unclearAt({ tokens }: Syntax, { from, to }: Span): TextWindow {
  return { kind: "unclear", start: tokens[from]!.start, end: tokens[to - 1]!.end };
}
