import { setTimeout as sleep } from "node:timers/promises";
import { QUIET_MS } from "./input/tail/followed-file.ts";
import { runSpools } from "./input/spool/spooled-input.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Logger } from "./telemetry/log.ts";

export const STOPPED_EARLY = "told to stop before everything was shipped; the next start ships the rest";

const WAIT_MS = 250;

/**
 * Ships until nothing is left that is complete, or could be within QUIET_MS. Throws if a step fails, or if it is told to
 * stop before that: what is not shipped yet waits for the next start.
 */
export async function shipOnce(pipeline: Pipeline, { stop, abandon, log }: OnceContext): Promise<void> {
  const { recoveries, spools } = pipeline;
  for (const recovery of recoveries) await recovery.run(abandon);
  const appending = { done: false };
  const spooled = runSpools(spools, { once: true, signal: stop, log }).finally(() => (appending.done = true));
  // Thrown where it is waited for.
  spooled.catch(() => undefined);
  while (!appending.done) {
    await sleep(WAIT_MS, undefined, { signal: stop }).catch(() => undefined);
    if (spools.some(({ spool }) => spool.isFull)) await shipAll(pipeline, { stop, abandon });
  }
  await spooled;
  await shipAll(pipeline, { stop, abandon });
  await pipeline.recordHeld();
}

interface OnceContext {
  readonly stop: AbortSignal;
  readonly abandon: AbortSignal;
  readonly log: Logger;
}

/** Ships what the files have now, and gives up those that are done. */
async function shipAll(pipeline: Pipeline, { stop, abandon }: Pick<OnceContext, "stop" | "abandon">): Promise<void> {
  const { tails, shippers } = pipeline;
  const deadline = performance.now() + 2 * QUIET_MS;
  for (const tail of tails) await tail.discover(performance.now());
  for (;;) {
    for (const tail of tails) await tail.poll(performance.now(), true);
    let moved = false;
    for (const shipper of shippers) {
      for (let more = true; more && !stop.aborted;) {
        const shipped = await shipper.ship(Date.now(), abandon);
        moved ||= shipped.rawBytes > 0;
        ({ more } = shipped);
      }
    }
    const waits = shippers.some((shipper) => shipper.pendingBytes() > 0);
    if (waits && stop.aborted) throw new Error(STOPPED_EARLY);
    if (!waits || (!moved && performance.now() > deadline)) break;
    if (!moved) await sleep(WAIT_MS, undefined, { signal: stop }).catch(() => undefined);
  }
  await pipeline.release();
}
