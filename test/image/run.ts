import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { JOURNAL_REMOTE } from "../journal/write-journal.ts";

/*
 * `npm run test:image`, as root on Debian: assembles the image's root file system, journalctl included, and runs the agent in it as a pod of
 * the DaemonSet is run. What it needs beside Debian's base comes from packages: journalctl, a program that writes journals, strip(1).
 */
const root = new URL("../..", import.meta.url).pathname;
const imageRoot = `${root}.cache/image/test-root`;

if (process.getuid?.() !== 0) {
  process.stderr.write("test:image: cannot mount as an ordinary user; run it as root\n");
  process.exit(2);
}
if (!existsSync(JOURNAL_REMOTE) || !existsSync("/usr/bin/strip")) {
  const packages = ["binutils", "systemd", "systemd-journal-remote"];
  execFileSync("apt-get", ["update", "--quiet"], { stdio: "inherit" });
  execFileSync("apt-get", ["install", "--yes", "--quiet", ...packages], { stdio: "inherit" });
}
const assemble = ["deploy/docker/assemble.ts", "--journalctl", "--no-archive", "--root", imageRoot];
execFileSync(process.execPath, assemble, { cwd: root, stdio: "inherit" });

const args = ["run", "--config", "test/image/vitest.config.ts", "--reporter=verbose", ...process.argv.slice(2)];
const env = { ...process.env, IMAGE_ROOT: imageRoot };
const tests = spawn(`${root}node_modules/.bin/vitest`, args, { cwd: root, env, stdio: "inherit" });
[process.exitCode] = (await once(tests, "close")) as [number];
