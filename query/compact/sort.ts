/**
 * Sorts more rows than fit into memory: as many as do are sorted and written as a run, then the runs are merged.
 * By workload, pod, namespace, time, file and position.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import type { Origins, Ranks } from "./origins.ts";
import { RowBuffer, type RowArrays } from "./row-buffer.ts";
import { RunReader, writeRun, type Run } from "./spill.ts";

export interface RowSorter {
  /** Copies rows `from` to `to` (exclusive), all of one origin. */
  add(rows: RowArrays, origin: number, from: number, to: number): void;
  /** Ends adding. All rows in order; those at hand are valid until the next ones are asked for. */
  sorted(): Generator<RowBuffer>;
  /** Deletes the file. */
  close(): void;
}

export interface SortMemory {
  /** Of messages that are sorted at once, and of the runs that are merged. */
  readonly textBytes: number;
  readonly rows: number;
}

/** `path` takes what does not fit: the messages, and 32 bytes a row. */
export function createRowSorter(path: string, origins: Origins, memory: SortMemory = MEMORY): RowSorter {
  const file = openSync(path, "w+");
  const runs: Run[] = [];
  let buffer: RowBuffer | null = new RowBuffer(memory.rows, memory.textBytes);
  const endRun = (rows: RowBuffer): void => {
    if (rows.count === 0) return;
    runs.push(writeRun(file, runs.at(-1)?.to ?? 0, rows, orderOf(rows, origins.ranks())));
    rows.clear();
  };
  return {
    add(rows, origin, from, to) {
      for (let row = from; row < to; row++) {
        if (!buffer!.hasRoom(rows.end[row]! - rows.start[row]!)) endRun(buffer!);
        buffer!.add(rows, row, origin);
      }
    },
    *sorted() {
      endRun(buffer!);
      // Its memory is that of the runs' windows now.
      buffer = null;
      const windowBytes = Math.min(WINDOW_BYTES_MAX, Math.floor(memory.textBytes / Math.max(1, runs.length)));
      yield* merged(
        runs.map((run) => new RunReader(file, run, windowBytes)),
        origins.ranks(),
      );
    },
    close() {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

const MEMORY: SortMemory = { textBytes: 24 * 1024 * 1024, rows: 128 * 1024 };
const WINDOW_BYTES_MAX = 512 * 1024;
/** What is handed out at once. */
const BATCH = { rows: 2048, textBytes: 1024 * 1024 };

/** Numbers of the rows in their order. An object's rows are nearly in order: the engine's sort makes use of that. */
function orderOf({ count, origin, seconds, nanos, pos }: RowBuffer, { pod, file }: Ranks): number[] {
  return Array.from({ length: count }, (_, row) => row).toSorted(
    (a, b) =>
      pod[origin[a]!]! - pod[origin[b]!]! ||
      seconds[a]! - seconds[b]! ||
      nanos[a]! - nanos[b]! ||
      file[origin[a]!]! - file[origin[b]!]! ||
      pos[a]! - pos[b]!,
  );
}

function* merged(readers: readonly RunReader[], { pod, file }: Ranks): Generator<RowBuffer> {
  const isBefore = (a: RunReader, b: RunReader): boolean => {
    const order =
      pod[a.origin]! - pod[b.origin]! ||
      a.seconds - b.seconds ||
      a.nanos - b.nanos ||
      file[a.origin]! - file[b.origin]! ||
      a.pos - b.pos;
    return order < 0;
  };
  const heap = readers.filter((reader) => reader.advance());
  for (let at = heap.length >> 1; at >= 0; at--) siftDown(heap, at, isBefore);
  const batch = new RowBuffer(BATCH.rows, BATCH.textBytes);
  while (heap.length > 0) {
    const first = heap[0]!;
    if (!batch.hasRoom(first.messageBytes)) {
      yield batch;
      batch.clear();
    }
    first.copyTo(batch);
    if (!first.advance()) {
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    siftDown(heap, 0, isBefore);
  }
  if (batch.count > 0) yield batch;
}

/** Of a heap whose first element is before all others, except for the one at `at`. */
function siftDown<Item>(heap: Item[], at: number, isBefore: (a: Item, b: Item) => boolean): void {
  const item = heap[at];
  if (item === undefined) return;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, item)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
}
