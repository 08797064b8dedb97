/** An answer says the second of its beginning, and takes its time to arrive: as far as this the two clocks agree. */
export const CLOCK_MS = 5000;

/**
 * What time it is by the service. A mark that this machine's clock has moved, being a day ahead, would pass by a day of
 * events: what is read when goes by the clock that stamps their delivery.
 */
export interface ServiceClock {
  /** Milliseconds since 1970: by the last answers, and this machine's clock since then. */
  now(): number;
  /** An answer has come that says what time it is; null: it does not say. */
  note(serviceMs: number | null): void;
}

/** `machineMs`: this machine's clock. */
export function createServiceClock(machineMs: () => number): ServiceClock {
  let aheadMs = 0;
  const now = (): number => machineMs() + aheadMs;
  return {
    now,
    note: (serviceMs) => {
      if (serviceMs === null) return;
      const differenceMs = now() - serviceMs;
      if (differenceMs < 0 || differenceMs > CLOCK_MS) aheadMs -= differenceMs;
    },
  };
}
