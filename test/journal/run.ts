import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { JOURNAL_REMOTE } from "./write-journal.ts";

/*
 * `npm run test:journal`: the tests of this folder against systemd's own journalctl, reading journals that its own
 * systemd-journal-remote wrote. Debian and Ubuntu have both in packages, which are installed if the user may.
 */
const root = new URL("../..", import.meta.url).pathname;

if (!existsSync(JOURNAL_REMOTE)) {
  execFileSync("apt-get", ["update", "--quiet"], { stdio: "inherit" });
  execFileSync("apt-get", ["install", "--yes", "--quiet", "systemd", "systemd-journal-remote"], { stdio: "inherit" });
}
const args = ["run", "--config", "test/journal/vitest.config.ts", ...process.argv.slice(2)];
const tests = spawn(`${root}node_modules/.bin/vitest`, args, { cwd: root, stdio: "inherit" });
[process.exitCode] = (await once(tests, "close")) as [number];
