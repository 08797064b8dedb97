import type { TableDefinition } from "../../config/tables/definition.ts";
import { LOGS } from "../../config/tables/logs.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import type { Partition } from "../catalog/plan.ts";
import { analyze } from "../dialect/analyze.ts";
import { inUsersText, type Composed } from "../dialect/composed.ts";
import type { Statement, TimeRange } from "../dialect/statement.ts";
import type { Result, ResultColumn, Value } from "../engine/engine.ts";
import { footerLine } from "../footer.ts";
import { DRAWN_SERIES_MAX, drawBars } from "../hist/bars.ts";
import { BY_NOTHING, countsQuery } from "../hist/counts-query.ts";
import { extentOf, histogramOf, type Count, type Histogram } from "../hist/histogram.ts";
import { chooseStepMs, countedStepMs, parseBars } from "../hist/steps.ts";
import { parseOptions, type Options } from "../options.ts";
import type { Scan } from "../plan-scan.ts";
import { writePlan } from "../plan-text.ts";
import { prepare, type Surroundings } from "../prepare.ts";
import { startProgress } from "../progress.ts";
import { readCommandText } from "../query-text.ts";
import { note } from "../report.ts";
import { nothingTaken, openEngine, runQuery, type Taken } from "../run.ts";
import { refuseLargeScan, scanLimit } from "../scan-limit.ts";
import { grepMistake } from "../scope.ts";
import { showRows } from "../show-rows.ts";
import { usesColor } from "../style.ts";
import { parseDuration, rangeOfFlags } from "../time-range.ts";
import type { Command } from "./command.ts";

const BARS_DEFAULT = 24;
/** More are a mistake: nobody looks at them, and each is a line. */
const BARS_MAX = 10_000;
const MS_NS = 1_000_000n;
const HOUR_MS = 3_600_000;
/** What a store in S3 is asked for if nothing says more. */
const LAST_HOUR: TimeRange = { from: 0n, to: 3_600_000_000_000n };

export const hist: Command = {
  usage: `hist [options] ["<query>"]`,
  help: `The query is a condition or select *; without one, all rows in scope. Options of
queries hold (time, scope, --store, -z), and

  --by FIELD     a column, log.status, labels.app, none; of logs level (default)
  --buckets N    bars at most (${BARS_DEFAULT})
  --interval 1m  length of a bar instead
  -o FORMAT      log: bars; ndjson (default in a pipe), json, csv …: counts

  logq hist --since 1h
  logq hist "pod='nginx'" --by log.status --interval 5m
`,
  extra: { by: { type: "string" }, buckets: { type: "string" }, interval: { type: "string" } },
  async run(argv, io) {
    const options = parseOptions(argv, { extra: hist.extra! });
    const text = await readCommandText(options, io);
    const engine = options.engine === "local" ? "duckdb" : undefined;
    const statement = text === null ? null : analyze(text, { now: io.now(), params: options.params, engine });
    const by = optionOf(options, "by") ?? usualSeries(statement?.table ?? LOGS);
    const isDrawn = (options.output ?? (io.stdout.isTTY === true ? "log" : "ndjson")) === "log";
    const question = { options, statement, by, isDrawn, ...lengthOf(options) };
    const counted = await count(question, io);
    if (counted === null) return EXIT.ok;
    const { histogram, scan, elapsedMs, taken } = counted;
    if (isDrawn) await io.out.write(draw(histogram, question, io));
    else await writeCounts(histogram, question, io);
    if (options.stats || (io.stderr.isTTY === true && !options.quiet)) {
      note(io, footerLine({ rows: histogram.total, elapsedMs, taken }, scan, options.zone));
    }
    if (histogram.total === 0 && !options.quiet) note(io, "no rows: logq with the same options says why");
    return histogram.total === 0 && options.exitStatus ? EXIT.noRows : EXIT.ok;
  },
};

/** Tables beside logs have no levels. */
function usualSeries({ names }: TableDefinition): string {
  return names.has("level") ? "level" : BY_NOTHING;
}

interface Question {
  readonly options: Options;
  /** Null for all rows in scope. */
  readonly statement: Statement | null;
  readonly by: string;
  readonly isDrawn: boolean;
  readonly barsMax: number;
  /** Null: as long as `barsMax` asks for. */
  readonly intervalMs: number | null;
}

interface Counted {
  readonly histogram: Histogram;
  readonly scan: Scan;
  readonly elapsedMs: number;
  readonly taken: Taken;
}

