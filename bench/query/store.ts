import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { objectKey } from "../../config/table.ts";
import type { ObjectEncoder } from "../../agent/encode/encoder.ts";
import type { Shipment } from "./shipments.ts";

const HOUR_S = 3600;
const LIFE = "0123456789abcdef0123";

export interface WrittenStore {
  readonly objects: number;
  readonly rawBytes: number;
  readonly storedBytes: number;
}

/** Writes shipments as the agent's output `directory` does: an object per shipment and event hour, below `root`. */
export async function writeStore(
  root: string,
  shipments: Iterable<Shipment>,
  createEncoder: () => ObjectEncoder,
): Promise<WrittenStore> {
  const total = { objects: 0, rawBytes: 0, storedBytes: 0 };
  for (const shipment of shipments) {
    const hours = new Map<number, { readonly encoder: ObjectEncoder; readonly chunks: Buffer[] }>();
    for (const { batch, rawBytes } of shipment.batches) {
      const hour = Math.floor(batch.seconds[0]! / HOUR_S);
      let open = hours.get(hour);
      if (open === undefined) hours.set(hour, (open = { encoder: createEncoder(), chunks: [] }));
      open.encoder.append(batch, 0, batch.count);
      for (const chunk of await open.encoder.take()) open.chunks.push(Buffer.from(chunk));
      total.rawBytes += rawBytes;
    }
    for (const [index, [hour, { encoder, chunks }]] of [...hours].entries()) {
      const bytes = Buffer.concat([...chunks, ...(await encoder.finish())]);
      encoder.release();
      const { node, seq } = shipment;
      const name = { cluster: "bench", node, life: LIFE, output: "s3", seq, hour, first: index === 0 } as const;
      const path = join(root, objectKey({ ...name, extension: "parquet" }));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
      total.objects++;
      total.storedBytes += bytes.length;
    }
  }
  return total;
}
