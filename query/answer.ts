/** Answers a query: prepares it, runs it, shows the rows, says what is worth saying. */
import { storedTable } from "../config/tables/definition.ts";
import { LOGS } from "../config/tables/logs.ts";
import { showAround } from "./around/show-around.ts";
import { EXIT } from "./cli-error.ts";
import type { CliIo, CommandIo } from "./cli-io.ts";
import { commandOf } from "./command-line.ts";
import { changeSettings } from "./config-file.ts";
import type { Engine } from "./engine/engine.ts";
import { firstOptions, follow } from "./follow/follow.ts";
import { counted, footerLine, receiptsText } from "./footer.ts";
import { appendHistory } from "./history.ts";
import { noRowsNotice } from "./no-rows.ts";
import type { Options } from "./options.ts";
import { pagedOutput } from "./pager.ts";
import { writePlan } from "./plan-text.ts";
import { prepare, type PreparedQuery, type Surroundings } from "./prepare.ts";
import { startProgress } from "./progress.ts";
import { defaultFormat } from "./render/renderer.ts";
import { note } from "./report.ts";
import { nothingTaken, openEngine, runQuery, type Taken } from "./run.ts";
import { refuseLargeScan, scanLimit } from "./scan-limit.ts";
import { grepMistake } from "./scope.ts";
import { show, type Shown } from "./show.ts";
import { usesColor } from "./style.ts";

/** Answers one query (null: scope flags are the query) as the options ask. Returns the exit code; throws what goes wrong. */
export async function answer(given: Options, text: string | null, io: CommandIo): Promise<number> {
  const options = given.follow ? firstOptions(given) : given;
  const notice = (message: string): void => {
    if (!options.quiet) note(io, message);
  };
  const at: Surroundings = { env: io.env, cwd: io.cwd, now: io.now(), signal: io.signal, notice };
  const prepared = await prepare(options, text, at);
  await rememberStoreOnTerminal(options, prepared, io);
  if (await writePlan(options, prepared, io)) return EXIT.ok;
  const { scan, choice } = prepared;
  await refuseLargeScan(scan, scanLimit(options, choice.engine), io.signal);
  const isTalkative = options.stats || (io.stderr.isTTY === true && !options.quiet);
  if (choice.why !== null && isTalkative) note(io, choice.why);
  const engine = await openEngine(prepared, options, io, notice);
  if (options.follow) return await follow({ options, prepared, engine, io });

  const startMs = performance.now();
  const taken = nothingTaken();
  const asking: Asking = { options, text, prepared, at, engine, taken, startMs, io };
  const shown = await runPaged(asking);
  if (io.signal.aborted || io.out.closed.aborted) return EXIT.ok;
  if (isTalkative)
    note(io, footerLine({ rows: shown.rows, elapsedMs: performance.now() - startMs, taken }, scan, options.zone));
  if (shown.truncated) notice(truncationNotice(prepared.rowsMax, shown.reversed));
  if (shown.rows === 0 && scan !== null && !options.quiet) {
    const progress = startProgress(io.stderr, io.stderr.isTTY === true, "no rows; looking for the reason");
    const found = await noRowsNotice({ options, text }, prepared, at, engine);
    progress.stop();
    note(io, found);
  }
  return shown.rows === 0 && options.exitStatus ? EXIT.noRows : EXIT.ok;
}

interface Asking {
  readonly options: Options;
  readonly text: string | null;
  readonly prepared: PreparedQuery;
  readonly at: Surroundings;
  readonly engine: Engine;
  readonly taken: Taken;
  readonly startMs: number;
  readonly io: CommandIo;
}

type ShownRows = Shown & { readonly reversed: boolean };

/** Shows the rows, by the pager if they are many; says what a query has cost that was stopped or failed. */
async function runPaged(asking: Asking): Promise<ShownRows> {
  const { options, prepared, at, engine, io } = asking;
  const out = options.pager ? pagedOutput(io.out, io) : io.out;
  const paged = { ...asking, io: { ...io, out } };
  let shown: ShownRows | null = null;
  try {
    const { around } = options;
    shown =
      around === null
        ? await runAndShow(paged)
        : await showAround({ options, around, prepared, at, engine, taken: asking.taken, io: paged.io });
    await out.flush();
    return shown;
  } finally {
    const isStopped = shown === null || io.signal.aborted || out.closed.aborted;
    if (isStopped && asking.taken.receipts.size > 0 && !options.quiet) note(io, receiptsText(asking.taken.receipts));
    await remember(asking, isStopped ? null : (shown?.rows ?? null));
  }
}

