import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig } from "../config/config.ts";
import { watchedFolders } from "./input/tail/discover.ts";
import { watchFolders } from "./input/tail/watch.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Logger } from "./telemetry/log.ts";

/** How often files are looked at and shipments considered; an `upload_timeout` below it sets its own pace. */
const TICK_MS_MAX = 1000;
const TICK_MS_MIN = 50;
const RELEASE_MS = 10_000;

/** Finds and watches files, lets each output ship when it is due and gives up what is done, until `signal` is aborted. */
export async function follow(pipeline: Pipeline, context: { signal: AbortSignal; log: Logger }): Promise<void> {
  const { config, tails, pumps } = pipeline;
  const { signal, log } = context;
  let mustDiscover = true;
  await using _watch = watchFolders(config.inputs.flatMap(watchedFolders), () => (mustDiscover = true), log);
  const tickMs = tickOf(config);
  let discoveredAtMs = 0;
  let releasedAtMs = 0;
  while (!signal.aborted) {
    const nowMs = Date.now();
    try {
      const refreshMs = Math.min(...config.inputs.map((input) => input.refreshIntervalMs));
      if (mustDiscover || Math.abs(nowMs - discoveredAtMs) >= refreshMs) {
        // Before the look: a name that appears during it asks for another one.
        mustDiscover = false;
        for (const tail of tails) await tail.discover(nowMs);
        discoveredAtMs = nowMs;
      }
      for (const tail of tails) await tail.poll(nowMs);
      for (const pump of pumps) pump.tick(nowMs, signal);
      if (Math.abs(nowMs - releasedAtMs) >= RELEASE_MS) {
        releasedAtMs = nowMs;
        await pipeline.release();
      }
    } catch (error) {
      mustDiscover = true;
      // A full disk or an unreadable folder: nothing has moved, and the next round tries all of it again.
      log.error({ err: error }, "cannot look after the files; trying again");
    }
    await sleep(tickMs, undefined, { signal }).catch(() => undefined);
  }
}

/** How often files are looked at. */
export function tickOf(config: AgentConfig): number {
  const shortest = Math.min(...config.outputs.map((output) => output.uploadTimeoutMs));
  return Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, shortest));
}
