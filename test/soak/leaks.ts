import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface ResidentSample {
  /** Since the start of the run, as a part of it: 0 to 1. */
  readonly at: number;
  /** Since the start of the agent's life. */
  readonly ageMs: number;
  readonly mb: number;
}

/** Mean resident memory of one process in its first and its last quarter of the run, and how it grew in each of them. */
export interface Residence {
  readonly firstMb: number;
  readonly lastMb: number;
  /** Of the last process: the mean of its last third less that of its first. */
  readonly growthMb: number;
}

/** A life begins with what is loaded and compiled: not counted. */
const WARM_UP_MS = 20_000;

/**
 * The agent is not ended in the first and in the last quarter, so that each of them sees one process grow. They are
 * compared at the same ages; growth within one process is told apart.
 */
export function residenceOf(samples: readonly ResidentSample[]): Residence | null {
  const warm = samples.filter((sample) => sample.ageMs >= WARM_UP_MS);
  const first = warm.filter((sample) => sample.at < 0.25);
  const last = warm.filter((sample) => sample.at >= 0.75);
  if (first.length < 6 || last.length < 6) return null;
  const oldestMs = Math.min(ageMax(first), ageMax(last));
  const ofAge = (list: readonly ResidentSample[]) => meanOf(list.filter((sample) => sample.ageMs <= oldestMs));
  const third = Math.floor(last.length / 3);
  const growthMb = meanOf(last.slice(-third)) - meanOf(last.slice(0, third));
  return { firstMb: ofAge(first), lastMb: ofAge(last), growthMb };
}

/** Followed files in the state folder: what is there beside tombstones. */
export function filesIn(stateFolder: string): string[] {
  return readdirSync(join(stateFolder, "files")).filter((name) => !name.endsWith(".gone"));
}

function ageMax(samples: readonly ResidentSample[]): number {
  return Math.max(...samples.map((sample) => sample.ageMs));
}

function meanOf(samples: readonly ResidentSample[]): number {
  return samples.reduce((sum, sample) => sum + sample.mb, 0) / Math.max(1, samples.length);
}
