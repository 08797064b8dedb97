import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { partitionOfHour } from "../../config/table.ts";
import { footerBytes, TRAILER_BYTES } from "../../query/store/parquet/footer.ts";

export interface StoredHour {
  readonly objects: number;
  readonly bytes: number;
  /** Lengths of the footers, with what stands behind them. */
  readonly footerBytes: number;
}

/** What a store has of the hour that ends at `endMs`. */
export function storedHour(root: string, endMs: number): StoredHour {
  const { dt, hour } = partitionOfHour(endMs / 3_600_000 - 1);
  const folder = join(root, "cluster=bench", `dt=${dt}`, `hour=${hour}`);
  const total = { objects: 0, bytes: 0, footerBytes: 0 };
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const { size } = statSync(path);
    total.objects++;
    total.bytes += size;
    total.footerBytes += footerBytes(tailOf(path, size)) + TRAILER_BYTES;
  }
  return total;
}

function tailOf(path: string, size: number): Buffer {
  const tail = Buffer.alloc(TRAILER_BYTES);
  const file = openSync(path, "r");
  readSync(file, tail, 0, TRAILER_BYTES, size - TRAILER_BYTES);
  closeSync(file);
  return tail;
}
