import { setTimeout as wait } from "node:timers/promises";
import type { EngineSetup } from "../../cli-io.ts";
import type { Context } from "../../context.ts";

/** What of a context says how Athena is asked. */
export type AthenaContext = Pick<
  Context,
  "region" | "profile" | "workgroup" | "catalog" | "database" | "outputLocation" | "pricePerTb"
>;

export interface AthenaSetup extends Pick<EngineSetup, "env" | "scanBytesMax" | "notice"> {
  readonly context: AthenaContext;
  /** How old an answer to the same text may be to be given again; null: it is never. */
  readonly reuseMinutes?: number | null;
  readonly clock?: Clock;
}

export interface Clock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Resolves after so many milliseconds, or once the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Between 0 and 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(ms, signal) {
    await wait(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
  },
  random: Math.random,
};
