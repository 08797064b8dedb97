import type { QueryError } from "../../engine/engine.ts";
import { stringLiteral } from "../literal.ts";
import type { Token } from "../lexer.ts";
import { calledAt, closingBracket, endsOperand, isName, isOperator, isWord } from "../syntax.ts";
import { parseTimeLiteral } from "../time-value.ts";
import { TYPE_REWRITES } from "../functions.ts";
import { duckDbOnly, readDifferently, sourceOf, spanOf } from "./portable.ts";
import type { Subject } from "./portable.ts";

/** Rules that a token and those beside it decide. */
export function checkTokens(subject: Subject): QueryError[] {
  const { tokens, prefix } = subject.syntax;
  const first = prefix === "none" ? 0 : prefix === "star" ? 2 : 3;
  return tokens.flatMap((token, at) => {
    const isSpelt = subject.sugar.some(({ start, end }) => token.start >= start && token.end <= end);
    if (at < first || isSpelt) return [];
    const fault = RULES[token.kind]?.(subject, at) ?? null;
    return fault === null ? [] : [fault];
  });
}

type Rule = (subject: Subject, at: number) => QueryError | null;

const RULES: Readonly<Partial<Record<Token["kind"], Rule>>> = { operator, word, number, string };

const OPERATORS = new Set("+ - * / % ( ) ] , . ; < <= > >= = <> != ||".split(" "));

/** What stands for an operator of DuckDB; x and y are its operands. */
const OPERATOR_REWRITES: Readonly<Record<string, string>> = {
  "==": "=",
  "//": "x / y, which is an integer for integers",
  "**": "power(x, y)",
  "^": "power(x, y)",
  "->": "json_extract(x, '$.a'), or log.a for text; lambdas: cross join unnest(x) as u(v)",
  "->>": "json_extract_scalar(x, '$.a'), or log.a",
  "~": "regexp_like(x, '…')",
  "&": "bitwise_and(x, y)",
  "|": "bitwise_or(x, y)",
  "{": "row(x, y), or map(array['a'], array[x])",
  "=>": "the arguments in their order",
  ":=": "the arguments in their order",
  ":": "expression as name; substr(x, 1, 5) for a slice",
  "#": "the column's name",
  "@": "abs(x)",
};

function operator(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const { value } = tokens[at]!;
  if (value === "::") return castOperator(subject, at);
  if (value === "[") return bracket(subject, at);
  if (value === "," && isListEnd(tokens, at))
    return duckDbOnly("a comma at the end of a list", spanOf(subject, at), "no comma there");
  if (value === "||") return concatenatedNumber(subject, at);
  if (
    (value === "/" || value === "%") &&
    /^0+$/.test(tokens[at + 1]?.value ?? "") &&
    tokens[at + 1]!.kind === "number"
  ) {
    return readDifferently(
      "a division by zero",
      spanOf(subject, at, at + 2),
      "x / nullif(y, 0): Athena stops at a zero, DuckDB answers NULL",
    );
  }
  if (OPERATORS.has(value) || value === "}") return null;
  return duckDbOnly(
    `the operator ${value}`,
    spanOf(subject, at),
    OPERATOR_REWRITES[value] ?? "a function of Athena's SQL instead",
  );
}

function castOperator(subject: Subject, at: number): QueryError {
  const { tokens } = subject.syntax;
  let from = at - 1;
  while (from > 1 && isOperator(tokens[from - 1], ".") && isName(tokens[from - 2])) from -= 2;
  const operand = isOperator(tokens[at - 1], ")", "]") ? "…" : sourceOf(subject, from, at);
  const type = sourceOf(subject, at + 1, at + 2);
  return duckDbOnly("::", spanOf(subject, at), `cast(${operand} as ${TYPE_REWRITES[type.toLowerCase()] ?? type})`);
}

/** `[1, 2]` is a list to DuckDB; `x[1]` outside of a list or map is an error on Athena and NULL on DuckDB. */
function bracket(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const before = tokens[at - 1];
  if (isWord(before, "array")) return null;
  if (isWord(before, "map")) return duckDbOnly("a map in braces", spanOf(subject, at), "map(array['a'], array[1])");
  if (!endsOperand(before)) {
    const to = closingSquare(tokens, at) + 1;
    return duckDbOnly("a list without array", spanOf(subject, at, to), `array${sourceOf(subject, at, to)}`);
  }
  const key = sourceOf(subject, at + 1, at + 2);
  return readDifferently("what lies outside of a list or map", spanOf(subject, at), `element_at(…, ${key})`);
}

function closingSquare(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (isOperator(tokens[at], "[")) depth += 1;
    else if (isOperator(tokens[at], "]") && --depth === 0) return at;
  }
  return tokens.length - 1;
}

