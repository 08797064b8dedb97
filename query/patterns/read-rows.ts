/** Reads the rows of a query into a collector. */
import type { CommandIo } from "../cli-io.ts";
import { analyze } from "../dialect/analyze.ts";
import { inUsersText } from "../dialect/composed.ts";
import type { TimeRange } from "../dialect/statement.ts";
import type { Options } from "../options.ts";
import type { Scan } from "../plan-scan.ts";
import { prepare, type Surroundings } from "../prepare.ts";
import { startProgress } from "../progress.ts";
import { note } from "../report.ts";
import { nothingTaken, openEngine, runQuery, type Taken } from "../run.ts";
import { refuseLargeScan, scanLimit } from "../scan-limit.ts";
import { grepMistake } from "../scope.ts";
import type { Collector } from "./collect.ts";
import { rowsQuery } from "./rows-query.ts";

export interface Reading {
  readonly options: Options;
  /** The user's query; null for all rows in scope. */
  readonly text: string | null;
  /** The command, for messages. */
  readonly command: string;
  readonly collector: Collector;
  /** What the rows are counted as. */
  readonly side: 0 | 1;
  /** Replaces the window that the options choose. */
  readonly range?: TimeRange;
}

export interface Read {
  readonly scan: Scan;
  readonly rows: number;
  readonly elapsedMs: number;
  readonly taken: Taken;
}

/** Counts every row of a query once. Throws as `prepare` and `runQuery` do; mistakes are shown in the user's text. */
export async function readRows(reading: Reading, io: CommandIo): Promise<Read> {
  const { options, text, command, collector, side, range } = reading;
  const startMs = performance.now();
  const notice = (message: string): void => {
    if (!options.quiet) note(io, message);
  };
  const at: Surroundings = { env: io.env, cwd: io.cwd, now: io.now(), signal: io.signal, notice };
  const engine = options.engine === "local" ? "duckdb" : undefined;
  const composed = rowsQuery(
    text === null ? null : analyze(text, { now: at.now, params: options.params, engine }),
    command,
  );
  let rows = 0;
  const progress = startProgress(
    io.stderr,
    io.stderr.isTTY === true && !options.quiet,
    () => `${rows.toLocaleString("en-US")} rows`,
  );
  try {
    const prepared = await prepare({ ...options, limit: null, fields: null }, composed.text, at, range);
    await refuseLargeScan(prepared.scan, scanLimit(options, prepared.choice.engine), io.signal);
    const signal = AbortSignal.any([io.signal, io.out.closed]);
    const taken = nothingTaken();
    const opened = await openEngine(prepared, options, io, notice);
    await using running = await runQuery(prepared, opened, signal, taken);
    for await (const batch of running.result.batches) {
      rows += batch.length;
      for (const [ms, level, workload, log] of batch) {
        collector.add(log as string, Number(ms), level as string | null, workload as string | null, side);
      }
    }
    signal.throwIfAborted();
    return { scan: prepared.scan!, rows, taken, elapsedMs: performance.now() - startMs };
  } catch (error) {
    throw grepMistake((error as Error).message, options.scope) ?? inUsersText(error, composed);
  } finally {
    progress.stop();
  }
}
