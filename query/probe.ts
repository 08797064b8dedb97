/** The diagnosis's questions, answered by the engine that ran the query. */
import { listObjects } from "./catalog/local.ts";
import type { Probe } from "./diagnose.ts";
import { QueryError, type Engine, type Value } from "./engine/engine.ts";
import { CliError } from "./cli-error.ts";
import type { Options } from "./options.ts";
import { prepare, type Scan, type Surroundings } from "./prepare.ts";

/** A probe of the store of `scan`. All its questions together may take so long; then what is known is said. */
const BUDGET_MS = 5000;

export function createProbe(
  options: Options,
  scan: Scan,
  at: Surroundings,
  engine: Engine,
  interrupted: AbortSignal,
): Probe {
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(BUDGET_MS)]);
  return {
    async finds(asked) {
      try {
        const { query } = await prepare({ ...asked.options, limit: 1 }, asked.text, at);
        for await (const batch of (await engine.run(query, signal)).batches) if (batch.length > 0) return true;
      } catch (error) {
        // A rewritten text may be no query, and its window may be unclear: then it is no proposal.
        if (!(error instanceof QueryError || error instanceof CliError)) throw error;
      }
      return false;
    },
    async rows(text, range) {
      const plain = { ...options, scope: EMPTY_SCOPE, limit: null, fields: null };
      const { query } = await prepare(plain, text, at, range);
      const rows: (readonly Value[])[] = [];
      for await (const batch of (await engine.run(query, signal)).batches) rows.push(...batch);
      return rows;
    },
    async newest() {
      const byTime = scan.all
        .filter((partition) => options.clusters === null || options.clusters.includes(partition.cluster))
        .toSorted((a, b) => b.hour - a.hour);
      for (const partition of byTime) {
        const { files } = await listObjects(scan.store, { partitions: [partition], totalPartitions: 1 });
        const name = files.at(-1)?.split("/").at(-1);
        if (name !== undefined) return { partition, name };
      }
      return null;
    },
  };
}

const EMPTY_SCOPE: Options["scope"] = {
  namespace: [],
  workload: [],
  pod: [],
  container: [],
  label: [],
  levels: [],
  grep: [],
  ignoreCase: false,
};