function isListEnd(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1];
  return next === undefined || isOperator(next, ")", "]") || isWord(next, "from", "where", "having", "limit");
}

function concatenatedNumber(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const beside = [at - 1, at + 1].find((side) => tokens[side]?.kind === "number");
  if (beside === undefined) return null;
  const text = sourceOf(subject, beside, beside + 1);
  return duckDbOnly("a number beside ||", spanOf(subject, beside), stringLiteral(text));
}

/** Words that only DuckDB has where they stand. */
const WORD_REWRITES: Readonly<
  Record<string, { readonly before?: RegExp; readonly after?: RegExp; readonly write: string }>
> = {
  glob: { after: /^'/, write: "like '…%', where % stands for any text and _ for one character" },
  similar: { after: /^to$/, write: "regexp_like(x, '^(…)$')" },
  isnull: { write: "is null" },
  notnull: { write: "is not null" },
  symmetric: { before: /^between$/, write: "between with the smaller value first" },
  sample: { before: /^using$/, write: "where random() < 0.1" },
  tablesample: { write: "where random() < 0.1" },
  asof: { after: /^(?:join|left)$/, write: "a join with its condition spelt out" },
  positional: { after: /^join$/, write: "a join on row_number()" },
  anti: { after: /^join$/, write: "where x not in (select …)" },
  semi: { after: /^join$/, write: "where x in (select …)" },
  natural: { after: /^(?:join|inner|left|right|full)$/, write: "join … using (columns)" },
  exclude: { before: /^\*$/, write: "the names of the columns" },
  rename: { before: /^\*$/, write: "the names of the columns" },
  replace: { before: /^\*$/, after: /^\($/, write: "the names of the columns" },
  all: { before: /^by$/, write: "the columns, or their numbers: 1, 2" },
  name: { before: /^by$/, write: "the columns of both sides in one order" },
  materialized: { before: /^(?:as|not)$/, write: "no materialized" },
  collate: { write: "lower(x) to ignore case" },
  lambda: { write: "cross join unnest(x) as u(v)" },
};

function word(subject: Subject, at: number): QueryError | null {
  const { tokens, selects } = subject.syntax;
  const token = tokens[at]!;
  const [before, next] = [tokens[at - 1], tokens[at + 1]];
  const source = sourceOf(subject, at, at + 1);
  if (isOperator(before, ".")) return nameFault(subject, at, source);
  switch (token.value) {
    case "ilike":
      return duckDbOnly("ILIKE", spanOf(subject, at), ilikeRewrite(subject, at));
    case "interval":
      return intervalFault(subject, at);
    case "extract":
      return extractFault(subject, at);
    case "is":
      return truthFault(subject, at);
    case "in":
      if (isOperator(next, "(") || isWord(calledAt(tokens, at), "position")) return null;
      return duckDbOnly("IN without brackets", spanOf(subject, at), "in (…)");
    case "any":
    case "some":
      if (!isOperator(next, "(") || isWord(tokens[at + 2], "select", "with")) return null;
      return duckDbOnly(`${source} over a list`, spanOf(subject, at), "in (…), or array_position(list, x) > 0");
    case "ignore":
    case "respect":
      if (!isWord(next, "nulls")) return null;
      return readDifferently(
        `${source} nulls`,
        spanOf(subject, at, at + 2),
        "a condition in the query inside: where x is not null",
      );
    case "at":
      if (!isWord(next, "time")) return null;
      return readDifferently("AT TIME ZONE", spanOf(subject, at), "the time in UTC; -z ZONE shows times in a zone");
    case "distinct":
      if (!isWord(next, "on") || !selects.some(({ from }) => from === at - 1)) return null;
      return duckDbOnly("DISTINCT ON", spanOf(subject, at, at + 2), "max_by(x, ts_ns) … group by y");
    default:
      break;
  }
  const rule = Object.hasOwn(WORD_REWRITES, token.value) ? WORD_REWRITES[token.value]! : null;
  const isFound =
    rule !== null &&
    (rule.before !== undefined || !isWord(before, "as")) &&
    (rule.before === undefined || rule.before.test(before?.value ?? "")) &&
    (rule.after === undefined || rule.after.test(valueOrQuote(next))) &&
    (rule.before !== undefined || rule.after !== undefined || (endsOperand(before) && !isOperator(next, ",")));
  return isFound ? duckDbOnly(source.toUpperCase(), spanOf(subject, at), rule.write) : nameFault(subject, at, source);
}

function valueOrQuote(token: Token | undefined): string {
  return token?.kind === "string" ? "'" : (token?.value ?? "");
}

function nameFault(subject: Subject, at: number, source: string): QueryError | null {
  if (!/[^\w]/.test(source)) return null;
  return duckDbOnly(`the name ${source} without quotes`, spanOf(subject, at), `"${source}"`);
}

function ilikeRewrite(subject: Subject, at: number): string {
  const { tokens } = subject.syntax;
  const isNegated = isWord(tokens[at - 1], "not");
  const operandTo = isNegated ? at - 1 : at;
  let from = operandTo - 1;
  while (from > 1 && isOperator(tokens[from - 1], ".") && isName(tokens[from - 2])) from -= 2;
  const operand = isOperator(tokens[operandTo - 1], ")", "]") ? "…" : sourceOf(subject, from, operandTo);
  const pattern = tokens[at + 1]?.kind === "string" ? stringLiteral(tokens[at + 1]!.value.toLowerCase()) : "lower(…)";
  return `lower(${operand}) ${isNegated ? "not " : ""}like ${pattern}`;
}

const INTERVAL_UNITS = ["year", "month", "day", "hour", "minute", "second"];

/** Trino's intervals are a quoted number and one unit in the singular. */
function intervalFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const amount = tokens[at + 1];
  if (amount?.kind !== "string" && amount?.kind !== "number") return null;
  const [, count = "…", own] = /^\s*([+-]?\d+)\s*([a-z]+)?\s*$/i.exec(amount.value) ?? [];
  const unitAt = own === undefined ? at + 2 : null;
  const unit = (own ?? tokens[at + 2]?.value ?? "").toLowerCase().replace(/s$/, "");
  if (
    amount.kind === "string" &&
    unitAt !== null &&
    count !== "…" &&
    INTERVAL_UNITS.includes(tokens[unitAt]?.value ?? "")
  )
    return null;
  const to = unitAt === null || tokens[unitAt]?.kind !== "word" ? at + 2 : unitAt + 1;
  return duckDbOnly("an interval so written", spanOf(subject, at, to), intervalText(count, unit));
}

function intervalText(count: string, unit: string): string {
  if (unit === "week") return `interval '${/^\d+$/.test(count) ? Number(count) * 7 : "7"}' day`;
  return `interval '${count}' ${INTERVAL_UNITS.includes(unit) ? unit : "hour"}`;
}

const EXTRACT_FIELDS = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "doy"];

function extractFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const field = tokens[at + 2];
  if (!isOperator(tokens[at + 1], "(") || field === undefined || EXTRACT_FIELDS.includes(field.value)) return null;
  const argument = sourceOf(subject, at + 4, closingBracket(tokens, at + 1));
  if (field.value === "dow")
    return readDifferently("the day of the week", field, `day_of_week(${argument}): Monday is 1, Sunday 7`);
  const rewrite = field.value === "epoch" ? `to_unixtime(${argument})` : `one of ${EXTRACT_FIELDS.join(", ")}`;
  return duckDbOnly(`extract(${field.value} …)`, field, rewrite);
}

function truthFault(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const value = isWord(tokens[at + 1], "not") ? at + 2 : at + 1;
  if (!isWord(tokens[value], "true", "false", "unknown")) return null;
  return duckDbOnly("IS TRUE", spanOf(subject, at, value + 1), "the condition alone, or coalesce(x, false)");
}

function number(subject: Subject, at: number): QueryError | null {
  const { value, isParam } = subject.syntax.tokens[at]!;
  if (/^\d{19,}$/.test(value) && BigInt(value) > 9_223_372_036_854_775_808n) {
    return duckDbOnly("a number beyond 64 bits", spanOf(subject, at), `cast('${value}' as decimal(38, 0))`);
  }
  if (isParam || !value.includes("_")) return null;
  return duckDbOnly("a number with _", spanOf(subject, at), value.replaceAll("_", ""));
}

/** A string after TIMESTAMP or DATE. */
function string(subject: Subject, at: number): QueryError | null {
  const { tokens } = subject.syntax;
  const { value } = tokens[at]!;
  const before = tokens[at - 1];
  if (isWord(before, "decimal")) {
    const [, fraction = ""] = value.split(".");
    const type = `decimal(38, ${fraction.length})`;
    return readDifferently("a decimal so written", spanOf(subject, at - 1, at + 1), `cast('${value}' as ${type})`);
  }
  if (!isWord(before, "timestamp", "date", "timestamptz")) return null;
  const pattern = before!.value === "date" ? DATE : TIMESTAMP;
  if (before!.value !== "timestamptz" && pattern.test(value)) return null;
  const ns = parseTimeLiteral(value);
  const text =
    ns === null
      ? "2026-03-01 10:00:00"
      : new Date(Number(ns / 1_000_000n)).toISOString().slice(0, -1).replace("T", " ");
  const literal = before!.value === "date" ? `date '${text.slice(0, 10)}'` : `timestamp '${text}'`;
  return duckDbOnly("a time so written", spanOf(subject, at - 1, at + 1), literal);
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?$/;
