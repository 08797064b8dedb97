import type { Token } from "./lexer.ts";
import type { Splice } from "./splice.ts";
import { closingBracket, isOperator, isWord } from "./syntax.ts";

/**
 * Casts that DuckDB reads otherwise than Trino, their operands prepared by macros: `cast(logq_bigint(x) as bigint)`. Trino
 * rounds halves up, takes no text for a number that is not wholly one, and writes doubles and timestamps in its own way.
 * The cast stays the user's, so that its errors have their place. What opens goes before the other splices of its place,
 * what closes behind them.
 */
export function castSplices(tokens: readonly Token[]): { opening: Splice[]; closing: Splice[] } {
  const casts = castsOf(tokens);
  return {
    opening: casts.map(({ open, macro }) => insert(tokens[open + 1]!.start, `${macro}(`)),
    closing: casts.map(({ as }) => insert(tokens[as - 1]!.end, ")")),
  };
}

function insert(at: number, text: string): Splice {
  return { start: at, end: at, text };
}

/** The macros that a statement's casts need, with their definitions. */
export function castMacros(tokens: readonly Token[]): string[] {
  const types = new Set(castsOf(tokens).map(({ type }) => type));
  return [...types].map((type) => `CREATE MACRO ${MACRO_PREFIX}${type}(x) AS ${OPERANDS[type]!}`);
}

const MACRO_PREFIX = "logq_";

interface Cast {
  /** Tokens of the opening bracket and of `as`. */
  readonly open: number;
  readonly as: number;
  readonly type: string;
  readonly macro: string;
}

function castsOf(tokens: readonly Token[]): Cast[] {
  return tokens.flatMap((token, at) => {
    const open = at + 1;
    if (!isWord(token, "cast", "try_cast") || !isOperator(tokens[open], "(") || isOperator(tokens[at - 1], ".")) {
      return [];
    }
    const close = closingBracket(tokens, open);
    const as = close - 2;
    const type = tokens[close - 1];
    if (tokens[close] === undefined || as <= open + 1 || !isWord(tokens[as], "as") || type?.kind !== "word") return [];
    // Such a literal has the digits that it is written with.
    const isLiteral = isWord(tokens[open + 1], "timestamp") && tokens[open + 2]?.kind === "string" && as === open + 3;
    const name = WHOLE_NUMBERS.includes(type.value) ? "bigint" : type.value;
    return isLiteral || !Object.hasOwn(OPERANDS, name) ? [] : [{ open, as, type: name, macro: MACRO_PREFIX + name }];
  });
}

const WHOLE_NUMBERS = ["bigint", "int", "integer", "smallint", "tinyint"];

/** Every branch of a CASE is bound whatever the type of `x`, and has the same type: only text can be had of all of them. */
const TEXT = "CAST(x AS VARCHAR)";

/** The operand as a text, by the type that it is cast to. */
const OPERANDS: Readonly<Record<string, string>> = {
  bigint: `CASE WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN ${roundedText()}
    WHEN typeof(x) = 'BOOLEAN' THEN CAST(TRY_CAST(x AS INTEGER) AS VARCHAR)
    WHEN typeof(x) = 'VARCHAR' THEN ${onlyTextOf("DOUBLE", "[+-]?[0-9]+")} ELSE ${TEXT} END`,
  double: `CASE WHEN typeof(x) = 'BOOLEAN' THEN CAST(TRY_CAST(x AS INTEGER) AS VARCHAR) WHEN typeof(x) = 'VARCHAR'
    THEN ${onlyTextOf("DOUBLE", String.raw`\s*[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|NaN|Infinity)\s*`)}
    ELSE ${TEXT} END`,
  boolean: `CASE WHEN typeof(x) = 'VARCHAR' THEN ${onlyTextOf("BOOLEAN", "(?i:true|t|1|false|f|0)")}
    ELSE CAST(TRY_CAST(x AS BOOLEAN) AS VARCHAR) END`,
  timestamp: `CASE WHEN typeof(x) <> 'VARCHAR' THEN ${TEXT}
    WHEN regexp_full_match(${TEXT}, '${String.raw`\d+-\d+-\d+ \d+:\d+:\d+\.\d{4,}`}')
      THEN CAST(make_timestamp((epoch_us(TRY_CAST(${TEXT} AS TIMESTAMP)) + 500) // 1000 * 1000) AS VARCHAR)
    ELSE ${onlyTextOf("TIMESTAMP", String.raw`\d{4}-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?`)} END`,
  varchar: `CASE typeof(x) WHEN 'DOUBLE' THEN ${doubleText(TEXT)} WHEN 'FLOAT' THEN ${doubleText(TEXT)}
    WHEN 'TIMESTAMP' THEN ${withMillis(TEXT)}
    WHEN 'TIMESTAMP WITH TIME ZONE' THEN ${withMillis(`system.main.replace(${TEXT}, '+00', '')`)} || ' UTC'
    WHEN 'JSON' THEN json_extract_string(TRY_CAST(x AS JSON), '$') ELSE ${TEXT} END`,
};

/** A text as it is, but one that DuckDB alone would take for the type, which becomes one that neither takes. */
function onlyTextOf(type: string, pattern: string): string {
  return `CASE WHEN regexp_full_match(${TEXT}, '${pattern}') OR TRY_CAST(${TEXT} AS ${type}) IS NULL THEN ${TEXT}
    ELSE ${TEXT} || ' as ${type}' END`;
}

/** Halves are rounded away from zero; what is beyond a whole number's range stays so. */
function roundedText(): string {
  return `coalesce(CAST(TRY_CAST(system.main.round(TRY_CAST(x AS DOUBLE)) AS HUGEINT) AS VARCHAR), ${TEXT})`;
}

/** `2026-03-01 10:00:00.000`, as a timestamp(3). */
function withMillis(text: string): string {
  return `CASE WHEN contains(${text}, '.') THEN system.main.substr(system.main.rpad(${text}, 23, '0'), 1, 23)
    ELSE ${text} || '.000' END`;
}

/** `1.2345678E7` for DuckDB's `12345678.0`, `1.0E-5` for its `1e-05`: both have the fewest digits that tell the double. */
function doubleText(text: string): string {
  const [mantissa, exponent] = [1, 2].map((n) => `string_split(${text}, 'e')[${n}]`);
  const [whole, fraction] = [1, 2].map((n) => `string_split(system.main.ltrim(${text}, '-'), '.')[${n}]`);
  const sign = `CASE WHEN ${text}[1] = '-' THEN '-' ELSE '' END`;
  const scientific = (digits: string, power: string): string =>
    `${sign} || ${digits}[1] || '.' || CASE WHEN length(${digits}) > 1 THEN ${digits}[2:] ELSE '0' END || 'E' || (${power})`;
  const significant = `system.main.ltrim(${fraction}, '0')`;
  return `CASE WHEN ${text} = 'nan' THEN 'NaN' WHEN ${text} = 'inf' THEN 'Infinity' WHEN ${text} = '-inf' THEN '-Infinity'
    WHEN contains(${text}, 'e')
      THEN ${mantissa} || CASE WHEN contains(${mantissa}, '.') THEN '' ELSE '.0' END || 'E' || CAST(${exponent} AS INTEGER)
    WHEN ${whole} <> '0' THEN ${scientific(`system.main.rtrim(${whole} || ${fraction}, '0')`, `length(${whole}) - 1`)}
    WHEN ${significant} = '' THEN ${sign} || '0E0'
    ELSE ${scientific(`system.main.rtrim(${significant}, '0')`, `length(${significant}) - length(${fraction}) - 1`)} END`;
}
