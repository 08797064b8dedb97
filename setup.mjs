// Makes a fresh clone ready: installs what the lock file names, once. Plain JavaScript on purpose: it runs on the
// system's Node, before the newer one of node_modules/ is there.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const ready =
  existsSync("node_modules/.package-lock.json") && existsSync("dist/logq.cjs") && existsSync("dist/logq-agent.cjs");
if (!ready) {
  process.stderr.write("logq: first run on this checkout, installing the packages of package-lock.json (npm ci) …\n");
  const done = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    stdio: ["ignore", "inherit", "inherit"],
    shell: false,
  });
  if (done.status !== 0) {
    process.stderr.write(
      `logq: npm ci failed (${done.error?.message ?? `exit ${done.status}`}); see its messages above\n`,
    );
    process.exitCode = 1;
  }
}
