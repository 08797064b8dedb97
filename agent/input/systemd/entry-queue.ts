import type { Readable } from "node:stream";
import { createExportParser, type JournalEntry } from "./export-format.ts";

/** Entries are collected for so long, or until they are so much: one fsync for all of them. The journal has them until then. */
const COLLECT_MS = 500;
const COLLECT_BYTES = 256 * 1024;
/** With so much that nobody has taken yet, journalctl waits. */
const PENDING_BYTES_MAX = 1024 * 1024;

export interface EntryQueue {
  /** Visits the next entries, in their order, as soon as they are some; false: there are no more. */
  take(visit: (entry: JournalEntry) => void): Promise<boolean>;
}

/** Reads entries in export format from a stream, no faster than they are taken. `entriesMax`: of those taken at once. */
export function queueEntries(stream: Readable, entriesMax: number): EntryQueue {
  const parser = createExportParser();
  // Bytes as they came: entries are made when they are taken, so that the many objects of each live for a moment only.
  const pending: Buffer[] = [];
  let pendingBytes = 0;
  let ready: JournalEntry[] = [];
  let isEnded = false;
  let changed = Promise.withResolvers<void>();

  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const end = (): void => {
    isEnded = true;
    wake();
  };
  stream.on("data", (chunk: Buffer) => {
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes >= PENDING_BYTES_MAX) stream.pause();
    wake();
  });
  // Why it ended its process says.
  stream.on("error", end);
  stream.on("close", end);

  const isSome = (): boolean => isEnded || pending.length > 0 || ready.length > 0;
  const isDue = (): boolean => isEnded || pendingBytes >= COLLECT_BYTES || ready.length > 0;

  async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
    const endAtMs = performance.now() + timeoutMs;
    while (!condition()) {
      const leftMs = endAtMs - performance.now();
      if (leftMs <= 0) return;
      const timer = leftMs === Infinity ? null : setTimeout(wake, leftMs);
      await changed.promise;
      if (timer !== null) clearTimeout(timer);
    }
  }

  /** The next entry; null if none is complete. */
  function next(): JournalEntry | null {
    while (ready.length === 0) {
      const chunk = pending.shift();
      if (chunk === undefined) return null;
      pendingBytes -= chunk.length;
      ready = parser.push(chunk).toReversed();
    }
    return ready.pop()!;
  }

  return {
    take: async (visit) => {
      await until(isSome, Infinity);
      await until(isDue, COLLECT_MS);
      const isLast = isEnded;
      let count = 0;
      let bytes = 0;
      // What stands behind it waits: a batch is held several times while it is written.
      while (count < entriesMax && bytes < COLLECT_BYTES) {
        const entry = next();
        if (entry === null) break;
        count++;
        bytes += entry.bytes;
        visit(entry);
      }
      if (pendingBytes < PENDING_BYTES_MAX && stream.isPaused()) stream.resume();
      return count > 0 || !isLast;
    },
  };
}
