import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { ProbePoint } from "../../agent/probe.ts";
import { makeBed, type Bed } from "./bed.ts";
import type { KillsResult } from "./kills-report.ts";
import { startS3 } from "./s3-process.ts";
import { verifyStore } from "./verify.ts";
import { endWriter, startWriter } from "./writer-process.ts";

const USAGE = `usage: npm run kills -- [--kills N]

Ends the agent N times (300) by kill -9 during live rotation, in each window between two steps in turn, proves by SQL that
nothing is lost or repeated. Exits 1 if a record is, or if recovery took longer than 10 s. The figures get into
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
const WRITER = { pods: 4, bytesPerSecond: 2e6, fileBytesMax: 1.5e6 };

async function main(): Promise<void> {
  const options = { kills: { type: "string", default: "300" }, help: { type: "boolean" } } as const;
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(USAGE);
  mkdirSync(FOLDER, { recursive: true });
  await using s3 = await startS3(FOLDER, "kills");
  const bed = await makeBed(FOLDER, { name: "kills", links: true, uploadTimeout: "100ms", s3 });
  const result = await killAll(bed, Number(values.kills));
  writeFileSync(join(FOLDER, "kills.json"), JSON.stringify(result, null, 2));
  const failures = failuresOf(result);
  process.stderr.write(`${failures.length === 0 ? "passed" : `FAILED: ${failures.join("; ")}; see ${bed.folder}`}\n`);
  if (failures.length === 0) bed.remove();
  else process.exitCode = 1;
}

async function killAll(bed: Bed, total: number): Promise<KillsResult> {
  const writer = startWriter({ root: bed.root, staging: bed.staging, ...WRITER, action: null, actionEveryMs: 0 });
  const kills: Record<string, number> = {};
  try {
    for (let round = 0; round < total; round++) {
      const window = WINDOWS[round % WINDOWS.length]!;
      await killAt(bed, window, 1 + (Math.floor(round / WINDOWS.length) % 3));
      kills[window] = (kills[window] ?? 0) + 1;
      if (round % 10 === 9) process.stderr.write(`${round + 1}/${total} kills\n`);
    }
    bed.agent.start();
    const written = await endWriter(writer);
    await bed.drain(KILL_WAIT_MS);
    const outputs: Record<string, Awaited<ReturnType<typeof verifyStore>>> = {};
    for (const [name, store] of Object.entries(bed.stores)) outputs[name] = await verifyStore(store, written.pods);
    const resumed = bed.agent.logged().filter((line) => line["message"] === "reading resumed");
    const { lines, rotations } = written;
    const resumedMs = resumed.map((line) => Number(line["ms"]));
    return { at: new Date().toISOString(), lines, rotations, kills, outputs, resumedMs };
  } finally {
    writer.kill("SIGKILL");
    await bed.agent.end("SIGKILL");
  }
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
