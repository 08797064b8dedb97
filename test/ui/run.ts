import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { CHROMIUM } from "./chromium.ts";

/*
 * `npm run test:ui`: the page of `logq ui` in headless Chromium, over stores that the tests make, served by dist/logq. Chromium is Debian's; as root
 * it is installed if it is missing. `npm run test:ui -- --screenshots` writes docs/ui-*.png anew.
 */
const root = new URL("../..", import.meta.url).pathname;

if (!existsSync(CHROMIUM)) {
  if (process.getuid?.() !== 0) {
    process.stderr.write(`test:ui: ${CHROMIUM} is missing; install it: apt-get install chromium, or set CHROMIUM\n`);
    process.exit(2);
  }
  execFileSync("apt-get", ["update", "--quiet"], { stdio: "inherit" });
  execFileSync("apt-get", ["install", "--yes", "--quiet", "--no-install-recommends", "chromium"], { stdio: "inherit" });
}
execFileSync(process.execPath, ["build.mjs"], { cwd: root, stdio: "inherit" });

const given = process.argv.slice(2);
const args = ["run", "--config", "test/ui/vitest.config.ts", "--reporter=verbose"];
const env = given.includes("--screenshots") ? { ...process.env, SCREENSHOTS: "docs" } : process.env;
const rest = given.filter((arg) => arg !== "--screenshots");
const tests = spawn(`${root}node_modules/.bin/vitest`, [...args, ...rest], { cwd: root, env, stdio: "inherit" });
[process.exitCode] = (await once(tests, "close")) as [number];
