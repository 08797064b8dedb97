import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { runSoak } from "./soak.ts";

const USAGE = `usage: npm run soak -- [options]

Lets the built agent (npm run build) ship a node's logs while everything happens to them and to it at random, and checks
each minute that every record arrived once. Prints a summary in JSON; exit 0: no violation, 1: one, and its folder is kept.
Making a disk full needs root.

  --minutes N   how long (5)
  --seed S      what happens (1)
  --links X     on, off; without it on for odd seeds, off for even ones
  --rate R      MB of log a second (0.3)
  --keep        keep the folder
`;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const { values } = parseArgs({
  options: { minutes: text, seed: text, links: text, rate: text, keep: flag, help: flag },
});

if (values.help) process.stdout.write(USAGE);
else {
  const seed = Number(values.seed ?? 1);
  const links = values.links === undefined ? seed % 2 === 1 : values.links === "on";
  const cache = resolve(".cache/soak");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, `seed-${seed}-`));
  const report = await runSoak({
    folder,
    seed,
    links,
    minutes: Number(values.minutes ?? 5),
    megabytesPerSecond: Number(values.rate ?? 0.3),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const isFine = report.violations.length === 0;
  process.stdout.write(`${JSON.stringify({ ...report, violations: report.violations.slice(0, 50) })}\n`);
  if (isFine && !values.keep) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`kept: ${folder} (actions.ndjson, agent.log)\n`);
  process.exitCode = isFine ? 0 : 1;
}
