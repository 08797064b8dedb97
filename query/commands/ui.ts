import { randomBytes } from "node:crypto";
import { CliError, EXIT } from "../cli-error.ts";
import type { CommandIo } from "../cli-io.ts";
import { readContext, requireStore, type Context } from "../context.ts";
import { parseOptions, readArguments, type OptionName, type Options } from "../options.ts";
import { readCommandText } from "../query-text.ts";
import { note } from "../report.ts";
import { PAGE_OPTIONS } from "../ui/arguments.ts";
import { readPageFiles } from "../ui/page-files.ts";
import { startUiServer, type UiServer, type UiSetup } from "../ui/server.ts";
import { sessionOf } from "../ui/session.ts";
import type { Command } from "./command.ts";
import { textOf } from "./table-options.ts";

/** "logq" on a telephone: the same each time, so that the browser's history leads back. */
const PORT_DEFAULT = 5647;

export const ui: Command = {
  usage: `ui [--port N] [--no-open] [options] ["<query>"]`,
  help: `Listens on 127.0.0.1, for the browser that opens the link. The page asks what
logq asks, with the same text, and every view can be copied as a command.

  --port N     listens there (${PORT_DEFAULT}; another one if that is taken)
  --no-open    only prints the link; else a browser is opened on a desktop

--store, --context, --engine, --max-scan and --reuse hold for all that the page
asks; query, time, scope, -z, --limit and --fields are what it begins with.

  logq ui
  logq ui --store s3://my-logs/eks --since 1h "level >= error"
`,
  extra: { port: { type: "string" }, "no-open": { type: "boolean" } },
  async run(argv, io) {
    const options = parseOptions(argv, { extra: ui.extra! });
    const text = await readCommandText(options, io);
    const { values } = readArguments(argv, ui.extra!);
    for (const name of values.keys()) refuseOption(name);
    const context = await readContext(options, io.env, io.cwd);
    if (context.engine !== "athena" && !(context.store === null && context.hasAthena)) requireStore(context);
    const fixedArgs = await fixedArguments(options, context, values, io);
    const setup = {
      token: randomBytes(32).toString("base64url"),
      files: await readPageFiles(),
      session: sessionOf(context, options.zone, [
        ...argumentsFor(values, (name) => PAGE_OPTIONS[name] === "allowed"),
        ...(text === null ? [] : [text]),
      ]),
      fixedArgs,
      io: { env: io.env, cwd: io.cwd, now: () => io.now(), openEngine: io.openEngine },
      signal: io.signal,
    };
    const server = await listen(setup, parsePort(textOf(options.extra["port"])));
    const url = `http://127.0.0.1:${server.port}/?token=${setup.token}`;
    await io.out.write(`${url}\n`);
    // While the browser starts: the first query need not wait for it.
    if (!setup.session.athena) import("../engine/duckdb.ts").catch(() => {}); // a query will say why
    if (io.stderr.isTTY === true && options.extra["no-open"] === undefined) io.openBrowser?.(url);
    if (!options.quiet)
      note(io, `the page shows ${context.store ?? "Athena's table"} to who has this link; Ctrl-C ends`);
    await server.closed;
    return EXIT.ok;
  },
};

/** What is said of the terminal, or once for a query that is asked at once. */
function refuseOption(name: string): void {
  if (Object.hasOwn(ui.extra!, name) || (FIXED as readonly string[]).includes(name) || name === "quiet") return;
  if (PAGE_OPTIONS[name as OptionName] === "allowed" && name !== "estimate") return;
  throw new CliError(`ui --${name}: says nothing to the page`, "logq ui --help shows what does");
}

/** Options that hold for everything the page asks. */
const FIXED = ["context", "store", "engine", "max-scan", "reuse"] as const;

/** They are complete: the commands that the page gives away work in any folder and with any settings. */
async function fixedArguments(
  options: Options,
  context: Context,
  values: ReadonlyMap<string, readonly string[]>,
  io: CommandIo,
): Promise<string[]> {
  const named = { ...options, store: null, context: context.name };
  const own = context.name === null ? null : (await readContext(named, io.env, io.cwd)).store;
  return [
    ...(context.name === null ? [] : [`--context=${context.name}`]),
    ...(context.store === null || context.store === own ? [] : [`--store=${context.store}`]),
    ...argumentsFor(values, (name) => ["engine", "max-scan", "reuse"].includes(name)),
  ];
}

/** The options that were given, of those that `has` names, as arguments again. */
function argumentsFor(values: ReadonlyMap<string, readonly string[]>, has: (name: OptionName) => boolean): string[] {
  return [...values]
    .filter(([name]) => !Object.hasOwn(ui.extra!, name) && has(name as OptionName))
    .flatMap(([name, given]) => given.map((value) => (value === "" ? `--${name}` : `--${name}=${value}`)));
}

function parsePort(text: string | null): number | null {
  if (text === null) return null;
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new CliError(`--port ${text}: not a port`, "write --port 8080, or --port 0 for any that is free");
}

/** On the port that was asked for (null: the usual one, or any other). */
async function listen(setup: Omit<UiSetup, "port">, port: number | null): Promise<UiServer> {
  try {
    return await startUiServer({ ...setup, port: port ?? PORT_DEFAULT });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (port === null && code === "EADDRINUSE") return await startUiServer({ ...setup, port: 0 });
    const why = code === "EADDRINUSE" ? "another program listens there (an earlier logq ui?)" : message;
    throw new CliError(
      `cannot listen on 127.0.0.1:${port}: ${why}`,
      "name another one: --port 0 takes any",
      EXIT.backend,
    );
  }
}
