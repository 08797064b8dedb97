/** The diagnosis's questions, answered by the engine that ran the query. */
import { CliError } from "./cli-error.ts";
import type { Probe } from "./diagnose.ts";
import type { TimeRange } from "./dialect/statement.ts";
import { QueryError, type Engine, type Value } from "./engine/engine.ts";
import type { Options } from "./options.ts";
import { prepare, type Surroundings } from "./prepare.ts";
import { runQuery } from "./run.ts";
import { EMPTY_SCOPE } from "./scope.ts";
import type { Store } from "./store/store.ts";

/** All questions of one diagnosis together may take so long; then what is known is said. */
const BUDGET_MS = 5000;

/** A probe of a store, by DuckDB. */
export function createProbe(
  options: Options,
  { store, clusters }: { readonly store: Store; readonly clusters: readonly string[] | null },
  at: Surroundings,
  engine: Engine,
): Probe {
  const signal = AbortSignal.any([at.signal, AbortSignal.timeout(BUDGET_MS)]);
  /** Null if it was stopped: what a stopped query gave is a part. */
  const run = async (asked: Options, text: string | null, range?: TimeRange): Promise<Row[] | null> => {
    try {
      const local = { ...asked, engine: "local" as const };
      await using running = await runQuery(await prepare(local, text, { ...at, signal }, range), engine, signal);
      const rows: Row[] = [];
      for await (const batch of running.result.batches) {
        rows.push(...batch);
        if (rows.length >= (asked.limit ?? Infinity)) break;
      }
      return signal.aborted ? null : rows;
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  };
  return {
    async finds(asked) {
      try {
        const rows = await run({ ...asked.options, limit: 1 }, asked.text);
        return rows !== null && rows.length > 0;
      } catch (error) {
        // A rewritten text may be no query, and its window may be unclear: then it is no proposal.
        if (error instanceof QueryError || error instanceof CliError) return false;
        throw error;
      }
    },
    rows: (text, range) => run({ ...options, scope: EMPTY_SCOPE, limit: null, fields: null }, text, range),
    async newest() {
      const all = await store.listPartitions({ from: null, to: null }, clusters, signal);
      for (const partition of all.toSorted((a, b) => b.hour - a.hour)) {
        const newest = (await store.listObjects([partition], signal)).at(-1);
        if (newest !== undefined) return { partition, name: newest.key.split("/").at(-1)! };
      }
      return null;
    },
  };
}

type Row = readonly Value[];
