// Makes a checkout ready: installs what the lock file names, once, and builds the programs as the sources are now. Plain
// JavaScript on purpose: it runs on the system's Node, before the newer one of node_modules/ is there.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

// npm writes this file last; an installation that was interrupted has none.
if (existsSync("node_modules/.package-lock.json")) {
  run(process.execPath, ["build.mjs"]);
} else {
  process.stderr.write("logq: first run on this checkout, installing the packages of package-lock.json (npm ci) …\n");
  // It builds as well (script "prepare"). Without warnings: that Node is too old for logq is about to be mended.
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

function run(command, args) {
  const done = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (done.status === 0) return;
  const how = done.error?.message ?? (done.signal === null ? `exit ${done.status}` : `signal ${done.signal}`);
  process.stderr.write(`logq: ${command} ${args[0]} failed (${how}); see its messages above\n`);
  process.exitCode = 1;
}
