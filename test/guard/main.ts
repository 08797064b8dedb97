import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { drain, generateBacklog, writeDrainConfig } from "../../bench/backlog.ts";
import { launch, sample, type Timing } from "../../bench/measure.ts";
import { figuresOf, judge, type Baseline, type Round } from "./verdict.ts";

const USAGE = `usage: npm run guard -- [options]

Drains a fixed corpus into Parquet, in turn with a calibration loop, and compares the agent's user CPU (in runs of the
calibration) and its peak of anonymous memory with test/guard/baseline.json: exit code 1 above +15 % of either.

  --mb N           raw log (200)
  --slowdown PART  have the agent use so much more CPU (0.25: a quarter), to see the guard fail
  --write          make what is measured the baseline
`;

const ROUNDS_MIN = 5;
/** More rounds where five were not enough to tell a slower agent from a busier machine. */
const ROUNDS_MAX = 12;
const SAMPLE_MS = 50;
const BASELINE = new URL("baseline.json", import.meta.url).pathname;
const CALIBRATION = new URL("calibration.ts", import.meta.url).pathname;
const SLOWDOWN = new URL("slowdown.cjs", import.meta.url).pathname;

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({ options: { mb: text, slowdown: text, write: flag, help: flag } });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const gigabytes = Number(values.mb ?? 200) / 1000;
  const root = resolve(".cache/guard");
  generateBacklog(root, 30, gigabytes * 1e9);
  writeDrainConfig(root);
  const baseline = existsSync(BASELINE) ? (JSON.parse(readFileSync(BASELINE, "utf8")) as Baseline) : null;
  const rounds: Round[] = [];
  let isGood = false;
  while (rounds.length < ROUNDS_MIN || (rounds.length < ROUNDS_MAX && !isGood && !values.write)) {
    const round = await runRound(root, values.slowdown);
    rounds.push(round);
    const seconds = `${round.agentSeconds.toFixed(2)} s, calibration ${round.calibrationSeconds.toFixed(2)} s`;
    process.stderr.write(`round ${rounds.length}: ${seconds}, ${round.anonPeakMb.toFixed(1)} MB\n`);
    isGood = baseline !== null && judge(figuresOf(rounds, gigabytes), baseline).every((verdict) => verdict.isGood);
  }
  rmSync(root, { recursive: true });
  const figures = figuresOf(rounds, gigabytes);
  if (values.write) writeFileSync(BASELINE, `${JSON.stringify(figures, null, 2)}\n`);
  else if (baseline === null) throw new Error(`cannot compare: ${BASELINE} is missing; run npm run guard -- --write`);
  const against = judge(figures, values.write ? figures : baseline!);
  for (const verdict of against) {
    const [measured, limit] = [verdict.measured.toFixed(2), verdict.limit.toFixed(2)];
    process.stdout.write(
      `${verdict.isGood ? "ok  " : "FAIL"} ${verdict.name}: ${measured}, at most ${limit}, ${rounds.length} rounds\n`,
    );
  }
  return against.every((verdict) => verdict.isGood) ? 0 : 1;
}

async function runRound(root: string, slowdown: string | undefined): Promise<Round> {
  const env =
    slowdown === undefined
      ? process.env
      : { ...process.env, LOGQ_GUARD_SLOWDOWN: slowdown, NODE_OPTIONS: `--require ${SLOWDOWN}` };
  let anonPeakMb = 0;
  const agent = await drain(root, async (command, args) => {
    const { pid, ended } = launch(command, args, env);
    const id = await pid;
    const timer = setInterval(() => (anonPeakMb = Math.max(anonPeakMb, sample(id)?.anonMb ?? 0)), SAMPLE_MS);
    const end = await ended;
    clearInterval(timer);
    return checked("the agent", end);
  });
  const calibration = checked("the calibration", await launch(process.execPath, [CALIBRATION]).ended);
  return { agentSeconds: agent.userSeconds, calibrationSeconds: calibration.userSeconds, anonPeakMb };
}

function checked(what: string, end: Timing & { readonly code: number; readonly stderr: string }): Timing {
  if (end.code !== 0) throw new Error(`cannot measure ${what}: exit ${end.code}: ${end.stderr}`);
  return end;
}

process.exitCode = await main();
