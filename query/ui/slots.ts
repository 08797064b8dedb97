/** A bound on what runs at once; some more wait for their turn, the rest is sent away. */
export interface Slots {
  /**
   * Resolves with what gives the slot back once there is one; null at once if too many wait already. Rejects when the
   * signal is aborted before that.
   */
  take(signal: AbortSignal): Promise<(() => void) | null>;
}

/** In the order in which they were asked for. */
export function openSlots(runningMax: number, waitingMax: number): Slots {
  let running = 0;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next(); // the slot is handed on
  };
  return {
    async take(signal) {
      if (running < runningMax) {
        running++;
        return release;
      }
      if (waiting.length >= waitingMax) return null;
      await turn(waiting, signal);
      return release;
    },
  };
}

async function turn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const go = (): void => {
    signal.removeEventListener("abort", leave);
    resolve();
  };
  const leave = (): void => {
    waiting.splice(waiting.indexOf(go), 1);
    reject(signal.reason as Error);
  };
  signal.addEventListener("abort", leave);
  waiting.push(go);
  await promise;
}
