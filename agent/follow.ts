import { setTimeout as sleep } from "node:timers/promises";
import type { AgentConfig } from "../config/config.ts";
import { runSpools } from "./input/spool/spooled-input.ts";
import { watchFolders } from "./input/tail/watch.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Logger } from "./telemetry/log.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** How often files are looked at and shipments considered; an `upload_timeout` below it sets its own pace. */
const TICK_MS_MAX = 1000;
const TICK_MS_MIN = 50;
const RELEASE_MS = 10_000;
const REFRESH_MS_MAX = 60_000;

interface FollowContext {
  /** Aborted: end. */
  readonly stop: AbortSignal;
  /** Aborted: abandon the shipments under way. */
  readonly abandon: AbortSignal;
  readonly telemetry: Telemetry;
  readonly log: Logger;
}

/** Finds and watches files, lets each output ship when it is due and gives up what is done, until told to stop. */
export async function follow(pipeline: Pipeline, { stop, abandon, telemetry, log }: FollowContext): Promise<void> {
  const { config, tails, pumps } = pipeline;
  // Paths that changed since the last look; null: any may have.
  let changed: Set<string> | null = null;
  using watch = watchFolders((path) => {
    if (path === null) changed = null;
    else changed?.add(path);
  }, log);
  const tickMs = tickOf(config);
  const refreshMs = Math.min(
    REFRESH_MS_MAX,
    ...config.inputs.map((input) => (input.plugin === "tail" ? input.refreshIntervalMs : REFRESH_MS_MAX)),
  );
  const spooled = runSpools(pipeline.spools, { once: false, signal: stop, log });
  const lookForSpooled = spooledFiles(pipeline.spools);
  let discoveredAtMs = 0;
  let releasedAtMs = 0;
  let saysRecovered = true;
  // What a crash left needs only the files that were known then.
  for (const pump of pumps) pump.tick(abandon);
  while (!stop.aborted) {
    const nowMs = performance.now();
    try {
      if (changed === null || changed.size > 0 || nowMs - discoveredAtMs >= refreshMs) {
        // Before the look: a name that appears during it asks for another one.
        const seen: ReadonlySet<string> | null = changed;
        changed = new Set();
        for (const tail of tails) await tail.discover(nowMs, seen);
        // A folder that came into being meanwhile: what is in it by now is not announced.
        if (watch.update(tails.flatMap((tail) => tail.folders))) changed = null;
        discoveredAtMs = nowMs;
      }
      await lookForSpooled(nowMs);
      for (const tail of tails) await tail.poll(nowMs);
      for (const pump of pumps) pump.tick(abandon);
      if (saysRecovered && pipeline.recoveries.every((recovery) => recovery.done)) {
        saysRecovered = false;
        telemetry.recoveryMs = reportRecovered(pipeline, log);
      }
      // What waits for a spool is let in as soon as there is room.
      if (nowMs - releasedAtMs >= RELEASE_MS || pipeline.spools.some(({ spool }) => spool.isFull)) {
        releasedAtMs = nowMs;
        await pipeline.release();
      }
      telemetry.looked(null);
    } catch (error) {
      changed = null;
      telemetry.looked(error);
      // A full disk or an unreadable folder: nothing has moved, and the next round tries all of it again.
      log.error({ err: error }, "cannot look after the files; trying again");
    }
    await sleep(tickMs, undefined, { signal: stop }).catch(() => undefined);
  }
  await Promise.race([spooled, aborted(abandon)]);
}

/** Follows the files that spools have made since: of a folder that has some already nothing else announces them. */
function spooledFiles(spools: Pipeline["spools"]): (nowMs: number) => Promise<void> {
  const followed = new Map<string, number>();
  return async (nowMs) => {
    for (const { id, spool, tail } of spools) {
      const { filesMade } = spool;
      if (followed.get(id) === filesMade) continue;
      await tail.discover(nowMs);
      followed.set(id, filesMade);
    }
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Every interrupted shipment is finished, and every file was looked at. Returns how long that took, in milliseconds. */
function reportRecovered({ openedAtMs, tails, recoveries }: Pipeline, log: Logger): number {
  const ms = Math.round(performance.now() - openedAtMs);
  const files = tails.reduce((sum, tail) => sum + tail.files.size, 0);
  const interrupted = recoveries.filter((recovery) => recovery.wasInterrupted).length;
  log.info({ ms, files, interrupted }, "recovered");
  return ms;
}

/** Ships what was written up to now, as far as the grace allows. */
export async function flush(pipeline: Pipeline, { abandon, log }: Omit<FollowContext, "stop">): Promise<void> {
  const { tails, pumps } = pipeline;
  try {
    for (const tail of tails) await tail.poll(performance.now(), true);
    await pipeline.recordHeld();
  } catch (error) {
    log.error({ err: error }, "cannot look after the files a last time; the next start finds the rest");
  }
  await Promise.all(pumps.map(async (pump) => await pump.flush(abandon)));
}

/** How often files are looked at. */
export function tickOf(config: AgentConfig): number {
  const shortest = Math.min(...config.outputs.map((output) => output.uploadTimeoutMs));
  return Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, shortest));
}
