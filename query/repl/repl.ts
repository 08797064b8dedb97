/** `logq` alone on a terminal: a prompt for queries, over node's readline. */
import { createInterface, type Interface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import packageJson from "../../package.json" with { type: "json" };
import { TABLES } from "../../config/tables/all.ts";
import { answer } from "../answer.ts";
import { EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { readContext } from "../context.ts";
import { newestValues, type CompletedColumn } from "../newest-values.ts";
import type { Options } from "../options.ts";
import { neutralise } from "../render/terminal-text.ts";
import { note, report } from "../report.ts";
import { isSaved, listSaved, savedQuery } from "../saved-queries.ts";
import { showRows } from "../show-rows.ts";
import { completionOf, hitsOf } from "./complete.ts";
import { splitInput } from "./input.ts";
import { keepTyped, readTyped, TYPED_MAX } from "./typed.ts";
import { optionsOf, runBackslash, type Session } from "./session.ts";

const PROMPT = "logq> ";
const MORE = "   -> ";
/** Nobody waits longer for a key. */
const COMPLETION_TIMEOUT_MS = 300;
/** A look-up goes on meanwhile, for the next key. */
const LOOKUP_TIMEOUT_MS = 10_000;
const VALUES_KEPT_MS = 60_000;

interface Repl {
  readonly io: CommandIo;
  readonly readline: Interface;
  session: Session;
  /** What is typed of a statement that is not whole yet. */
  pending: string;
  /** Stops the query that runs. */
  running: AbortController | null;
  /** Values of columns that were looked up for completion. */
  readonly values: Map<CompletedColumn, { readonly atMs: number; readonly found: Promise<string[]> }>;
  /** Whether `\q` was said. */
  hasQuit: boolean;
  /** Whether no line can come any more. */
  isOver: boolean;
}

/** Reads and answers queries until `\q`, Ctrl-D or `io.signal`. A mistake ends its query, never the session. */
export async function repl(options: Options, io: CommandIo): Promise<number> {
  note(io, await greeting(options, io));
  // From here on nothing may be awaited before the lines are listened to: what is typed ahead would be lost.
  const state = openRepl(options, await readTyped(io.env), io);
  const { readline } = state;
  let typed: readonly string[] | null = null;
  readline.on("close", () => (state.isOver = true));
  readline.on("history", (lines: string[]) => (typed = lines));
  readline.on("SIGINT", () => interrupt(state));
  io.signal.addEventListener("abort", () => readline.close());
  for await (const lines of typedTogether(readline)) {
    for (const line of lines) if (!state.hasQuit) await take(line, state);
    if (!state.hasQuit) await runWhole(state);
    if (typed !== null) await keepTyped(typed, io.env);
    if (state.isOver) continue; // a line that was typed before Ctrl-D is still due
    readline.setPrompt(state.pending === "" ? PROMPT : MORE);
    readline.prompt();
  }
  await io.out.write("\n");
  return EXIT.ok;
}

function openRepl(options: Options, history: string[], io: CommandIo): Repl {
  const readline = createInterface({
    input: io.stdin,
    output: io.stdout,
    terminal: true,
    prompt: PROMPT,
    history,
    historySize: TYPED_MAX,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) =>
      void complete(line, state).then((result) => done(null, result)),
  });
  // A pager would fight with readline for the keys.
  const state: Repl = {
    io,
    readline,
    session: { options: { ...options, pager: false }, expanded: false },
    pending: "",
    running: null,
    values: new Map(),
    hasQuit: false,
    isOver: false,
  };
  return state;
}

/** Lines as they come: those of one paste together, so that none of its lines runs before the rest is there. */
async function* typedTogether(readline: Interface): AsyncGenerator<string[]> {
  let lines: string[] = [];
  let isClosed = false;
  let wake: (() => void) | null = null;
  readline.on("line", (line) => {
    lines.push(line);
    setImmediate(() => wake?.());
  });
  readline.on("close", () => {
    isClosed = true;
    wake?.();
  });
  readline.prompt();
  for (;;) {
    if (lines.length > 0) {
      const taken = lines;
      lines = [];
      yield taken;
    } else if (isClosed) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

/** One line: a command, or more of a statement. */
async function take(line: string, state: Repl): Promise<void> {
  const said = /^\s*(?:(exit|quit)|help)\s*;?\s*$/i.exec(line);
  const command = said === null ? line : said[1] === undefined ? "\\?" : "\\q";
  if (/^\s*\\/.test(command)) await runWhole(state);
  if (state.pending === "" && /^\s*\\/.test(command)) await runCommand(command, state);
  else state.pending += `${line}\n`;
}

/** Runs the statements that are whole. */
async function runWhole(state: Repl): Promise<void> {
  const { statements, rest } = splitInput(state.pending);
  state.pending = rest;
  for (const statement of statements) await runStatement(statement, state);
}

async function runStatement(statement: string, state: Repl): Promise<void> {
  let text = statement;
  await run(
    state,
    () => text,
    async (signal) => {
      if (isSaved(statement)) text = await savedQuery(statement, state.io.env);
      await answer(optionsOf(state.session), text, { ...state.io, signal });
    },
  );
}

async function runCommand(line: string, state: Repl): Promise<void> {
  await run(
    state,
    () => null,
    async (signal) => {
      const io = { ...state.io, signal };
      const outcome = runBackslash(line, state.session);
      if (outcome.kind === "quit") {
        state.hasQuit = true;
        state.readline.close();
      }
      if (outcome.kind === "session") state.session = outcome.session;
      if (outcome.kind === "session" || outcome.kind === "say") await io.out.write(`${neutralise(outcome.said)}\n`);
      if (outcome.kind === "columns") await describe(outcome.table, state.session.options, io);
      if (outcome.kind === "tables") {
        const tables = TABLES.map(({ name, meaning }) => [name, meaning]);
        await showRows(["name", "meaning"], tables, optionsOf(state.session), io);
      }
      if (outcome.kind === "values") {
        const values = await newestValues(outcome.column, state.session.options, io, LOOKUP_TIMEOUT_MS);
        const rows = values.map((value) => [value]);
        await showRows([`${outcome.column} (newest hour)`], rows, optionsOf(state.session), io);
      }
    },
  );
}

/** What goes wrong is said, and Ctrl-C ends the work, not the session. */
async function run(
  state: Repl,
  text: () => string | null,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { io } = state;
  const stop = new AbortController();
  state.running = stop;
  try {
    await work(AbortSignal.any([io.signal, stop.signal]));
    if (stop.signal.aborted) note(io, "stopped");
  } catch (error) {
    if (stop.signal.aborted) note(io, "stopped");
    else if (!io.signal.aborted) report(error, text(), io.stderr);
  } finally {
    state.running = null;
  }
}

/** Ctrl-C: stops the query, else gives up what is being typed. */
function interrupt(state: Repl): void {
  if (state.running !== null) {
    state.running.abort();
    return;
  }
  const { readline } = state;
  state.pending = "";
  readline.write(null, { ctrl: true, name: "e" });
  readline.write(null, { ctrl: true, name: "u" });
  state.io.stdout.write("^C\n");
  readline.setPrompt(PROMPT);
  readline.prompt();
}

async function complete(line: string, state: Repl): Promise<[string[], string]> {
  const { pending, io } = state;
  const completion = completionOf(pending + line, state.readline.line.slice(line.length));
  if (completion.kind === "words") return [[...completion.words], completion.partial];
  if (completion.kind === "saved") {
    const names = await listSaved(io.env).catch(() => []);
    const hits = names.map(([name]) => `@${name}`).filter((name) => name.startsWith(completion.partial));
    return [hits, completion.partial];
  }
  const { column, partial, quote } = completion;
  return [hitsOf(await proposedValues(column, state), { partial, quote }), partial];
}

/** The values of a column, if they are known in time; else they are at the next key. */
async function proposedValues(column: CompletedColumn, { session, values, io }: Repl): Promise<string[]> {
  let known = values.get(column);
  if (known === undefined || performance.now() - known.atMs > VALUES_KEPT_MS) {
    known = { atMs: performance.now(), found: newestValues(column, session.options, io, LOOKUP_TIMEOUT_MS) };
    values.set(column, known);
    void known.found.then((found) => found.length === 0 && values.delete(column));
  }
  return await Promise.race([known.found, wait(COMPLETION_TIMEOUT_MS, [])]);
}

async function describe(table: string, { store, context }: Options, io: CommandIo): Promise<void> {
  const { COMMANDS } = await import("../commands/registry.ts");
  const schema = await COMMANDS["schema"]!.load();
  const place = Object.entries({ store, context }).flatMap(([name, value]) =>
    value === null ? [] : [`--${name}=${value}`],
  );
  await schema.run([...place, table], io);
}

async function greeting(options: Options, io: CommandIo): Promise<string> {
  const store = await readContext(options, io.env, io.cwd).then(
    (context) => context.store ?? "none yet: logq --store DIR",
    () => "not known",
  );
  return `${packageJson.version}, store ${store}; \\? lists the commands, \\q quits`;
}
