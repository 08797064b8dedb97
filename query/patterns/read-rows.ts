/** Reads the rows of a query into a collector. */
import { CliError } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { analyze } from "../dialect/analyze.ts";
import { inUsersText } from "../dialect/composed.ts";
import type { TimeRange } from "../dialect/statement.ts";
import type { FieldCounts } from "../diff/field-counts.ts";
import type { Result } from "../engine/engine.ts";
import type { Options } from "../options.ts";
import type { Scan } from "../plan-scan.ts";
import { writePlan } from "../plan-text.ts";
import { prepare, type Surroundings } from "../prepare.ts";
import { startProgress } from "../progress.ts";
import { note } from "../report.ts";
import { nothingTaken, openEngine, runQuery, type Taken } from "../run.ts";
import { refuseLargeScan, scanLimit } from "../scan-limit.ts";
import { grepMistake } from "../scope.ts";
import type { Collector, RowFacts } from "./collect.ts";
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
  /** Replaces the window that the options choose; the query has none of its own. */
  readonly range?: TimeRange;
  /** Counts the values of fields too. */
  readonly fields?: FieldCounts;
}

export interface Read {
  readonly scan: Scan;
  readonly rows: number;
  readonly elapsedMs: number;
  readonly taken: Taken;
}

/** Counts every row of a query once; null: only its plan was asked for, and is written. Throws as `prepare` and `runQuery` do; mistakes are shown in the user's text. */
export async function readRows(reading: Reading, io: CommandIo): Promise<Read | null> {
  const { options, text, command, range } = reading;
  const startMs = performance.now();
  const notice = (message: string): void => {
    if (!options.quiet) note(io, message);
  };
  const at: Surroundings = { env: io.env, cwd: io.cwd, now: io.now(), signal: io.signal, notice };
  const engine = options.engine === "local" ? "duckdb" : undefined;
  const statement = text === null ? null : analyze(text, { now: at.now, params: options.params, engine });
  if (range !== undefined && statement !== null && statement.window.kind !== "none") {
    throw new CliError(`${command} takes its windows from flags, and the query says a time too`, "leave it out there");
  }
  const composed = rowsQuery(statement, command, reading.fields !== undefined);
  let rows = 0;
  const progress = startProgress(
    io.stderr,
    io.stderr.isTTY === true && !options.quiet,
    () => `${rows.toLocaleString("en-US")} rows`,
  );
  try {
    const prepared = await prepare({ ...options, limit: null, fields: null }, composed.text, at, range);
    if (await writePlan(options, prepared, io)) return null;
    await refuseLargeScan(prepared.scan, scanLimit(options, prepared.choice.engine), io.signal);
    const signal = AbortSignal.any([io.signal, io.out.closed]);
    const taken = nothingTaken();
    const opened = await openEngine(prepared, options, io, notice);
    await using running = await runQuery(prepared, opened, signal, taken);
    for await (const count of collect(running.result, reading)) rows += count;
    signal.throwIfAborted();
    return { scan: prepared.scan!, rows, taken, elapsedMs: performance.now() - startMs };
  } catch (error) {
    throw grepMistake((error as Error).message, options.scope) ?? inUsersText(error, composed);
  } finally {
    progress.stop();
  }
}

/** Gives the number of rows of each batch once they are counted. */
async function* collect({ batches, columnBatches }: Result, reading: Reading): AsyncGenerator<number> {
  const { collector, side, fields } = reading;
  const facts: RowFacts = { ms: 0, level: null, workload: null, side };
  if (columnBatches === undefined) {
    for await (const batch of batches) {
      for (const [ms, level, workload, log, pod] of batch) {
        facts.ms = Number(ms);
        facts.level = level as string | null;
        facts.workload = workload as string | null;
        const message = (log as string | null) ?? "";
        collector.add(message, facts);
        if (fields !== undefined) countFields(fields, facts, pod as string | null, message);
      }
      yield batch.length;
    }
    return;
  }
  for await (const batch of columnBatches) {
    const [ms, levels, workloads] = [batch.numbers(0), batch.names(1), batch.names(2)];
    const pods = fields === undefined ? [] : batch.names(4);
    const { bytes: array, starts, ends } = batch.texts(3);
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.length);
    for (let i = 0; i < batch.length; i++) {
      facts.ms = ms[i]!;
      facts.level = levels[i]!;
      facts.workload = workloads[i]!;
      // NULL, which only a query of the user's own can make of a message, is an empty one.
      const [start, end] = [Math.max(0, starts[i]!), Math.max(0, ends[i]!)];
      collector.addBytes(bytes, start, end, facts);
      if (fields === undefined) continue;
      countFields(fields, facts, pods[i]!, bytes[start] === OPEN ? bytes.toString("utf8", start, end) : "");
    }
    yield batch.length;
  }
}

const OPEN = 0x7b;

function countFields(
  fields: FieldCounts,
  { level, workload, side }: RowFacts,
  pod: string | null,
  message: string,
): void {
  fields.addColumn("level", level, side);
  fields.addColumn("workload", workload, side);
  fields.addColumn("pod", pod, side);
  if (message.startsWith("{")) fields.addMessage(message, side);
}
