/** Answers a query: prepares it, runs it, shows the rows, says what is worth saying. */
import { showAround } from "./around/show-around.ts";
import { EXIT } from "./cli-error.ts";
import type { CliIo, CommandIo } from "./cli-io.ts";
import { changeSettings } from "./config-file.ts";
import { diagnose, type Probe } from "./diagnose.ts";
import type { Engine } from "./engine/engine.ts";
import { firstOptions, follow } from "./follow/follow.ts";
import { counted, footerLine, scanText, windowText } from "./footer.ts";
import type { Options } from "./options.ts";
import type { Asked } from "./predicates.ts";
import { prepare, type PreparedQuery, type Scan, type Surroundings } from "./prepare.ts";
import { createProbe } from "./probe.ts";
import { startProgress } from "./progress.ts";
import { defaultFormat } from "./render/renderer.ts";
import { note } from "./report.ts";
import { runQuery } from "./run.ts";
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
  if (options.explain || options.dryRun) {
    await io.out.write(planText(options, prepared));
    return EXIT.ok;
  }
  const startMs = performance.now();
  const { context } = prepared;
  const engine = await io.openEngine("local", { context, env: io.env, scanBytesMax: null, notice });
  if (options.follow) return await follow({ options, prepared, engine, io });
  const shown =
    options.around === null
      ? await runAndShow(options, prepared, engine, io)
      : await showAround({ options, around: options.around, prepared, at, engine, io });
  if (io.signal.aborted || io.out.closed.aborted) return EXIT.ok;
  const isTalkative = options.stats || (io.stderr.isTTY === true && !options.quiet);
  if (isTalkative) note(io, footerLine(shown.rows, prepared.scan, options.zone, performance.now() - startMs));
  if (shown.truncated && !options.quiet) note(io, truncationNotice(prepared.rowsMax, shown.reversed));
  if (shown.rows === 0 && prepared.scan !== null && !options.quiet) {
    const probe = createProbe(options, { context, scan: prepared.scan }, at, engine, io.signal);
    const progress = startProgress(io.stderr, io.stderr.isTTY === true, "no rows; looking for the reason");
    const found = await noRowsNotice({ options, text }, prepared.scan, probe);
    progress.stop();
    note(io, found);
  }
  return shown.rows === 0 && options.exitStatus ? EXIT.noRows : EXIT.ok;
}

async function runAndShow(
  options: Options,
  prepared: PreparedQuery,
  engine: Engine,
  io: CommandIo,
): Promise<Shown & { readonly reversed: boolean }> {
  const terminal = io.stdout.isTTY === true;
  const objects = prepared.scan === null ? "running" : `reading ${counted(prepared.scan.objects.length, "object")}`;
  const progress = startProgress(io.stderr, io.stderr.isTTY === true && !options.quiet, objects);
  const signal = AbortSignal.any([io.signal, io.out.closed]);
  try {
    await using running = await runQuery(prepared, engine, signal);
    const { result, reversed } = running;
    const showOptions = {
      format: options.output ?? defaultFormat(prepared.statement.kind, terminal),
      style: { terminal, color: usesColor(options, io) },
      zone: options.zone,
      rowsMax: prepared.rowsMax,
      reversed,
      fields: prepared.fields,
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

/** Scripts leave no trace: what they query is not what the user at the terminal wants to query next. */
async function rememberStoreOnTerminal(options: Options, prepared: PreparedQuery, io: CliIo): Promise<void> {
  const { scan, context } = prepared;
  // Where a context is in use, what is remembered would not be looked at.
  if (options.store === null || scan === null || context.name !== null || io.stderr.isTTY !== true) return;
  try {
    const path = await changeSettings(io.env, (settings) => ({ ...settings, store: scan.store.location }));
    if (path !== null && !options.quiet)
      note(io, `remembered the store in ${path}: --store may be left out from now on`);
  } catch (error) {
    if (!options.quiet) note(io, `could not remember the store: ${(error as Error).message}`);
  }
}

function planText(options: Options, { lower, scan }: PreparedQuery): string {
  const window = scan === null ? "none" : `${windowText(scan.window.range, options.zone)} (${options.zone})`;
  const reads = scan === null ? "nothing" : scanText(scan);
  if (options.explain) {
    const { sql } = lower(scan?.objects.map(({ key }) => `${scan.store.location}/${key}`) ?? []);
    return `-- window: ${window}\n-- reads: ${reads}\n${sql.trimEnd()}\n`;
  }
  const partitions = scan?.partitions.map((partition) => `  ${partition.path}\n`).join("") ?? "";
  return `window: ${window}\nwould read: ${reads}\n${partitions}`;
}

function truncationNotice(rowsMax: number | null, reversed: boolean): string {
  const which = reversed ? "newest " : "first ";
  const verb = rowsMax === 1 ? "is" : "are";
  return `only the ${which}${counted(rowsMax ?? 0, "row")} ${verb} shown, there are more: --limit N, --limit all, or a narrower query`;
}

async function noRowsNotice(asked: Asked, scan: Scan, probe: Probe): Promise<string> {
  try {
    const lines = await diagnose(asked, scan, probe);
    return ["no rows", ...lines.map((line) => `  ${line}`)].join("\n");
  } catch (error) {
    // The query itself has been answered: what fails here is help.
    return `no rows (and no explanation: ${(error as Error).message})`;
  }
}
