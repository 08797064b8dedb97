/** `logq` from arguments to exit code. Everything it touches comes in by `io`, so tests run it in process. */
import type { Writable } from "node:stream";
import packageJson from "../package.json" with { type: "json" };
import { CliError, EXIT } from "./cli-error.ts";
import { rememberStore } from "./config-file.ts";
import { diagnose, type Probe } from "./diagnose.ts";
import { QueryError, type Engine } from "./engine/engine.ts";
import { counted, footerLine, scanText, windowText } from "./footer.ts";
import { parseOptions, type Options } from "./options.ts";
import { openOutput, type Output } from "./output.ts";
import type { Asked } from "./predicates.ts";
import { prepare, type PreparedQuery, type Scan, type Surroundings } from "./prepare.ts";
import { createProbe } from "./probe.ts";
import { startProgress } from "./progress.ts";
import { quotedConditionAt, readQueryText, type QuerySource } from "./query-text.ts";
import { caretLines } from "./render/caret.ts";
import { defaultFormat } from "./render/renderer.ts";
import { neutralise } from "./render/terminal-text.ts";
import { grepMistake } from "./scope.ts";
import { show, type Shown } from "./show.ts";
import { USAGE } from "./usage.ts";

export interface CliIo {
  readonly stdin: QuerySource["stdin"];
  readonly stdout: Writable & { readonly isTTY?: boolean | undefined };
  readonly stderr: Writable & { readonly isTTY?: boolean | undefined };
  readonly env: Surroundings["env"];
  readonly cwd: string;
  /** Nanoseconds since 1970. */
  now(): bigint;
  /** Aborted to interrupt (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Loads the engine; called only when a query runs. */
  openEngine(): Promise<Engine>;
}

/** Runs one command line (the arguments after the program's name) and returns the exit code; it never rejects. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const out = openOutput(io.stdout);
  io.stderr.on("error", () => {}); // nobody is left to be told
  let text: string | null = null;
  try {
    const options = parseOptions(argv);
    if (options.action !== "query") {
      await out.write(options.action === "help" ? USAGE : `logq ${packageJson.version}\n`);
      return EXIT.ok;
    }
    text = await readQueryText(options, io);
    const exitCode = await answer(options, text, io, out);
    await out.flush();
    return io.signal.aborted ? EXIT.interrupted : exitCode;
  } catch (error) {
    if (io.signal.aborted) return EXIT.interrupted;
    if (out.closed.aborted && !(error instanceof CliError)) return EXIT.ok;
    return report(error, text, io.stderr);
  }
}

async function answer(options: Options, text: string | null, io: CliIo, out: Output): Promise<number> {
  const at: Surroundings = { env: io.env, cwd: io.cwd, now: io.now() };
  const prepared = await prepare(options, text, at);
  await rememberStoreOnTerminal(options, prepared, io);
  if (options.explain || options.dryRun) {
    await out.write(planText(options, prepared));
    return EXIT.ok;
  }
  const startMs = performance.now();
  const engine = await io.openEngine();
  const shown = await runAndShow(options, prepared, engine, io, out);
  if (io.signal.aborted || out.closed.aborted) return EXIT.ok;
  const isTalkative = options.stats || (io.stderr.isTTY === true && !options.quiet);
  if (isTalkative) note(io, footerLine(shown.rows, prepared.scan, options.zone, performance.now() - startMs));
  if (shown.truncated && !options.quiet) note(io, truncationNotice(prepared));
  if (shown.rows === 0 && prepared.scan !== null && !options.quiet) {
    const probe = createProbe(options, prepared.scan, at, engine, io.signal);
    const progress = startProgress(io.stderr, io.stderr.isTTY === true, "no rows; looking for the reason");
    const notice = await noRowsNotice({ options, text }, prepared.scan, probe);
    progress.stop();
    note(io, notice);
  }
  return shown.rows === 0 && options.exitStatus ? EXIT.noRows : EXIT.ok;
}

async function runAndShow(
  options: Options,
  prepared: PreparedQuery,
  engine: Engine,
  io: CliIo,
  out: Output,
): Promise<Shown> {
  const terminal = io.stdout.isTTY === true;
  const objects = prepared.scan === null ? "running" : `reading ${counted(prepared.scan.files.length, "object")}`;
  const progress = startProgress(io.stderr, io.stderr.isTTY === true && !options.quiet, objects);
  const signal = AbortSignal.any([io.signal, out.closed]);
  try {
    const result = await engine.run(prepared.query, signal);
    const showOptions = {
      format: options.output ?? defaultFormat(prepared.statement.kind, terminal),
      style: { terminal, color: usesColor(options, io) },
      zone: options.zone,
      rowsMax: prepared.rowsMax,
      reversed: prepared.query.reversed,
      fields: prepared.fields,
      write(chunk: string): Promise<void> {
        if (chunk !== "") progress.stop();
        return out.write(chunk);
      },
    };
    return await show(result, showOptions, signal);
  } catch (error) {
    throw grepMistake((error as Error).message, options.scope) ?? error;
  } finally {
    progress.stop();
  }
}

function usesColor(options: Options, io: CliIo): boolean {
  if (options.color !== "auto") return options.color === "always";
  return io.stdout.isTTY === true && !io.env["NO_COLOR"] && io.env["TERM"] !== "dumb";
}

/** Scripts leave no trace: what they query is not what the user at the terminal wants to query next. */
async function rememberStoreOnTerminal(options: Options, prepared: PreparedQuery, io: CliIo): Promise<void> {
  if (options.store === null || prepared.scan === null || io.stderr.isTTY !== true) return;
  try {
    const path = await rememberStore(prepared.scan.store, io.env);
    if (path !== null && !options.quiet)
      note(io, `remembered the store in ${path}: --store may be left out from now on`);
  } catch (error) {
    if (!options.quiet) note(io, `could not remember the store: ${(error as Error).message}`);
  }
}

function planText(options: Options, { query, scan }: PreparedQuery): string {
  const window = scan === null ? "none" : `${windowText(scan.window.range, options.zone)} (${options.zone})`;
  const reads = scan === null ? "nothing" : scanText(scan);
  if (options.explain) return `-- window: ${window}\n-- reads: ${reads}\n${query.sql.trimEnd()}\n`;
  const partitions = scan?.partitions.map((partition) => `  ${partition.path}\n`).join("") ?? "";
  return `window: ${window}\nwould read: ${reads}\n${partitions}`;
}

function truncationNotice({ rowsMax, query }: PreparedQuery): string {
  const which = query.reversed ? "newest " : "first ";
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

function note(io: CliIo, message: string): void {
  io.stderr.write(`logq: ${neutralise(message)}\n`);
}

function report(error: unknown, text: string | null, stderr: Writable): number {
  const message = error instanceof Error ? error.message : String(error);
  const lines = [`logq: ${message}`];
  let hint = error instanceof CliError || error instanceof QueryError ? error.hint : null;
  if (error instanceof QueryError && error.start !== null && text !== null) {
    lines.push(caretLines(text, { start: error.start, end: error.end }));
    const condition = quotedConditionAt(text, error.start);
    if (condition !== null) hint = `did you mean ${condition}?`;
  }
  if (hint !== null) lines.push(...hint.split("\n").map((line) => `  ${line}`));
  stderr.write(`${lines.map(neutralise).join("\n")}\n`);
  if (error instanceof CliError) return error.exitCode;
  return error instanceof QueryError ? EXIT.usage : EXIT.backend;
}
