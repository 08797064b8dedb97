/** Merges objects into one, sorted, in bounded memory. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createTableEncoder, type ParquetEncoder } from "../../parquet/encoder.ts";
import { createObjectReader, type ObjectReader } from "./object-rows.ts";
import { createOrigins, type Origins } from "./origins.ts";
import type { RowBuffer } from "./row-buffer.ts";
import { createRowSorter } from "./sort.ts";

interface Merged {
  readonly rows: number;
  /** Of the file. */
  readonly bytes: number;
}

/** One of the files to merge has bytes that cannot be read. */
export class BrokenFile extends Error {
  readonly file: string;

  constructor(file: string, message: string) {
    super(message);
    this.file = file;
  }
}

export interface Merger {
  /** Rows of each file, by its path. Throws Error for a file that is no Parquet file of the table. */
  countRows(files: readonly string[]): Promise<Map<string, number>>;
  /**
   * Writes the rows of the files to `target`, sorted by workload, pod, `ts_ns`, file and position, and makes it durable.
   */
  merge(files: readonly string[], target: string, signal: AbortSignal): Promise<Merged>;
  close(): void;
}

/** `folder` takes what does not fit into memory: about as many bytes as the objects' rows have, uncompressed. */
export async function openMerger(folder: string): Promise<Merger> {
  await mkdir(folder, { recursive: true });
  const reader = createObjectReader();
  return {
    countRows: async (files) => await Promise.resolve(new Map(files.map((file) => [file, reader.countRows(file)]))),
    merge: async (files, target, signal) => await merge(reader, files, folder, target, signal),
    close: () => reader.close(),
  };
}

async function merge(
  reader: ObjectReader,
  files: readonly string[],
  folder: string,
  target: string,
  signal: AbortSignal,
): Promise<Merged> {
  const origins = createOrigins();
  const sorter = createRowSorter(join(folder, "rows"), origins);
  try {
    for (const file of files) {
      try {
        for (const { rows, origin, from, to } of reader.rowsOf(file, origins)) sorter.add(rows, origin, from, to);
      } catch (error) {
        if (error instanceof RangeError) throw new BrokenFile(file, error.message);
        throw error;
      }
      // Signals are heard here.
      await setImmediate();
      signal.throwIfAborted();
    }
    return await writeObject(target, sorter.sorted(), origins, signal);
  } finally {
    sorter.close();
  }
}

async function writeObject(
  target: string,
  batches: Iterable<RowBuffer>,
  origins: Origins,
  signal: AbortSignal,
): Promise<Merged> {
  const encoder = createTableEncoder({ compression: "zstd", cutAt: "pod" });
  const file = openSync(target, "w");
  let bytes = 0;
  const write = (chunks: readonly Buffer[]): void => {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length;) at += writeSync(file, chunk, at);
      bytes += chunk.length;
    }
  };
  let rows = 0;
  try {
    for (const batch of batches) {
      append(encoder, batch, origins);
      rows += batch.count;
      const ready = encoder.take();
      if (ready.length === 0) continue;
      write(ready);
      await setImmediate();
      signal.throwIfAborted();
    }
    write(encoder.finish());
    fsyncSync(file);
    return { rows, bytes };
  } finally {
    encoder.release();
    closeSync(file);
  }
}

function append(encoder: ParquetEncoder, batch: RowBuffer, { list }: Origins): void {
  const { origin: numbers, count } = batch;
  for (let from = 0; from < count;) {
    let to = from + 1;
    while (to < count && numbers[to] === numbers[from]) to++;
    encoder.append({ ...arraysOf(batch), origin: list[numbers[from]!]!, count }, from, to);
    from = to;
  }
}

function arraysOf({ bytes, start, end, pos, seconds, nanos, stream, level, cut }: RowBuffer) {
  return { bytes, start, end, pos, seconds, nanos, stream, level, cut };
}
