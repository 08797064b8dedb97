/** Share of the grace that is kept for clearing away what was abandoned, and its limit. */
const CLEARING_SHARE = 0.2;
const CLEARING_MS_MAX = 1000;

/** The deadlines of one stop, which its signal starts. Dispose to stop the clock. */
export interface Grace extends Disposable {
  /** Aborted when a shipment under way must be abandoned. */
  readonly abandon: AbortSignal;
  /** Resolves when nothing may be waited for any longer, the whole grace after the stop. */
  readonly over: Promise<void>;
}

/** Gives a stop `graceMs()` from the moment at which `stop` is aborted: most of it to finish, the rest to clear away. */
export function startGrace(stop: AbortSignal, graceMs: () => number): Grace {
  const abandon = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const start = (): void => {
    const ms = graceMs();
    const clearingMs = Math.min(CLEARING_MS_MAX, ms * CLEARING_SHARE);
    timers.push(setTimeout(() => abandon.abort(), ms - clearingMs));
    timers.push(setTimeout(resolve, ms));
  };
  if (stop.aborted) start();
  else stop.addEventListener("abort", start, { once: true });
  return {
    abandon: abandon.signal,
    over,
    [Symbol.dispose]: () => {
      stop.removeEventListener("abort", start);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
