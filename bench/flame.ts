/**
 * `npm run bench:flame`: drains generated logs into Parquet in a directory under V8's profiler and draws docs/flame.svg.
 *
 *   --gb 1     of raw log
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generateBacklog, writeDrainConfig } from "./backlog.ts";
import { drawFlames, ownTimes } from "./flame/draw.ts";
import { flamesOf, withoutCarriers, type CpuProfile } from "./flame/tree.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PICTURE = join(ROOT, "docs/flame.svg");
/** Of decision 4 and 22, those that change what the compilers do. */
const FLAGS = ["--max-semi-space-size=1", "--no-maglev", "--no-sparkplug", "--no-lazy-feedback-allocation"];

const { values } = parseArgs({ options: { gb: { type: "string" } } });
const gigabytes = Number(values.gb ?? 1);
const folder = mkdtempSync(join(tmpdir(), "logq-flame-"));
try {
  generateBacklog(folder, 30, gigabytes * 1e9);
  writeDrainConfig(folder);
  const args = ["agent/main.ts", "-c", join(folder, "agent.yaml"), "--once"];
  const profiled = ["--cpu-prof", `--cpu-prof-dir=${folder}/profile`, ...FLAGS, ...args];
  const { status, stderr } = spawnSync("node", profiled, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`profile the agent: it ended with ${status}: ${stderr}`);
  const profile = JSON.parse(
    readFileSync(join(folder, "profile", readdirSync(join(folder, "profile"))[0]!), "utf8"),
  ) as CpuProfile;
  const flames = withoutCarriers(flamesOf(profile, ROOT));
  for (const [area, microseconds] of ownTimes(flames))
    process.stdout.write(`${((microseconds / flames.microseconds) * 100).toFixed(1).padStart(5)} %  ${area}\n`);
  const caption = `npm run bench:flame: ${gigabytes} GB of 30 pods into Parquet in a directory, node ${process.versions.node}, without idle time and the loading of modules; callers above what they call`;
  writeFileSync(PICTURE, drawFlames(flames, caption));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
