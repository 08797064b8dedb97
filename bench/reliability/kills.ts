import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { ProbePoint } from "../../agent/probe.ts";
import { makeBed, type Bed } from "./bed.ts";
import type { KillsResult } from "./kills-report.ts";
import { startS3 } from "./s3-process.ts";
import { verifyStore } from "./verify.ts";
import { endWriter, startWriter } from "./writer-process.ts";

const USAGE = `usage: npm run kills -- [--kills N] [--beds B]

Ends agents N times (300) by kill -9 during live rotation, in each window between two steps in turn, and proves by SQL that
nothing is lost or repeated; B agents (6) at a time, each with a node, a state folder and stores of its own. Exits 1 if a record is, or if recovery took longer than 10 s. The figures get into
docs/reliability.md by: npm run reliability -- --report
`;

const FOLDER = resolve(".cache/reliability");
const KILLABLE = new URL("../../test/e2e/killable-agent.ts", import.meta.url).pathname;
/** Before the journal entry, after it, while storing, stored but not committed, committed, and while a link is given up. */
const WINDOWS: readonly ProbePoint[] = ["sealed", "journaled", "publishing", "published", "committed", "burying"];
/** A file is gone when it had no name for a minute: by a clock that runs so much faster, in three seconds. */
const BURYING_SPEED = 20;
const KILL_WAIT_MS = 120_000;
const RESUMED_MS_MAX = 10_000;
/** A rotation every two seconds, and 40 s until the kubelet deletes a file: longer than a start takes beside all others. */
const WRITER = { pods: 4, bytesPerSecond: 1e6, fileBytesMax: 2e6 };

async function main(): Promise<void> {
  const options = {
    kills: { type: "string", default: "300" },
    beds: { type: "string", default: "6" },
    help: { type: "boolean" },
  } as const;
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(USAGE);
  mkdirSync(FOLDER, { recursive: true });
  const beds = Number(values.beds);
  const total = Number(values.kills);
  let done = 0;
  const progress = (): void => {
    done++;
    if (done % 10 === 0) process.stderr.write(`${done}/${total} kills\n`);
  };
  const shares = Array.from({ length: beds }, (_, index) => Math.floor((total + index) / beds));
  const results = await Promise.all(
    shares.map(async (share, index) => await killOne(`kills-${index}`, share, progress)),
  );
  const result = merge(results);
  writeFileSync(join(FOLDER, "kills.json"), JSON.stringify(result, null, 2));
  const failures = failuresOf(result);
  process.stderr.write(`${failures.length === 0 ? "passed" : `FAILED: ${failures.join("; ")}`}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

/** One agent's share; its folders stay if it failed. */
async function killOne(name: string, total: number, progress: () => void): Promise<KillsResult> {
  await using s3 = await startS3(FOLDER, name);
  const bed = await makeBed(FOLDER, { name, links: true, uploadTimeout: "100ms", s3 });
  const result = await killAll(bed, total, progress);
  if (failuresOf(result).length === 0) bed.remove();
  else process.stderr.write(`see ${bed.folder}\n`);
  return result;
}

async function killAll(bed: Bed, total: number, progress: () => void): Promise<KillsResult> {
  const writer = startWriter({ root: bed.root, staging: bed.staging, ...WRITER, action: null, actionEveryMs: 0 });
  const kills: Record<string, number> = {};
  try {
    for (let round = 0; round < total; round++) {
      const window = WINDOWS[round % WINDOWS.length]!;
      await killAt(bed, window, 1 + (Math.floor(round / WINDOWS.length) % 3));
      kills[window] = (kills[window] ?? 0) + 1;
      progress();
    }
    bed.agent.start();
    const written = await endWriter(writer);
    await bed.drain(KILL_WAIT_MS);
    const outputs: Record<string, Awaited<ReturnType<typeof verifyStore>>> = {};
    for (const [name, store] of Object.entries(bed.stores)) outputs[name] = await verifyStore(store, written.pods);
    const resumed = bed.agent.logged().filter((line) => line["message"] === "reading resumed");
    const { lines, rotations } = written;
    const resumedMs = resumed.map((line) => Number(line["ms"]));
    return { at: new Date().toISOString(), beds: 1, lines, rotations, kills, outputs, resumedMs };
  } finally {
    writer.kill("SIGKILL");
    await bed.agent.end("SIGKILL");
  }
}

function merge(results: readonly KillsResult[]): KillsResult {
  const outputs = Object.keys(results[0]!.outputs).map((name) => {
    const found = results.map((result) => result.outputs[name]!);
    const { lost, duplicated, different } = {
      lost: sum(found.map((one) => one.lost)),
      duplicated: sum(found.map((one) => one.duplicated)),
      different: sum(found.map((one) => one.different)),
    };
    return [name, { lost, duplicated, different }] as const;
  });
  return {
    at: results.at(-1)!.at,
    beds: results.length,
    lines: sum(results.map((result) => result.lines)),
    rotations: sum(results.map((result) => result.rotations)),
    kills: Object.fromEntries(WINDOWS.map((window) => [window, sum(results.map(({ kills }) => kills[window] ?? 0))])),
    outputs: Object.fromEntries(outputs),
    resumedMs: results.flatMap((result) => result.resumedMs),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** Throws if the agent does not reach the point for the n-th time, or ends otherwise. */
async function killAt(bed: Bed, window: ProbePoint, n: number): Promise<void> {
  const speed = window === "burying" ? BURYING_SPEED : 1;
  bed.agent.startProgram([process.execPath, KILLABLE, bed.configPath, window, String(n), String(speed)]);
  const ended = await bed.agent.ended(KILL_WAIT_MS);
  if (ended !== "SIGKILL")
    throw new Error(`cannot kill the agent at "${window}": ${ended}; see ${bed.folder}/agent.log`);
}

function failuresOf(result: KillsResult): string[] {
  const failures: string[] = [];
  for (const [name, { lost, duplicated, different }] of Object.entries(result.outputs))
    if (lost + duplicated + different > 0)
      failures.push(`${name}: ${lost} lost, ${duplicated} duplicated, ${different} different`);
  const slowest = Math.max(...result.resumedMs);
  if (slowest > RESUMED_MS_MAX) failures.push(`reading resumed only after ${slowest.toFixed(0)} ms`);
  return failures;
}

await main();
