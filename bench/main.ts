import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { generateBacklog, writeDrainConfig } from "./backlog.ts";
import type { Row } from "./budget.ts";
import { findContenders, type Contender } from "./contenders.ts";
import { machineOf, markdownOf, merged, writeReport, type BenchRun } from "./report.ts";
import { runCase, type Case } from "./run.ts";
import { SCENARIOS, type ScenarioOptions } from "./scenarios.ts";
import {
  drainStateWrites,
  followStateWrites,
  hasStrace,
  trickleStateWrites,
  type StateWrites,
} from "./state-writes.ts";

const USAGE = `usage: npm run bench -- [options]

The agent, and fluent-bit and fluentd where they are on the PATH (or LOGQ_BENCH_FLUENT_BIT, LOGQ_BENCH_FLUENTD), in turn:
the same logs, the same metadata, TLS to the same servers, which count what comes and which numbered lines are missing or
came twice. Prints each line of the budget, met or missed, and writes .cache/bench/report.md, .json and charts.

  --scenarios LIST   of drain, live, outputs, pods, idle, latency, neighbour, kill, writes (all)
  --quick            one round of a small backlog and short runs: some minutes for a scenario
  --only LIST        of logq-agent, fluent-bit, fluentd
  --cases TEXT       cases with this in their name alone
  --gb LIST          backlogs, in GB (1,10); the others take the first, if it is 1 at most
  --rates LIST       live, lines a second of some 265 bytes (100,1000,5000,10000,30000)
  --pods LIST        containers (30,250,1000)
  --seconds N        measured of a live run, after 10 of warm-up (60)
  --rounds N         runs of each (3)
  --keep             leave the generated logs in .cache/bench for the next time
  --docs             write docs/performance.md, docs/bench.json and docs/bench-*.svg; cases that were not run stay as
                     they were there, with the date of their run
`;

const FOLDER = resolve(".cache/bench");
const WARM_UP_GIGABYTES = 0.005;
const WRITES_GIGABYTES = 0.2;
const FOLLOW_SECONDS = 80;
const TRICKLE_SECONDS = 20;

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const lists = { scenarios: text, only: text, cases: text, gb: text, rates: text, pods: text };
  const { values } = parseArgs({
    options: { ...lists, seconds: text, rounds: text, quick: flag, keep: flag, docs: flag, help: flag },
  });
  const names = values.scenarios?.split(",") ?? [...Object.keys(SCENARIOS), "writes"];
  const unknown = names.find((name) => !(name in SCENARIOS) && name !== "writes");
  if (values.help === true || unknown !== undefined) return void process.stdout.write(USAGE);
  const options: ScenarioOptions = {
    gigabytes: numbersIn(values.gb ?? (values.quick ? "0.1,0.5" : "1,10")),
    rates: numbersIn(values.rates ?? (values.quick ? "1000,10000" : "100,1000,5000,10000,30000")),
    pods: numbersIn(values.pods ?? (values.quick ? "30,250" : "30,250,1000")),
    seconds: Number(values.seconds ?? (values.quick ? 20 : 60)),
  };
  const page = values.docs ? resolve("docs/performance.md") : null;
  const folder = values.docs ? resolve("docs") : FOLDER;
  const earlier = values.docs ? readRuns(join(folder, "bench.json")) : [];
  const machine = machineOf();
  const contenders = findContenders().filter(
    ({ name, program }) => program !== null && (values.only?.split(",").includes(name) ?? true),
  );
  const cases = names
    .flatMap((name) => SCENARIOS[name]?.(options) ?? [])
    .filter(({ name }) => name.includes(values.cases ?? ""));
  await warmAgent(contenders);
  const rows = await runAll(cases, contenders, Number(values.rounds ?? (values.quick ? 1 : 3)));
  const writes = names.includes("writes") ? await measureWrites() : [];
  const run: BenchRun = {
    command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.trim(),
    at: new Date().toISOString().slice(0, 10),
    machine,
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(contenders.map((each) => [each.name, each.version])),
    },
    rows,
    writes,
  };
  const runs = merged(earlier, run);
  writeReport(runs, folder, page);
  process.stdout.write(markdownOf(runs));
  if (!values.keep)
    for (const size of options.gigabytes) rmSync(join(FOLDER, `${size}gb-30`), { recursive: true, force: true });
}

function readRuns(path: string): BenchRun[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { runs: BenchRun[] }).runs : [];
}

function numbersIn(list: string): number[] {
  return list.split(",").map(Number);
}

/** Its first start compiles what every later one finds beside the bundles, as an image has it from its build: 4 MB. */
async function warmAgent(contenders: readonly Contender[]): Promise<void> {
  const agent = contenders.find(({ name }) => name === "logq-agent");
  const [drain] = SCENARIOS["drain"]!({ gigabytes: [WARM_UP_GIGABYTES], rates: [], pods: [], seconds: 0 });
  if (agent !== undefined) await runCase(drain!, agent);
  rmSync(join(FOLDER, `${WARM_UP_GIGABYTES}gb-30`), { recursive: true, force: true });
}

/** Each case by each contender, round after round. A contender that fails is told and left out of that case. */
async function runAll(cases: readonly Case[], contenders: readonly Contender[], rounds: number): Promise<Row[]> {
  const rows = new Map<string, { run: Case; contender: string; figures: Row["figures"][number][] }>();
  for (let round = 0; round < rounds; round++) {
    for (const run of cases) {
      for (const contender of contenders) {
        if (!run.hasPeers && contender.name !== "logq-agent") continue;
        const key = `${run.scenario}, ${run.name}: ${contender.name}`;
        process.stderr.write(`round ${round + 1} of ${rounds}: ${key}\n`);
        const row = rows.get(key) ?? { run, contender: contender.name, figures: [] };
        try {
          row.figures.push(await runCase(run, contender));
          rows.set(key, row);
        } catch (error) {
          process.stderr.write(`${key}: ${error instanceof Error ? error.message : String(error)}\n`);
          process.exitCode = 1;
        }
      }
    }
  }
  return [...rows.values()];
}

async function measureWrites(): Promise<StateWrites[]> {
  if (!hasStrace()) {
    process.stderr.write("what is written to the state folder is not measured: strace is not on the PATH\n");
    return [];
  }
  const root = join(FOLDER, `${WRITES_GIGABYTES}gb-writes`);
  const rawBytes = generateBacklog(root, 30, WRITES_GIGABYTES * 1e9);
  writeDrainConfig(root);
  const drained = await drainStateWrites(root, rawBytes);
  const found = [
    drained,
    await followStateWrites(root, FOLLOW_SECONDS),
    await trickleStateWrites(root, TRICKLE_SECONDS),
  ];
  rmSync(root, { recursive: true });
  return found;
}

await main();
