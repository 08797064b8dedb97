import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../telemetry/log.ts";
import { checkSourceName, type SpoolSource } from "./source-folder.ts";
import { openSpoolFiles, type LinesOf } from "./spool-files.ts";
import { encodeLines, type SpoolLines, type SpoolRecord } from "./spool-line.ts";

/** What is appended at once: of all sources everything, or nothing. */
export interface SpoolAppend {
  readonly source: SpoolSource;
  readonly records: readonly SpoolRecord[];
  /** Instead of records: their lines. */
  readonly lines?: SpoolLines;
  /** Where the input stands after these records, 4 KB at most; null: as before. */
  readonly checkpoint: string | null;
}

/**
 * Makes files of what an input can't read again: the files are shipped like any others, by a tail of their own. They lie in
 * `<root>/<source>/<n>.log`, and go when every output has committed them.
 */
export interface Spool {
  /**
   * Appends, fsyncs (once for all calls that wait), then resolves: the records are durable and will be shipped. Waits while
   * the spool is full or its disk fails; rejects with the signal's reason, and nothing was appended then. The checkpoint
   * becomes durable with the records: after a crash both are there, or neither.
   */
  append(
    source: SpoolSource,
    records: readonly SpoolRecord[],
    checkpoint: string | null,
    signal: AbortSignal,
  ): Promise<void>;
  /** The same for several sources, all or nothing. */
  appendAll(appends: readonly SpoolAppend[], signal: AbortSignal): Promise<void>;
  /** The last durable checkpoint of a source; null before the first. */
  checkpoint(source: string): string | null;
  /** Bytes of the files that are not committed everywhere. */
  bytes(): number;
}

export interface OpenSpool extends Spool {
  /** How many files it has made since it was opened: with each there is one more to be followed. */
  readonly filesMade: number;
  /** Somebody waits for room. */
  readonly isFull: boolean;
  /**
   * Removes the files that `isDone` says every output has committed, all of their bytes; of those that are written to only
   * the idle ones, unless room is short. Returns their paths.
   */
  reclaim(isDone: (path: string, bytes: number) => boolean): Promise<string[]>;
  /** What waits is rejected. */
  close(): Promise<void>;
}

interface SpoolOptions {
  /** `<storage.path>/spool/<input id>` */
  readonly root: string;
  readonly bytesMax: number;
  readonly log: Logger;
  readonly nowMs?: () => number;
  /** How long after an error of the disk it is tried again. */
  readonly retryMs?: number;
}

const GROUP_BYTES_MAX = 4 * 1024 * 1024;
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;
const CHECKPOINT_BYTES_MAX = 4096;
interface Waiting {
  readonly appends: readonly LinesOf[];
  readonly bytes: number;
  readonly done: PromiseWithResolvers<void>;
}

/** Opens a spool and finishes what a crash has interrupted. Throws if its folder can't be read or written. */
export async function openSpool(options: SpoolOptions): Promise<OpenSpool> {
  const { root, bytesMax, log, nowMs = () => performance.now(), retryMs = 1000 } = options;
  const files = await openSpoolFiles(root, log, nowMs);
  const queue: Waiting[] = [];
  const closed = new AbortController();
  let running: Promise<void> | null = null;
  let changing: Promise<unknown> = Promise.resolve();
  let room = Promise.withResolvers<void>();
  let isFull = false;

  /** Appending and reclaiming, one at a time. */
  async function alone<T>(change: () => Promise<T>): Promise<T> {
    const done = changing.then(change);
    changing = done.catch(() => undefined);
    return await done;
  }

  function fits(bytes: number): boolean {
    return files.bytes === 0 || files.bytes + bytes <= bytesMax;
  }

  function takeGroup(): Waiting[] {
    const group: Waiting[] = [];
    let bytes = 0;
    for (const waiting of queue) {
      if (group.length > 0 && (bytes + waiting.bytes > GROUP_BYTES_MAX || !fits(bytes + waiting.bytes))) break;
      group.push(waiting);
      bytes += waiting.bytes;
    }
    queue.splice(0, group.length);
    return group;
  }

  /** Tries until it works, or the spool is closed. */
  async function insist<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await attempt();
      } catch (error) {
        if (failures % 60 === 0)
          log.error({ err: error, path: root }, `cannot ${what} the spool; the sender waits, trying again`);
        await sleep(retryMs, undefined, { signal: closed.signal }).catch(() => undefined);
        if (closed.signal.aborted) throw error;
      }
    }
  }

  async function write(group: readonly Waiting[]): Promise<void> {
    const appends = group.flatMap((waiting) => waiting.appends);
    const apply = await insist("append to", async () => await files.journal(appends));
    await insist("append to", apply);
    for (const { done } of group) done.resolve();
    if (files.journalBytes > JOURNAL_BYTES_MAX) await insist("sync", async () => await files.shorten());
  }

  async function run(): Promise<void> {
    while (queue.length > 0 && !closed.signal.aborted) {
      if (!fits(queue[0]!.bytes)) {
        isFull = true;
        await room.promise;
        isFull = false;
        continue;
      }
      await alone(async () => {
        const group = takeGroup();
        await write(group).catch((error: unknown) => {
          for (const { done } of group) done.reject(error);
        });
      });
    }
    running = null;
  }

  function wake(): void {
    room.resolve();
    room = Promise.withResolvers();
  }

  async function appendAll(appends: readonly SpoolAppend[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (closed.signal.aborted) throw new Error(`cannot append to ${root}: it is closed`);
    const waiting = toWaiting(appends);
    const withdraw = (): void => {
      const at = queue.indexOf(waiting);
      if (at < 0) return;
      queue.splice(at, 1);
      waiting.done.reject(signal.reason);
      if (at === 0) wake();
    };
    signal.addEventListener("abort", withdraw, { once: true });
    queue.push(waiting);
    running ??= run();
    try {
      await waiting.done.promise;
    } finally {
      signal.removeEventListener("abort", withdraw);
    }
  }

  return {
    appendAll,
    append: async (source, records, checkpoint, signal) => await appendAll([{ source, records, checkpoint }], signal),
    checkpoint: (source) => files.checkpoints.get(source) ?? null,
    bytes: () => files.bytes,
    get filesMade() {
      return files.made;
    },
    get isFull() {
      return isFull;
    },
    reclaim: async (isDone) =>
      await alone(async () => {
        const isShort = isFull || files.bytes > bytesMax / 2;
        const paths = closed.signal.aborted ? [] : await files.reclaim(isDone, isShort);
        if (paths.length > 0) wake();
        return paths;
      }),
    close: async () => {
      const reason = new Error(`cannot append to ${root}: it is closed`);
      closed.abort(reason);
      for (const { done } of queue.splice(0)) done.reject(reason);
      wake();
      await running;
      await alone(async () => await files.close());
    },
  };
}

function toWaiting(appends: readonly SpoolAppend[]): Waiting {
  const encoded = appends.map(({ source, records, lines, checkpoint }) => {
    checkSourceName(source.name);
    if (checkpoint !== null && Buffer.byteLength(checkpoint) > CHECKPOINT_BYTES_MAX)
      throw new Error(`cannot keep a checkpoint of ${source.name}: ${checkpoint.length} characters, 4 KB at most`);
    return { source, lines: lines?.copy() ?? encodeLines(records), checkpoint };
  });
  const bytes = encoded.reduce((sum, { lines }) => sum + lines.length, 0);
  return { appends: encoded, bytes, done: Promise.withResolvers() };
}
