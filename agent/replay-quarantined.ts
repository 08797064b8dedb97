import { REPLAYED, type Delivery, type Output } from "./output/output.ts";
import type { Batch } from "./record.ts";
import type { QuarantinedRecord } from "./state/quarantine.ts";
import type { QuarantineWriter } from "./state/quarantine-stage.ts";

/** The delivery has no room for the records of one quarantine file. */
export class ReplayRefusedError extends Error {
  override readonly name = "ReplayRefusedError";
}

/** Delivers quarantined records once more; what still can't be encoded goes back to the quarantine. */
export async function replayQuarantined(
  records: AsyncIterable<QuarantinedRecord>,
  { output, delivery, quarantine }: { output: Output; delivery: Delivery; quarantine: QuarantineWriter },
): Promise<void> {
  for await (const record of records) {
    const batch = batchOf(record);
    try {
      await output.tryEncode?.(batch);
    } catch (error) {
      await quarantine.add({ ...record, reason: (error as Error).message, rawBytes: 0 });
      continue;
    }
    // Its bytes were accounted for the first time.
    if (!(await delivery.accept(batch, { chain: REPLAYED, rawBytes: Uint32Array.of(0) })))
      throw new ReplayRefusedError(
        "cannot replay a quarantine file: its records are of more hours than a shipment takes",
      );
  }
}

function batchOf({ origin, log, record, pos, seconds, nanos, stream, level, cut }: QuarantinedRecord): Batch {
  const bytes = Buffer.from(log);
  return {
    origin,
    bytes,
    count: 1,
    start: Uint32Array.of(0),
    end: Uint32Array.of(bytes.length),
    pos: Float64Array.of(pos),
    seconds: Float64Array.of(seconds),
    nanos: Uint32Array.of(nanos),
    stream: Uint8Array.of(stream),
    level: Uint8Array.of(level),
    cut: Uint8Array.of(cut),
    records: record === undefined ? null : [record],
    merge: null,
  };
}
