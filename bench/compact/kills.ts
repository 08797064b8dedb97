/** Kills `logq compact` at random points, until it has done everything that there is to do of an hour. */
import { watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../generate/random.ts";
import { runCompact, type CompactRun, type Started } from "./compact-run.ts";

export interface KillOptions {
  readonly root: string;
  /** Where the hour's objects are, and its records. */
  readonly folders: readonly string[];
  readonly objects: number;
  readonly kills: number;
  readonly random: Random;
  readonly graceMs: number;
  /** How long a merge takes that is left alone. */
  readonly mergeMs: number;
  readonly say: (line: string) => void;
}

/** After it markers go. */
const WEEK_MS = 8 * 24 * 3_600_000;

/** Returns the runs: those that were killed, and the last one of each step, which came to its end. */
export async function killOften(options: KillOptions): Promise<CompactRun[]> {
  const { kills, random, mergeMs, objects, graceMs } = options;
  const byTime = Math.ceil(kills * 0.4);
  const byRecord = Math.ceil(kills * 0.1);
  const runs: CompactRun[] = [];
  const left = (): number => kills - runs.filter(({ wasKilled }) => wasKilled).length;
  for (let i = 0; i < byTime; i++) runs.push(await killAfter(options, random.int(Math.ceil(mergeMs * 0.9))));
  // What appears in the folders of an hour during a merge: the plan, the merged object, the outcome.
  for (let i = 0; i < byRecord; i++) runs.push(await killAtChange(options, 1, "a record or the merged object appears"));
  runs.push(await toItsEnd(options));
  options.say(`waiting for the grace of ${graceMs / 1000} s`);
  await sleep(graceMs);
  const marking = Math.ceil(left() / 2);
  for (let i = 0; i < marking; i++) {
    const changes = 1 + random.int(Math.ceil(objects / (marking + 1)));
    runs.push(await killAtChange(options, changes, "inputs become markers"));
  }
  runs.push(await toItsEnd(options));
  const closing = left();
  for (let i = 0; i < closing; i++) {
    const changes = 1 + random.int(Math.ceil(objects / (closing + 1)));
    runs.push(await killAtChange(options, changes, "markers go", WEEK_MS));
  }
  runs.push(await toItsEnd(options, WEEK_MS));
  return runs;
}

async function killAfter({ root, graceMs, say }: KillOptions, afterMs: number): Promise<CompactRun> {
  const run = await runCompact({
    root,
    graceMs,
    until: async ({ signal }) => await sleep(afterMs, undefined, { signal }).catch(() => {}),
  });
  say(`${run.wasKilled ? "killed" : "it had ended"} after ${afterMs} ms`);
  return run;
}

/** Kills it as soon as a file was renamed, linked or deleted so often. */
async function killAtChange(options: KillOptions, changes: number, when: string, aheadMs = 0): Promise<CompactRun> {
  const { root, graceMs, folders, say } = options;
  const run = await runCompact({
    root,
    graceMs,
    aheadMs,
    until: async (started) => await changed(folders, changes, started),
  });
  say(`${run.wasKilled ? "killed" : "it had ended"} after ${changes} changes: ${when}`);
  return run;
}

async function changed(folders: readonly string[], changes: number, { signal }: Started): Promise<void> {
  let left = changes;
  await new Promise<void>((resolve) => {
    for (const folder of folders) {
      watch(folder, { signal }, (event) => {
        if (event === "rename" && --left === 0) resolve();
      });
    }
    signal.addEventListener("abort", () => resolve());
  });
}

async function toItsEnd({ root, graceMs, say }: KillOptions, aheadMs = 0): Promise<CompactRun> {
  const run = await runCompact({ root, graceMs, aheadMs });
  say(`left alone: ${run.output.trim().replaceAll("\n", "; ")}`);
  return run;
}
