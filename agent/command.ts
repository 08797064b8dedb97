import { parseArgs } from "node:util";
import zlib from "node:zlib";

import packageJson from "../package.json" with { type: "json" };
import type { AgentConfig } from "../config/config.ts";
import { ConfigError } from "../config/problem.ts";
import type { Reload, ReloadRequests } from "./reload.ts";
import type { Logger } from "./telemetry/log.ts";

/** What the command line needs of its surroundings, so that tests can be them. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
  /** Where SIGHUP is heard. */
  readonly reloads: ReloadRequests;
  /** Whether `out` is read by a person. */
  readonly isTerminal: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly createLog: (level: AgentConfig["service"]["logLevel"]) => Promise<Logger>;
  readonly runAgent: RunAgent;
}

type RunAgent = (
  config: AgentConfig,
  options: { once: boolean; signal: AbortSignal; log: Logger; reload: Reload },
) => Promise<void>;

export const USAGE = `Usage: logq-agent -c CONFIG [--dry-run] [--once]
       logq-agent quarantine list|replay -c CONFIG ...
       logq-agent migrate FLUENT-BIT-CONF | --offsets -c CONFIG | --pos-file FILE -c CONFIG

Follows the node's log files and ships them as CONFIG says (Fluent Bit's formats, YAML or classic).

  -c, --config CONFIG  configuration file
      --dry-run        check CONFIG, print what it comes to without secrets, and exit
      --once           ship everything that is there now, and exit
  -V, --version        print the version, and exit
  -h, --help           print this, and exit

Exit codes: 0 done, 1 failure, 2 wrong usage or configuration, 255 a filter expect with action: exit found a record.
SIGTERM and SIGINT end the agent within service's grace: what waits is shipped if that fits in, the next start ships the
rest. A second one ends it at once, with exit code 1. Nothing is lost either way. SIGHUP reads CONFIG anew.
`;

/** Runs one command line (without the program's name) and resolves to the exit code: 0 done, 1 failure, 2 wrong usage or configuration, 255 an unexpected record. */
export async function runCommand(argv: readonly string[], around: Surroundings): Promise<number> {
  if (argv[0] === "quarantine") {
    const { runQuarantine } = await import("./quarantine-command.ts");
    return await runQuarantine(argv.slice(1), around);
  }
  if (argv[0] === "migrate") {
    const { runMigrate } = await import("./migrate/command.ts");
    return await runMigrate(argv.slice(1), around);
  }
  const options = readOptions(argv);
  if ("wrong" in options) return refuse(around, `${options.wrong}\nTry 'logq-agent --help'.`);
  if (options.help) return print(around, USAGE);
  if (options.version) return print(around, `logq-agent ${around.version}\n`);
  if (options.config === undefined)
    return refuse(around, "no configuration; name one with -c CONFIG\nTry 'logq-agent --help'.");

  const missing = missingInRuntime();
  if (missing !== null) {
    around.err(
      `logq-agent needs Node.js ${nodeNeeded()} or later, this is ${process.versions.node}, without ${missing}\n`,
    );
    return 1;
  }
  // From here on the heavier parts are needed; --help and --version answer without them.
  const { loadConfig } = await import("../config/load.ts");
  let loaded: ReturnType<typeof loadConfig>;
  try {
    loaded = loadConfig(options.config, around.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    around.err(`${error.message}\n`);
    return 2;
  }
  if (options.dryRun) {
    const { renderConfig } = await import("../config/render.ts");
    for (const notice of loaded.notices) around.err(`${notice}\n`);
    return print(around, renderConfig(loaded.config, "masked"));
  }
  const { config } = options;
  return await run(loaded, () => loadConfig(config, around.env), options.once, around);
}

function nodeNeeded(): string {
  return packageJson.engines.node.replace(">=", "");
}

/** What this runtime lacks: not by its version, since some of 23 are without zstd too. */
function missingInRuntime(): string | null {
  if (!("createZstdCompress" in zlib)) return "zstd";
  return process.getBuiltinModule("node:sqlite") === undefined ? "node:sqlite" : null;
}

interface Options {
  readonly config: string | undefined;
  readonly dryRun: boolean;
  readonly once: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

function readOptions(argv: readonly string[]): Options | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        config: { type: "string", short: "c" },
        "dry-run": { type: "boolean", default: false },
        once: { type: "boolean", default: false },
        version: { type: "boolean", short: "V", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    return { ...values, config: values.config, dryRun: values["dry-run"] };
  } catch (error) {
    // Node's message, without its advice on how to pass what looks like an option as an argument.
    return { wrong: (error as Error).message.split(/\. (?=To specify)|\. This command|\n/)[0] ?? "" };
  }
}

interface Loaded {
  readonly config: AgentConfig;
  readonly notices: readonly string[];
}

async function run(first: Loaded, loadAgain: () => Loaded, once: boolean, around: Surroundings): Promise<number> {
  const log = await around.createLog(first.config.service.logLevel);
  const noted = ({ config, notices }: Loaded): AgentConfig => {
    for (const notice of notices) log.warn({ notice }, "configuration notice");
    return config;
  };
  const reload: Reload = { requests: around.reloads, load: () => noted(loadAgain()) };
  try {
    await around.runAgent(noted(first), { once, signal: around.signal, log, reload });
    return 0;
  } catch (error) {
    const { exitCode } = error as { exitCode?: number };
    // Its reason is said by now.
    if (exitCode === undefined) log.error({ err: error }, "agent failed");
    return exitCode ?? 1;
  }
}

function print(around: Surroundings, text: string): number {
  around.out(text);
  return 0;
}

function refuse(around: Surroundings, message: string): number {
  around.err(`logq-agent: ${message}\n`);
  return 2;
}
