import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { JOURNAL_REMOTE } from "../journal/write-journal.ts";

/*
 * `npm run test:image`, as root on Debian: assembles the root file systems of both images, the agent's with journalctl, and runs the agent
 * as a pod of the DaemonSet is run, logq as a pod of deploy/kubernetes/compact. What it needs beside Debian's base comes from
 * packages: journalctl, a program that writes journals, strip(1).
 */
const root = new URL("../..", import.meta.url).pathname;
const imageRoot = `${root}.cache/image/test-root`;
const logqImageRoot = `${root}.cache/image/test-logq-root`;

if (process.getuid?.() !== 0) {
  process.stderr.write("test:image: cannot mount as an ordinary user; run it as root\n");
  process.exit(2);
}
if (!existsSync(JOURNAL_REMOTE) || !existsSync("/usr/bin/strip")) {
  const packages = ["binutils", "systemd", "systemd-journal-remote"];
  execFileSync("apt-get", ["update", "--quiet"], { stdio: "inherit" });
  execFileSync("apt-get", ["install", "--yes", "--quiet", ...packages], { stdio: "inherit" });
}
for (const words of [
  ["--journalctl", "--root", imageRoot],
  ["--program", "logq", "--root", logqImageRoot],
]) {
  const assemble = ["deploy/docker/assemble.ts", "--no-archive", ...words];
  execFileSync(process.execPath, assemble, { cwd: root, stdio: "inherit" });
}

const args = ["run", "--config", "test/image/vitest.config.ts", "--reporter=verbose", ...process.argv.slice(2)];
const env = { ...process.env, IMAGE_ROOT: imageRoot, LOGQ_IMAGE_ROOT: logqImageRoot };
const tests = spawn(`${root}node_modules/.bin/vitest`, args, { cwd: root, env, stdio: "inherit" });
[process.exitCode] = (await once(tests, "close")) as [number];
