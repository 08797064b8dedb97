import { setTimeout as sleep } from "node:timers/promises";
import { QUIET_MS } from "./input/tail/followed-file.ts";
import type { Pipeline } from "./pipeline.ts";

const WAIT_MS = 250;

/** Ships until nothing is left that is complete, or could be within QUIET_MS. */
export async function shipOnce(pipeline: Pipeline, signal: AbortSignal): Promise<void> {
  const { tails, shippers } = pipeline;
  const deadline = performance.now() + 2 * QUIET_MS;
  for (const tail of tails) await tail.discover(Date.now());
  for (;;) {
    for (const tail of tails) await tail.poll(Date.now(), true);
    let moved = false;
    for (const shipper of shippers) {
      for (let more = true; more;) {
        const shipped = await shipper.ship(Date.now(), signal);
        moved ||= shipped.rawBytes > 0;
        ({ more } = shipped);
      }
    }
    const waits = shippers.some((shipper) => shipper.pendingBytes() > 0);
    if (!waits || signal.aborted || (!moved && performance.now() > deadline)) break;
    if (!moved) await sleep(WAIT_MS, undefined, { signal }).catch(() => undefined);
  }
  await pipeline.release();
}
