/** The scope flags: what they mean in SQL. */
import { LEVELS } from "../config/table.ts";
import { CliError } from "./cli-error.ts";
import { stringLiteral } from "./dialect/literal.ts";
import { javaPattern } from "./dialect/java-pattern.ts";
import { nearestName } from "./nearest.ts";

/** Flags of different kinds are AND-ed, several values of one flag OR-ed; labels are AND-ed as in kubectl. */
export interface Scope {
  /** Names or globs (`*`, `?`), for the columns of these names. */
  readonly namespace: readonly string[];
  readonly workload: readonly string[];
  readonly pod: readonly string[];
  readonly container: readonly string[];
  /** `key=value`, `key!=value` or `key`. */
  readonly label: readonly string[];
  /** Values of LEVELS; empty for any. */
  readonly levels: readonly string[];
  /** Regular expressions on the message (RE2). */
  readonly grep: readonly string[];
  readonly ignoreCase: boolean;
}

/** No flag given. */
export const EMPTY_SCOPE: Scope = {
  namespace: [],
  workload: [],
  pod: [],
  container: [],
  label: [],
  levels: [],
  grep: [],
  ignoreCase: false,
};

export const NAME_COLUMNS = ["namespace", "workload", "pod", "container"] as const;

/** The condition on the columns of `logs` that the scope asks for, in an engine's SQL, or null if it asks for none. */
export function scopeCondition(scope: Scope, engine: "duckdb" | "trino"): string | null {
  const conditions = [
    ...NAME_COLUMNS.map((column) => anyOf(scope[column].map((pattern) => nameCondition(column, pattern)))),
    ...scope.label.map((text) => labelCondition(text, engine)),
    scope.levels.length === 0 ? null : `level IN (${scope.levels.map(stringLiteral).join(", ")})`,
    anyOf(scope.grep.map((pattern) => grepCondition(pattern, scope.ignoreCase, engine))),
  ].filter((condition) => condition !== null);
  return conditions.length === 0 ? null : conditions.join(" AND ");
}

/** `warn`, `warn+` (and everything more severe) or `warn,error` as values of column `level`. Throws CliError. */
export function parseLevels(text: string): string[] {
  const levels = text.split(",").flatMap((part) => {
    const name = part.replace(/\+$/, "").toLowerCase();
    const index = (LEVELS as readonly string[]).indexOf(name);
    if (index >= 0) return part.endsWith("+") ? LEVELS.slice(index) : [LEVELS[index]!];
    const near = LEVEL_ALIASES[name] ?? nearestName(name, LEVELS);
    const question = near === null ? "" : `did you mean ${near}${part.endsWith("+") ? "+" : ""}? `;
    throw new CliError(
      `--level ${text}: no such level`,
      `${question}Levels are ${LEVELS.join(", ")}; warn+ means warn and above.`,
    );
  });
  return LEVELS.filter((level) => levels.includes(level));
}

/** Checks `-l`'s form. Throws CliError. */
export function checkLabel(text: string): string {
  if (/^[^=!\s]+(?:!?=.*)?$/s.test(text)) return text;
  throw new CliError(`--label ${text}: not a label condition`, "write -l key=value, -l key!=value or -l key");
}

/** What an engine's message says of a pattern of `-g`, as the user's mistake; null if the message is about something else. */
export function grepMistake(message: string, scope: Scope): CliError | null {
  const found = scope.grep.length === 0 ? null : RE2_MISTAKE.exec(message);
  if (found === null) return null;
  const hint = String.raw`patterns are RE2 regular expressions; to search for a special character write \ before it`;
  return new CliError(`-g ${scope.grep.join(" -g ")}: ${found[0]}`, hint);
}

/** RE2's own words; it has no codes. */
const RE2_MISTAKE =
  /(?:missing [)\]]|unexpected \)|no argument for repetition operator|bad repetition operator|invalid (?:escape sequence|character class|perl operator|repetition size|named capture|group syntax)|trailing \\)[^\n]*/i;

const LEVEL_ALIASES: Readonly<Record<string, string>> = { err: "error", critical: "fatal", panic: "fatal" };

function anyOf(conditions: readonly string[]): string | null {
  if (conditions.length < 2) return conditions[0] ?? null;
  return `(${conditions.join(" OR ")})`;
}

function nameCondition(column: string, pattern: string): string {
  if (!/[*?]/.test(pattern)) return `${column} = ${stringLiteral(pattern)}`;
  const like = pattern
    .replace(/[%_\\]/g, "\\$&")
    .replaceAll("*", "%")
    .replaceAll("?", "_");
  // LIKE with ESCAPE is not pushed down to the row groups' statistics: only where a name needs it.
  return `${column} LIKE ${stringLiteral(like)}${/[%_\\]/.test(pattern) ? String.raw` ESCAPE '\'` : ""}`;
}

function labelCondition(text: string, engine: "duckdb" | "trino"): string {
  const [, key, operator, value] = /^([^=!]+)(?:(!?=)=?(.*))?$/s.exec(text)!;
  const literal = stringLiteral(key!);
  // Trino fails on a key that a map does not have.
  const label = engine === "duckdb" ? `labels[${literal}]` : `element_at(labels, ${literal})`;
  if (operator === undefined) return `${label} IS NOT NULL`;
  // As in kubectl, `!=` also holds where the label is absent.
  return operator === "="
    ? `${label} = ${stringLiteral(value!)}`
    : `${label} IS DISTINCT FROM ${stringLiteral(value!)}`;
}

function grepCondition(pattern: string, ignoreCase: boolean, engine: "duckdb" | "trino"): string {
  // A plain text is searched by bytes, several times faster than by a regular expression.
  if (!ignoreCase && !/[\\^$.|?*+()[\]{}]/.test(pattern)) {
    const text = stringLiteral(pattern);
    return engine === "duckdb" ? `contains(log, ${text})` : `strpos(log, ${text}) > 0`;
  }
  const flagged = ignoreCase ? `(?i)${pattern}` : pattern;
  if (engine === "duckdb") return `regexp_matches(log, ${stringLiteral(flagged)})`;
  return `regexp_like(log, ${stringLiteral(javaPattern(flagged))})`;
}
