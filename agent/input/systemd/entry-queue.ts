import type { Readable } from "node:stream";
import { createExportParser, type JournalEntry } from "./export-format.ts";

/** Entries are collected for so long, or until they are so much: one fsync for all of them. The journal has them until then. */
const COLLECT_MS = 500;
const COLLECT_BYTES = 256 * 1024;
/** With so much that nobody has taken yet, journalctl waits. */
const PENDING_BYTES_MAX = 1024 * 1024;

export interface EntryQueue {
  /** The next entries, in their order, as soon as they are some; null: there are no more. */
  take(): Promise<JournalEntry[] | null>;
}

/** Reads entries in export format from a stream, no faster than they are taken. `entriesMax`: of those taken at once. */
export function queueEntries(stream: Readable, entriesMax: number): EntryQueue {
  const parser = createExportParser();
  const pending: JournalEntry[] = [];
  let bytes = 0;
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
    const entries = parser.push(chunk);
    pending.push(...entries);
    bytes += entries.reduce((sum, entry) => sum + entry.bytes, 0);
    if (bytes >= PENDING_BYTES_MAX) stream.pause();
    wake();
  });
  // Why it ended its process says.
  stream.on("error", end);
  stream.on("close", end);

  const isDue = (): boolean => isEnded || bytes >= COLLECT_BYTES || pending.length >= entriesMax;

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

  return {
    take: async () => {
      await until(() => pending.length > 0 || isEnded, Infinity);
      await until(isDue, COLLECT_MS);
      if (pending.length === 0) return null;
      let count = 0;
      let takenBytes = 0;
      // What stands behind it waits: a batch is held several times while it is written.
      while (count < Math.min(pending.length, entriesMax) && takenBytes < COLLECT_BYTES)
        takenBytes += pending[count++]!.bytes;
      const taken = pending.splice(0, count);
      bytes -= takenBytes;
      if (bytes < PENDING_BYTES_MAX && stream.isPaused()) stream.resume();
      return taken;
    },
  };
}
