import { QueryError } from "../../engine/engine.ts";
import type { Implicit } from "../scope.ts";
import type { Sugar } from "../sugar.ts";
import type { Syntax } from "../syntax.ts";
import { checkClauses } from "./clauses.ts";
import { checkComparisons } from "./comparisons.ts";
import { checkFunctions } from "./functions.ts";
import { checkTokens } from "./tokens.ts";

/** A statement whose text is looked at. */
export interface Subject {
  readonly text: string;
  readonly syntax: Syntax;
  readonly implicit: Implicit;
  readonly sugar: readonly Sugar[];
}

/**
 * Refuses text that only one of the engines takes, or that they read differently: throws QueryError with a caret and what
 * to write instead. What cannot be told without types (an operand's that is no column of the table) is left to the
 * engines. Every rule is a row of docs/divergence.md, or a function in `functions.ts`.
 */
export function refuseUnportable(subject: Subject): void {
  const faults = [
    ...checkTokens(subject),
    ...checkClauses(subject),
    ...checkFunctions(subject),
    ...checkComparisons(subject),
  ];
  const first = faults.toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0))[0];
  if (first !== undefined) throw first;
}

/** What DuckDB takes alone. */
export function duckDbOnly(what: string, at: { start: number; end: number }, rewrite: string): QueryError {
  const hint = `write ${rewrite}\n-e local runs the text as it is, on DuckDB alone`;
  return new QueryError(`${what} is not in Athena's SQL`, at, hint);
}

/** What both take and read differently. */
export function readDifferently(what: string, at: { start: number; end: number }, rewrite: string): QueryError {
  return new QueryError(`${what}: DuckDB and Athena read it differently`, at, `write ${rewrite}`);
}

/** The text of tokens `from` to `to`. */
export function sourceOf({ text, syntax: { tokens } }: Subject, from: number, to: number): string {
  return from < to ? text.slice(tokens[from]!.start, tokens[to - 1]!.end) : "";
}

/** The offsets of tokens `from` to `to`, which are at least one. */
export function spanOf({ syntax: { tokens } }: Subject, from: number, to = from + 1): { start: number; end: number } {
  return { start: tokens[from]!.start, end: tokens[to - 1]!.end };
}
