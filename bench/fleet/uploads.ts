import { Pump } from "../../agent/pump.ts";
import { OutputStats } from "../../agent/telemetry/output-stats.ts";
import { createLog } from "../../agent/telemetry/log.ts";
import { createRandom } from "../generate/random.ts";

const HOUR_MS = 3_600_000;
/** The agent's loop asks its outputs so often. */
const TICK_MS = 1000;

/**
 * Objects that one output makes in an event hour, counted with the agent's own pump on a clock of ours: shipments, and
 * one object more for the shipment that began in the hour before.
 */
export async function objectsPerHour(
  bytesPerHour: number,
  config: { readonly uploadTimeoutMs: number; readonly totalFileSizeBytes: number },
): Promise<number> {
  let nowMs = 0;
  let shippedAtMs = 0;
  let shipments = 0;
  const pendingBytes = (): number => Math.floor(((nowMs - shippedAtMs) * bytesPerHour) / HOUR_MS);
  const ship = async () => {
    const rawBytes = pendingBytes();
    shippedAtMs = nowMs;
    shipments++;
    return await Promise.resolve({ records: 1, rawBytes, objects: 1, storedBytes: 1, more: false, fault: null });
  };
  const match = { pattern: "*", regex: false } as const;
  const pump = new Pump(
    { pendingBytes, ship },
    {
      config: { plugin: "null", alias: null, match, ...config },
      stats: new OutputStats(),
      log: createLog("off"),
      clock: () => nowMs,
    },
  );
  const never = new AbortController().signal;
  // The first hour only brings the pump into its rhythm.
  let before = 0;
  for (; nowMs <= 2 * HOUR_MS; nowMs += TICK_MS) {
    pump.tick(never);
    await pump.idle();
    if (nowMs === HOUR_MS) before = shipments;
  }
  return shipments - before + 1;
}

/** The most uploads that fall into one second of an interval when the nodes began at random times. */
export function uploadsInBusiestSecond(nodes: number, intervalS: number, seed = 1): number {
  const random = createRandom(seed);
  const seconds = new Uint32Array(Math.max(1, Math.round(intervalS)));
  for (let node = 0; node < nodes; node++) seconds[random.int(seconds.length)]!++;
  return seconds.reduce((most, count) => Math.max(most, count), 0);
}
