import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../telemetry/log.ts";
import type { Spool } from "./spool.ts";

/** An input whose records can't be read again: it appends them to a spool, and a tail follows what is there. */
export interface SpooledInput {
  /**
   * Runs until the signal is aborted, which rejects what waits for the spool. `once`: until what is there now is appended.
   * What it throws is said, and it is run again.
   */
  run(spool: Spool, context: SpooledInputContext): Promise<void>;
}

export interface SpooledInputContext {
  readonly once: boolean;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface NamedSpooledInput {
  /** Names the folder of its spool: see `spoolId`. */
  readonly id: string;
  readonly input: SpooledInput;
  /** Of the spool. */
  readonly bytesMax: number;
}

const RESTART_MS_MIN = 1000;
const RESTART_MS_MAX = 60_000;

interface RunnableSpool {
  readonly id: string;
  readonly spool: Spool;
  /** Null: nothing appends any more. */
  readonly input: SpooledInput | null;
}

/** Runs the inputs over their failures; with `once` a failure is thrown. */
export async function runSpools(spools: readonly RunnableSpool[], context: SpooledInputContext): Promise<void> {
  await Promise.all(spools.map(async (each) => await runSpool(each, context)));
}

async function runSpool({ id, spool, input }: RunnableSpool, context: SpooledInputContext): Promise<void> {
  if (input === null) return;
  const { once, signal, log } = context;
  for (let waitMs = RESTART_MS_MIN; !signal.aborted; waitMs = Math.min(2 * waitMs, RESTART_MS_MAX)) {
    const startedAtMs = performance.now();
    try {
      await input.run(spool, context);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (once) throw error;
      if (performance.now() - startedAtMs > RESTART_MS_MAX) waitMs = RESTART_MS_MIN;
      log.error({ err: error, input: id, waitMs }, "an input has failed; it is started again");
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