async function runAndShow({ options, prepared, engine, taken, io }: Asking): Promise<ShownRows> {
  const terminal = io.stdout.isTTY === true;
  const progress = startProgress(io.stderr, io.stderr.isTTY === true && !options.quiet, progressText(prepared, taken));
  const signal = AbortSignal.any([io.signal, io.out.closed]);
  try {
    await using running = await runQuery(prepared, engine, signal, taken);
    const { result, reversed } = running;
    const showOptions = {
      format: options.output ?? defaultFormat(prepared.statement.kind, terminal),
      style: { terminal, color: usesColor(options, io) },
      zone: options.zone,
      rowsMax: prepared.rowsMax,
      reversed,
      fields: prepared.fields,
      onColumns: io.onColumns,
      write(chunk: string): Promise<void> {
        if (chunk !== "") progress.stop();
        return io.out.write(chunk);
      },
    };
    return { ...(await show(result, showOptions, signal)), reversed };
  } catch (error) {
    throw grepMistake((error as Error).message, options.scope) ?? error;
  } finally {
    progress.stop();
  }
}

/** Asked again and again while it runs. */
function progressText({ scan, choice }: PreparedQuery, { receipts }: Taken): () => string {
  if (choice.engine === "athena") return () => (receipts.size === 0 ? "waiting for Athena" : receiptsText(receipts));
  return () => (scan === null ? "running" : `reading ${counted(scan.objects.length, "object")}`);
}

/** What a person asks, and what costs money, is kept; scripts on local stores leave no trace. */
async function remember(
  { options, text, prepared, taken, startMs, at, io }: Asking,
  rows: number | null,
): Promise<void> {
  const receipts = [...taken.receipts.values()];
  if (io.stderr.isTTY !== true && receipts.length === 0) return;
  const entry = {
    time: new Date(Number(at.now / 1_000_000n)).toISOString(),
    text,
    command: commandOf(options, text),
    engine: prepared.choice.engine,
    store: prepared.context.store,
    rows,
    ms: Math.round(performance.now() - startMs),
    bytes: sum(receipts.map(({ scannedBytes }) => scannedBytes)) ?? taken.bytesRead,
    usd: sum(receipts.map(({ usd }) => usd)),
    queryId: receipts.at(-1)?.queryId ?? null,
  } as const;
  try {
    await appendHistory(entry, io.env);
  } catch (error) {
    if (!options.quiet) note(io, `could not append to the history: ${(error as Error).message}`);
  }
}

function sum(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

/** Scripts leave no trace: what they query is not what the user at the terminal wants to query next. */
async function rememberStoreOnTerminal(options: Options, prepared: PreparedQuery, io: CliIo): Promise<void> {
  const { scan, context, statement } = prepared;
  const { store } = context;
  // Where a context is in use, what is remembered would not be looked at. AWS's files are no store of logs.
  const isOfLogs = storedTable(statement.table ?? LOGS) === LOGS;
  const isNew = options.store !== null && scan !== null && context.name === null && isOfLogs;
  if (!isNew || store === null || io.stderr.isTTY !== true) return;
  try {
    const path = await changeSettings(io.env, (settings) => ({ ...settings, store }));
    if (path !== null && !options.quiet)
      note(io, `remembered the store in ${path}: --store may be left out from now on`);
  } catch (error) {
    if (!options.quiet) note(io, `could not remember the store: ${(error as Error).message}`);
  }
}

function truncationNotice(rowsMax: number | null, reversed: boolean): string {
  const which = reversed ? "newest " : "first ";
  const verb = rowsMax === 1 ? "is" : "are";
  return `only the ${which}${counted(rowsMax ?? 0, "row")} ${verb} shown, there are more: --limit N, --limit all, or a narrower query`;
}
