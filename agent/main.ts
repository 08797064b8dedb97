import packageJson from "../package.json" with { type: "json" };
import { runCommand } from "./command.ts";

const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.on(name, () => {
    // The second one ends it at once: the state on disk is whole at any moment.
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  });
}

void runCommand(process.argv.slice(2), {
  env: process.env,
  version: packageJson.version,
  signal: stop.signal,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  createLog: async (level) => (await import("./telemetry/log.ts")).createLog(level),
  runAgent: async (config, options) => (await import("./agent.ts")).runAgent(config, options),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`logq-agent: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
