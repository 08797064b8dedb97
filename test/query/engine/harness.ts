/** One way through analysis, lowering and engine, as the CLI goes it with `-e local`. */
import { analyze } from "../../../query/dialect/analyze.ts";
import type { AnalyzeOptions } from "../../../query/dialect/analyze.ts";
import { lowerForDuckDb } from "../../../query/dialect/lower.ts";
import type { LowerOptions } from "../../../query/dialect/statement.ts";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import { QueryError } from "../../../query/engine/engine.ts";
import type { LoweredQuery, ResultColumn, Value } from "../../../query/engine/engine.ts";

export interface Answer {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Value[])[];
}

export function lowered(text: string, options: Partial<LowerOptions & AnalyzeOptions> = {}): LoweredQuery {
  const { now = 0n, params = {}, engine, ...rest } = { engine: "duckdb" as const, ...options };
  const lowering = { files: [], range: { from: null, to: null }, where: null, limit: null, ...rest };
  return lowerForDuckDb(analyze(text, { now, params, engine }), lowering);
}

export async function answer(query: LoweredQuery, signal = new AbortController().signal): Promise<Answer> {
  const { columns, batches } = await createDuckDbEngine().run(query, signal);
  const rows: (readonly Value[])[] = [];
  for await (const batch of batches) rows.push(...batch);
  return { columns, rows };
}

/** The QueryError of a text, with the characters under its caret. */
export async function failure(text: string, options: Partial<LowerOptions & AnalyzeOptions> = {}) {
  try {
    await answer(lowered(text, options));
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const { message, hint, start, end } = error;
    return { message, hint, start, at: start === null ? null : text.slice(start, end ?? start) };
  }
  throw new Error(`expected a QueryError: ${text}`);
}