/** Null: only the plan was asked for, and is written. */
async function count(question: Question, io: CommandIo): Promise<Counted | null> {
  const { options, statement, by } = question;
  const startMs = performance.now();
  const notice = (message: string): void => {
    if (!options.quiet) note(io, message);
  };
  const at: Surroundings = { env: io.env, cwd: io.cwd, now: io.now(), signal: io.signal, notice };
  const asked = { ...options, limit: null, fields: null };
  const ask = async (stepMs: number) => {
    const composed = countsQuery(statement, by, stepMs);
    return { composed, stepMs, prepared: await inText(composed, () => prepare(asked, composed.text, at)) };
  };
  // Which window holds, and how far back the store goes, is known only after it was listed. A good guess saves a listing.
  const guess = rangeOfFlags(options.time, { now: at.now, zone: options.zone }) ?? rangeOfText(statement) ?? LAST_HOUR;
  let asking = await ask(countedStep(question, spanOf(guess, [], at.now)));
  const scan = asking.prepared.scan!;
  const window = spanOf(scan.window.range, scan.partitions, at.now);
  const countedMs = countedStep(question, window);
  if (countedMs !== asking.stepMs) asking = await ask(countedMs);
  if (await writePlan(options, asking.prepared, io)) return null;
  await refuseLargeScan(scan, scanLimit(options, asking.prepared.choice.engine), io.signal);

  const progress = startProgress(io.stderr, io.stderr.isTTY === true && !options.quiet, "counting");
  try {
    const signal = AbortSignal.any([io.signal, io.out.closed]);
    const taken = nothingTaken();
    const opened = await openEngine(asking.prepared, options, io, notice);
    const counts = await inText(asking.composed, async () => {
      await using running = await runQuery(asking.prepared, opened, signal, taken);
      return await readCounts(running.result);
    });
    signal.throwIfAborted();
    const span = window.isShown ? window : extentOf(counts, countedMs);
    const stepMs = question.intervalMs ?? stepFor(span, question.barsMax, countedMs);
    refuseTooMany(span, stepMs);
    const shown = {
      stepMs,
      zone: options.zone,
      span,
      byLevel: by === "level",
      seriesMax: question.isDrawn ? DRAWN_SERIES_MAX : Infinity,
    };
    return { histogram: histogramOf(counts, shown), scan, taken, elapsedMs: performance.now() - startMs };
  } catch (error) {
    throw grepMistake((error as Error).message, options.scope) ?? error;
  } finally {
    progress.stop();
  }
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Window extends Span {
  /** Whether the bars show all of it; else they begin and end with the rows. */
  readonly isShown: boolean;
}

function spanOf({ from, to }: TimeRange, partitions: readonly Partition[], nowNs: bigint): Window {
  const nowMs = Number(nowNs / MS_NS);
  const hours = partitions.map(({ hour }) => hour);
  if (from !== null) {
    const fromMs = Number(from / MS_NS);
    const toMs = to === null ? nowMs : Math.min(nowMs, Number((to + MS_NS - 1n) / MS_NS));
    return { fromMs, toMs: Math.max(toMs, fromMs + 1), isShown: true };
  }
  const fromMs = hours.reduce((least, hour) => Math.min(least, hour * HOUR_MS), nowMs);
  return {
    fromMs,
    toMs: hours.reduce((most, hour) => Math.max(most, (hour + 1) * HOUR_MS), fromMs + 1),
    isShown: false,
  };
}

function rangeOfText(statement: Statement | null): TimeRange | null {
  return statement?.window.kind === "range" ? statement.window.range : null;
}

/** Fine enough for the bars of any part of the window, and bounded in number. */
function countedStep({ barsMax, intervalMs, options }: Question, window: Window): number {
  if (intervalMs !== null) return countedStepMs(intervalMs, options.zone);
  const spanMs = window.toMs - window.fromMs;
  if (window.isShown) return countedStepMs(chooseStepMs(spanMs, barsMax), options.zone);
  return countedStepMs(chooseStepMs(spanMs, Math.max(20_000, barsMax)), options.zone);
}

function stepFor(span: Span | null, barsMax: number, countedMs: number): number {
  return span === null ? countedMs : chooseStepMs(span.toMs - span.fromMs, barsMax, countedMs);
}

function refuseTooMany(span: Span | null, stepMs: number): void {
  const bars = span === null ? 0 : Math.ceil((span.toMs - span.fromMs) / stepMs);
  if (bars > BARS_MAX) {
    throw new CliError(`${bars} bars are too many`, "use a longer --interval, or a shorter window: --since 1h");
  }
}

async function readCounts(result: Result): Promise<Count[]> {
  const counts: Count[] = [];
  for await (const batch of result.batches) {
    for (const [ns, by, rows] of batch) {
      if (ns === null) continue; // no time could be read in these
      counts.push({ ms: Number((ns as bigint) / MS_NS), by: by as string | null, rows: Number(rows) });
    }
  }
  return counts;
}

function draw(histogram: Histogram, { options, by }: Question, io: CommandIo): string {
  if (histogram.total === 0) return "";
  const color = usesColor(options, io);
  return drawBars(histogram, { width: io.stdout.columns ?? 80, color, zone: options.zone, byLevel: by === "level" });
}

/** One row a bar and series that has rows. */
async function writeCounts(histogram: Histogram, { options, by }: Question, io: CommandIo): Promise<void> {
  const { bars, series } = histogram;
  const rows = bars.flatMap(({ ms, rows: counts }) =>
    counts.flatMap((n, i): Value[][] => {
      const { name, kind } = series[i]!;
      const value = by === BY_NOTHING ? [] : [kind === "null" ? null : name];
      return n === 0 ? [] : [[new Date(ms).toISOString(), ...value, BigInt(n)]];
    }),
  );
  const columns: ResultColumn[] = [
    { name: "ts", type: "timestamp" },
    ...(by === BY_NOTHING ? [] : [{ name: by, type: "varchar" as const }]),
    { name: "n", type: "bigint" },
  ];
  await showRows(columns, rows, options, io);
}

function lengthOf(options: Options): { barsMax: number; intervalMs: number | null } {
  const [buckets, interval] = [optionOf(options, "buckets"), optionOf(options, "interval")];
  if (buckets !== null && interval !== null) {
    throw new CliError("--buckets and --interval exclude each other", "keep one of them");
  }
  const intervalMs = interval === null ? null : Number(parseDuration(interval, "--interval") / MS_NS);
  return { barsMax: buckets === null ? BARS_DEFAULT : parseBars(buckets), intervalMs };
}

function optionOf(options: Options, name: string): string | null {
  const value = options.extra[name];
  return typeof value === "string" ? value : null;
}

async function inText<T>(composed: Composed, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inUsersText(error, composed);
  }
}
