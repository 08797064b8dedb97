import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bed } from "./bed.ts";
import type { AgentFault } from "./cells.ts";

/** What was done to the agent in a cell, and how often a shipment was in flight at that moment. */
export interface FaultCount {
  actions: number;
  inFlight: number;
}

/** How long the agent is down after an end, in turn: the longest is more than a rotation. */
const DOWN_MS = [0, 300, 0, 6000];
/** On a busy machine a start takes its time; an agent that is ended before it ships gets nowhere. */
const STAGED_WAIT_MS = 20_000;
const CLOCK_OFFSETS_MS = [3, -3, 26, -50, 24 * 30, 0].map((hours) => hours * 3_600_000);
const DISK_FULL_MS = 3000;
const FILL_TRIES_MAX = 50;

/** Does a fault to the agent every few seconds until `signal` is aborted, at a moment when a shipment is in flight. */
export async function injectFaults(
  fault: Exclude<AgentFault, "503" | "timeout" | "reset after stored" | "slow body">,
  bed: Bed,
  signal: AbortSignal,
): Promise<FaultCount> {
  const count = { actions: 0, inFlight: 0 };
  const inject = { "kill -9": kill, SIGTERM: terminate, SIGHUP: reload, "disk full": fillDisk, "clock jump": jump }[
    fault
  ];
  for (;;) {
    await sleep(3000, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    await untilStaged(bed, signal);
    if (signal.aborted) break;
    await inject(bed, count);
    count.actions++;
  }
  // The last jump may still have to be noted.
  if (fault === "clock jump") count.inFlight = jumpsInFlight(bed);
  return count;
}

async function kill(bed: Bed, count: FaultCount): Promise<void> {
  // Anywhere in a shipment: reading, encoding, sealing, publishing.
  await sleep(Math.random() * 15);
  await bed.agent.end("SIGKILL");
  if (staged(bed).length > 0) count.inFlight++;
  await startAgain(bed, count);
}

async function terminate(bed: Bed, count: FaultCount): Promise<void> {
  const before = staged(bed);
  const ending = bed.agent.end("SIGTERM");
  countIfStill(bed, before, count);
  await ending;
  await startAgain(bed, count);
}

async function reload(bed: Bed, count: FaultCount): Promise<void> {
  const before = staged(bed);
  bed.agent.signal("SIGHUP");
  countIfStill(bed, before, count);
}

async function startAgain(bed: Bed, count: FaultCount): Promise<void> {
  await sleep(DOWN_MS[count.actions % DOWN_MS.length]);
  bed.agent.start();
}

async function fillDisk(bed: Bed, count: FaultCount): Promise<void> {
  const filler = join(bed.small!, "filler");
  fill(filler, bed.small!);
  await sleep(DISK_FULL_MS);
  // What is staged by now can't be finished.
  if (staged(bed).length > 0) count.inFlight++;
  rmSync(filler);
}

/** Takes all that is free, while the agent writes: the last pieces one at a time. */
function fill(filler: string, folder: string): void {
  for (let sizeBytes = 0, tries = 0; tries < FILL_TRIES_MAX; tries++) {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail === 0) return;
    sizeBytes += bavail * bsize;
    spawnSync("fallocate", ["-l", String(sizeBytes), filler], { stdio: "ignore" });
  }
}

async function jump(bed: Bed, count: FaultCount): Promise<void> {
  const offsetMs = CLOCK_OFFSETS_MS[count.actions % CLOCK_OFFSETS_MS.length]!;
  writeFileSync(join(bed.clock, "offset"), String(offsetMs));
  bed.agent.signal("SIGUSR2");
}

function jumpsInFlight(bed: Bed): number {
  const path = join(bed.clock, "jumps");
  if (!existsSync(path)) return 0;
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => Number(line) > 0).length;
}

async function untilStaged(bed: Bed, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + STAGED_WAIT_MS;
  while (staged(bed).length === 0 && performance.now() < deadline && !signal.aborted) await sleep(1);
}

function countIfStill(bed: Bed, before: readonly string[], count: FaultCount): void {
  const after = new Set(staged(bed));
  if (before.some((name) => after.has(name))) count.inFlight++;
}

function staged(bed: Bed): string[] {
  return readdirSync(bed.staging);
}
