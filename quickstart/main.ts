import { resolve } from "node:path";
import { runOnOwnFiles } from "./own-files.ts";
import { runOnSampleNode } from "./sample-node.ts";
import { createScreen } from "./screen.ts";

const USAGE = `usage: npm start                   a sample Kubernetes node, the agent on it, and queries over what it shipped
       npm start -- PATH [PATH…]   the same with your own log files: files, or folders with all that is below them

Everything is written to .logq/quickstart in this checkout, which each run makes anew.
`;

process.exitCode = await main(process.argv.slice(2));

/** Resolves to the exit code: 0 done, 1 failure, 2 wrong usage, 130 interrupted. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes("-h") || args.includes("--help")) {
    process.stdout.write(USAGE);
    return 0;
  }
  const unknown = args.find((arg) => arg.startsWith("-"));
  if (unknown !== undefined) {
    process.stderr.write(`quickstart: unknown option ${unknown}\n${USAGE}`);
    return 2;
  }
  const interrupted = new AbortController();
  let readerLeft = false;
  // A reader that went away (npm start | head) is no failure, but the agent has to be stopped.
  process.stdout.on("error", () => {
    readerLeft = true;
    interrupted.abort();
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
  const screen = createScreen(process.stdout);
  try {
    if (args.length > 0) await runOnOwnFiles(args.map(resolveFromCaller), screen, interrupted.signal);
    else await runOnSampleNode(screen, interrupted.signal);
    return 0;
  } catch (error) {
    screen.end();
    if (interrupted.signal.aborted) return readerLeft ? 0 : 130;
    process.stderr.write(`quickstart: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** npm changes to the project's folder; a relative path is meant from where the command was given. */
function resolveFromCaller(path: string): string {
  const caller = process.env["npm_lifecycle_event"] === "start" ? process.env["INIT_CWD"] : undefined;
  return resolve(caller ?? process.cwd(), path);
}
