import { readFileSync, rmSync, statfsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createParquetEncoder } from "../../agent/encode/parquet/parquet-encoder.ts";
import { shipmentsOf, type FleetOptions } from "./shipments.ts";
import { writeStore, type WrittenStore } from "./store.ts";

/** A store of whole hours that end at `endMs`. */
export type StoreOptions = Omit<FleetOptions, "startMs" | "endMs"> & { readonly hours: number };

export interface PreparedStore extends WrittenStore {
  readonly root: string;
  /** When the last record was written: `now` for whoever asks. */
  readonly endMs: number;
}

const HOUR_MS = 3_600_000;
/** Any time will do; the same one gives the same bytes. */
const END_MS = Date.UTC(2026, 10, 21, 15);
/** Parquet of these logs takes a sixth of them, at most. */
const STORED_PART = 1 / 6;

/** Writes the store below `folder` unless the same one is there. Throws where the disk has no room for it. */
export async function prepareStore(folder: string, options: StoreOptions): Promise<PreparedStore> {
  const root = join(folder, "store");
  const marker = join(folder, "store.json");
  const wanted = JSON.stringify(options);
  const found = readMarker(marker);
  if (found !== null && found.options === wanted) return { ...found.written, root, endMs: END_MS };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const { bavail, bsize } = statfsSync(root);
  const needed = options.rawBytes * STORED_PART;
  if (bavail * bsize < needed * 2) {
    throw new Error(`write a store of about ${needed / 1e9} GB below ${folder}: ${(bavail * bsize) / 1e9} GB are free`);
  }
  const fleet = { ...options, startMs: END_MS - options.hours * HOUR_MS, endMs: END_MS };
  const written = await writeStore(root, shipmentsOf(fleet), () => createParquetEncoder({ compression: "zstd" }));
  writeFileSync(marker, JSON.stringify({ options: wanted, written }));
  return { ...written, root, endMs: END_MS };
}

function readMarker(path: string): { options: string; written: WrittenStore } | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as { options: string; written: WrittenStore };
  } catch {
    return null;
  }
}
