import packageJson from "../package.json" with { type: "json" };
import { runCommand } from "./command.ts";
import { createReloadRequests } from "./reload.ts";

/** How long what was abandoned may keep the process from ending by itself. */
const LINGER_MS = 100;

const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.on(name, () => {
    // The second one ends it at once: the state on disk is whole at any moment.
    if (stop.signal.aborted) endNow(1);
    stop.abort();
  });
}
const reloads = createReloadRequests();
process.on("SIGHUP", () => reloads.ask());

void runCommand(process.argv.slice(2), {
  env: process.env,
  version: packageJson.version,
  signal: stop.signal,
  reloads,
  isTerminal: process.stdout.isTTY,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  createLog: async (level) => {
    const { createLog, rateLimited } = await import("./telemetry/log.ts");
    return rateLimited(createLog(level));
  },
  runAgent: async (config, options) => (await import("./agent.ts")).runAgent(config, options),
}).then(end, (error: unknown) => {
  process.stderr.write(`logq-agent: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  end(1);
});

/** The process ends by itself once nothing is open; an abandoned request may hold it up no longer than LINGER_MS. */
function end(code: number): void {
  process.exitCode = code;
  if (stop.signal.aborted) setTimeout(endNow, LINGER_MS, code).unref();
}

function endNow(code: number): void {
  if (!isThreadBusy()) process.exit(code);
  setTimeout(() => {
    if (isThreadBusy()) leaveThreads(code);
    process.exit(code);
  }, LINGER_MS);
}

/** Whether a thread reads or writes a file, or looks up a name: exit() would wait for it, for ever if nothing answers. */
function isThreadBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq") || name.startsWith("GetAddrInfo"));
}

/** Ends the process with `code` although threads are busy: another program in its place ends them, and then itself. */
function leaveThreads(code: number): void {
  const { execPath } = process;
  try {
    process.execve?.(execPath, [execPath, "-e", `process.exit(${code})`], {});
  } catch {
    // What the kernel then reports is that signal, not the exit code; the first process of a container can't send it to itself.
  }
  process.kill(process.pid, "SIGKILL");
}
