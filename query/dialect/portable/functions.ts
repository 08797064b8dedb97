import { QueryError } from "../../engine/engine.ts";
import { nearestName } from "../../nearest.ts";
import { FUNCTION_REWRITES, PORTABLE_FUNCTIONS, TYPE_REWRITES, isPortable } from "../functions.ts";
import { splitByComma } from "../items.ts";
import { closingBracket, endsOperand, isOperator, isWord } from "../syntax.ts";
import type { Syntax } from "../syntax.ts";
import { duckDbOnly, readDifferently, sourceOf, spanOf } from "./portable.ts";
import type { Subject } from "./portable.ts";

/** Calls of functions that only one engine has, and casts to types that only one has. */
export function checkFunctions(subject: Subject): QueryError[] {
  const { syntax } = subject;
  return syntax.tokens.flatMap((token, at) => {
    if (token.kind !== "word" || !isOperator(syntax.tokens[at + 1], "(")) return [];
    const fault = isCast(syntax, at) ? castFault(subject, at) : isCall(syntax, at) ? callFault(subject, at) : null;
    return fault === null ? [] : [fault];
  });
}

/** Words before a bracket that call nothing. */
const NO_CALLS = new Set(
  `select distinct all where and or not on by having when then else case in like between is as from any some exists
   over using limit offset fetch with union intersect except join lateral values filter within sets group grouping
   rollup cube array extract decimal char varchar varbinary timestamp time row rows materialized interval
   recursive escape first next window`.split(/\s+/),
);

function isCall({ tokens, queries, selects }: Syntax, at: number): boolean {
  const token = tokens[at]!;
  const before = tokens[at - 1];
  if (NO_CALLS.has(token.value) && token.value !== "grouping") return isWord(token, "row") && !endsOperand(before);
  // The name of a CTE or the alias of a table, with the names of its columns.
  if (queries.some(({ ctes }) => ctes.some(({ nameAt }) => nameAt === at))) return false;
  const isAlias = selects.some(({ tables }) =>
    tables?.some((item) => item.hasColumnList && item.nameTo <= at && at < item.to),
  );
  return !isAlias && (isOperator(before, ".") || !endsOperand(before));
}

function callFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const name = tokens[at]!.value;
  const source = sourceOf(subject, at, at + 1);
  if (isOperator(tokens[at - 1], ".")) {
    return duckDbOnly(
      "a function behind a dot",
      spanOf(subject, at),
      `${source}(${sourceOf(subject, at - 2, at - 1)})`,
    );
  }
  if (name === "unnest" && !isFromItem(subject.syntax, at)) {
    return duckDbOnly("unnest outside of FROM", spanOf(subject, at), "cross join unnest(x) as u(v), and v");
  }
  if (name === "unnest" || name === "if") return argumentsFault(subject, at);
  if (name.startsWith("regexp_")) return patternFault(subject, at);
  if (isPortable(name)) return null;
  if (name === "columns") return duckDbOnly("COLUMNS(…)", spanOf(subject, at), "the names of the columns");
  const rewrite = Object.hasOwn(FUNCTION_REWRITES, name) ? FUNCTION_REWRITES[name]! : null;
  if (rewrite !== null) return duckDbOnly(`the function ${name}`, spanOf(subject, at), rewrite);
  return unknownFunction(subject, at, name);
}

/** What Athena takes and DuckDB does not: several lists at once, and an IF without ELSE. */
function argumentsFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const close = closingBracket(tokens, at + 1);
  const count = splitByComma(tokens, { from: at + 2, to: close }).length;
  if (tokens[at]!.value === "if") {
    return count === 2
      ? readDifferently("an if without its else", spanOf(subject, at), "case when x then y end")
      : null;
  }
  const rewrite = "a query of unnest(x) with ordinality as u(v, n) for each list, joined on n";
  return count > 1 ? readDifferently("unnest of several lists", spanOf(subject, at), rewrite) : null;
}

function unknownFunction(subject: Subject, at: number, name: string): QueryError {
  const near = nearestName(name, PORTABLE_FUNCTIONS);
  if (near === null)
    return duckDbOnly(`the function ${name}`, spanOf(subject, at), "a function that both engines have");
  return new QueryError(`no function of both engines is called ${name}`, spanOf(subject, at), `did you mean ${near}?`);
}

/** What RE2 lacks; Athena's regular expressions have it. */
const BEYOND_RE2 = /\(\?(?:[=!>]|<)|\\[1-9hHRXGKZ]|[*+?}]\+|&&\[|\[\[:/;

function patternFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const name = tokens[at]!.value;
  if (!isPortable(name)) {
    const rewrite = FUNCTION_REWRITES[name];
    return rewrite === undefined
      ? unknownFunction(subject, at, name)
      : duckDbOnly(`the function ${name}`, spanOf(subject, at), rewrite);
  }
  const to = closingBracket(tokens, at + 1);
  const pattern = tokens.slice(at, to).find(({ kind, value }) => kind === "string" && BEYOND_RE2.test(value));
  if (pattern === undefined) return null;
  const what = "looking around, names, backreferences, classes of POSIX and possessive repeats in a regular expression";
  return readDifferently(what, pattern, "a pattern of RE2: DuckDB has no other");
}

function isFromItem({ selects }: Syntax, at: number): boolean {
  return selects.some(({ tables }) => tables?.some((item) => item.from <= at && at < item.nameTo));
}

function isCast({ tokens }: Syntax, at: number): boolean {
  return isWord(tokens[at], "cast", "try_cast");
}

const TYPES = new Set(
  `boolean tinyint smallint integer int bigint real double decimal varchar date time timestamp json array map row
   varbinary interval char`.split(/\s+/),
);

function castFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const to = closingBracket(tokens, at + 1);
  let as = to - 1;
  for (let depth = 0; as > at; as--) {
    if (isOperator(tokens[as], ")")) depth += 1;
    else if (isOperator(tokens[as], "(")) depth -= 1;
    else if (depth === 0 && isWord(tokens[as], "as")) break;
  }
  const type = tokens[as + 1];
  if (as <= at || type === undefined || as + 1 >= to) return null;
  const isList = isOperator(tokens[as + 2], "[");
  if (isList)
    return duckDbOnly(
      "a type of lists so written",
      spanOf(subject, as + 1, to),
      `array(${sourceOf(subject, as + 1, as + 2)})`,
    );
  if (isWord(type, "varchar", "char") && isOperator(tokens[as + 2], "("))
    return readDifferently("a text of a length", spanOf(subject, as + 1, to), "substr(cast(x as varchar), 1, 10)");
  if (TYPES.has(type.value)) return null;
  return duckDbOnly(
    `the type ${type.value}`,
    type,
    TYPE_REWRITES[type.value] ?? "varchar, bigint, double, boolean, timestamp or date",
  );
}
