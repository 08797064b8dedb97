import { spawn } from "node:child_process";
import { runCli } from "./cli.ts";
import { nodeMistake } from "./node-version.ts";
import { readerGone } from "./pipe-reader.ts";
import { openBrowser } from "./ui/open-browser.ts";

const mistake = nodeMistake(process.versions.node);
if (mistake !== null) {
  process.stderr.write(`${mistake}\n`);
  process.exit(4);
}

const interrupt = new AbortController();
let stoppedBy: keyof typeof STOPPED_EXIT | null = null;
/** What ends a query that would go on elsewhere, and cost: Ctrl-C, kill, a terminal that is closed. */
const STOPPED_EXIT = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
for (const name of Object.keys(STOPPED_EXIT) as (keyof typeof STOPPED_EXIT)[]) {
  process.on(name, () => {
    if (stoppedBy !== null) process.exit(STOPPED_EXIT[name]); // a second one does not wait
    stoppedBy = name;
    interrupt.abort();
  });
}

const exitCode = runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  readerGone: readerGone(process.stdout.fd),
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: () => BigInt(Date.now()) * 1_000_000n,
  signal: interrupt.signal,
  openPager: (command) => {
    const pager = spawn(command, { shell: true, stdio: ["pipe", "inherit", "inherit"] });
    return { stdin: pager.stdin, ended: new Promise((done) => pager.once("close", () => done())) };
  },
  openBrowser: (url) => openBrowser(url, process.platform, process.env),
  async openEngine(name, setup) {
    if (name === "local") return (await import("./engine/duckdb.ts")).createDuckDbEngine();
    return (await import("./engine/athena/athena.ts")).createAthenaEngine(setup);
  },
});
void exitCode.then((code) => {
  process.exitCode = stoppedBy === null ? code : STOPPED_EXIT[stoppedBy];
});
