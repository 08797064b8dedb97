import { ReplacedError } from "./input/tail/chain-reader.ts";
import { prepare, publish, type Prepared, type PreparePorts } from "./prepare.ts";
import { checkReplay, replayOf } from "./replay.ts";
import type { Positions, ShipmentEntry } from "./state/positions.ts";

interface RepeatPorts extends PreparePorts {
  readonly positions: Positions;
}

/**
 * Encodes a journaled shipment again, to the same keys, and publishes it. Bytes that the files have lost meanwhile join
 * `gone` and are left out if part of the shipment is visible already; null if nothing is: then it is to be undone.
 */
export async function repeat(
  ports: RepeatPorts,
  entry: ShipmentEntry,
  gone: Set<string>,
  signal: AbortSignal,
): Promise<Prepared | null> {
  for (let mustFinish = false; ;) {
    if (gone.size > 0 && !mustFinish) {
      if (await ports.output.forbid(entry, signal)) return null;
      mustFinish = true;
    }
    try {
      return await repeatWithout(ports, gone, entry, signal);
    } catch (error) {
      if (!(error instanceof ReplacedError) || gone.has(error.fileId)) throw error;
      gone.add(error.fileId);
    }
  }
}

async function repeatWithout(
  ports: RepeatPorts,
  gone: ReadonlySet<string>,
  entry: ShipmentEntry,
  signal: AbortSignal,
): Promise<Prepared> {
  const { positions, source, quarantine } = ports;
  const replays = entry.ranges.map((range) => replayOf(range, positions, source, gone));
  const reads = replays.flatMap(({ read }) => read ?? []);
  const prepared = await prepare(ports, reads, { ...entry, replay: true }, { readTimeMs: entry.readTimeMs, signal });
  try {
    const [unreadable] = prepared.transferred.unreadable;
    if (unreadable !== undefined) throw unreadable.error;
    for (const replay of replays) checkReplay(replay, prepared.transferred, gone);
    checkKeys(entry, prepared.sealed.keys, gone.size > 0);
    await publish(prepared.delivery, entry.seq, quarantine);
    return prepared;
  } catch (error) {
    await prepared.delivery.abandon().catch(() => undefined);
    if (error instanceof ReplacedError) await source.replaced(error.fileId);
    throw error;
  }
}

function checkKeys(entry: ShipmentEntry, keys: readonly string[], isPart: boolean): void {
  const journaled = new Set(entry.keys);
  if (keys.every((key) => journaled.has(key)) && (isPart || keys.length === journaled.size)) return;
  throw new Error(
    `cannot repeat shipment ${entry.seq}: it gave the objects ${keys.join(", ")} instead of ${entry.keys.join(", ")}`,
  );
}
