/** Lets work begin while there is room: so many at once, and so many bytes in memory together. */
export interface Limiter {
  /** Runs `work` once there is room for it and its bytes; first come, first served. Rejects if the signal is aborted before. */
  run<Result>(bytes: number, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  readonly inFlight: number;
}

export function createLimiter(limits: { readonly inFlightMax: number; readonly bytesMax: number }): Limiter {
  const waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  let inFlight = 0;
  let bytesHeld = 0;

  /** More bytes than all of the room are let in alone. */
  const fits = (bytes: number): boolean =>
    inFlight < limits.inFlightMax && (bytesHeld === 0 || bytesHeld + bytes <= limits.bytesMax);

  function startNext(): void {
    while (waiting.length > 0 && fits(waiting[0]!.bytes)) {
      const { bytes, start } = waiting.shift()!;
      take(bytes);
      start();
    }
  }

  function take(bytes: number): void {
    inFlight++;
    bytesHeld += bytes;
  }

  return {
    get inFlight() {
      return inFlight;
    },
    async run(bytes, signal, work) {
      signal.throwIfAborted();
      if (waiting.length === 0 && fits(bytes)) take(bytes);
      else await turnOf(bytes);
      try {
        // Whoever waited when all was aborted gets a turn, and gives it back here.
        signal.throwIfAborted();
        return await work();
      } finally {
        inFlight--;
        bytesHeld -= bytes;
        startNext();
      }
    },
  };

  function turnOf(bytes: number): Promise<void> {
    return new Promise((start) => waiting.push({ bytes, start }));
  }
}

/**
 * The results of `work` on each item, in their order, `most` of them under way at once. The first failure aborts the
 * signal of the others, and is thrown once they have ended.
 */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  most: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const stopped = new AbortController();
  const either = AbortSignal.any([signal, stopped.signal]);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const i = next++;
      try {
        results[i] = await work(items[i]!, either);
      } catch (error) {
        failures.push(error);
        stopped.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return results;
}
