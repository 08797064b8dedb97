/** What is said to the user beside results: notices and mistakes. */
import type { Writable } from "node:stream";
import { CliError, EXIT } from "./cli-error.ts";
import { QueryError } from "./engine/engine.ts";
import { quotedConditionAt } from "./query-text.ts";
import { caretLines } from "./render/caret.ts";
import { neutralise } from "./render/terminal-text.ts";

/** One notice on stderr. */
export function note(io: { readonly stderr: Writable }, message: string): void {
  io.stderr.write(`logq: ${neutralise(message)}\n`);
}

/** Says on stderr what went wrong. Returns the exit code. */
export function report(error: unknown, query: string | null, stderr: Writable): number {
  const { text, exitCode } = failureOf(error, query);
  stderr.write(text);
  return exitCode;
}

export interface Failure {
  /** Some lines, each with its end. */
  readonly text: string;
  readonly exitCode: number;
}

/** What went wrong, with a caret under the place in the query as the user wrote it (null: there is none) and what to do. */
export function failureOf(error: unknown, query: string | null): Failure {
  const text = error instanceof QueryError && error.text !== null ? error.text : query;
  const message = error instanceof Error ? error.message : String(error);
  const lines = [`logq: ${message}`];
  let hint = error instanceof CliError || error instanceof QueryError ? error.hint : null;
  if (error instanceof QueryError && error.start !== null && text !== null) {
    lines.push(caretLines(text, { start: error.start, end: error.end }));
    const condition = quotedConditionAt(text, error.start);
    if (condition !== null) hint = `did you mean ${condition}?`;
  }
  if (hint !== null) lines.push(...hint.split("\n").map((line) => `  ${line}`));
  const exitCode = error instanceof QueryError ? EXIT.usage : EXIT.backend;
  return {
    text: `${lines.map(neutralise).join("\n")}\n`,
    exitCode: error instanceof CliError ? error.exitCode : exitCode,
  };
}
