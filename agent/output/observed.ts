import { aroundCalls, type Port } from "./calls.ts";
import type { OnAnswer } from "./retry.ts";

/** Hears of each request to an output's service. */
export interface RequestObserver {
  readonly began: () => void;
  /** It is answered or given up, so many milliseconds later, the time for credentials among them. */
  readonly ended: (tookMs: number) => void;
  /** What became of it. */
  readonly answered: OnAnswer;
}

/** A port whose calls are timed. Inside of what waits: it is the request that is timed, not its turn or its repetition. */
export function observed<Self extends Port<Self>>(
  port: Self,
  observer: RequestObserver | undefined,
  clock: () => number = () => performance.now(),
): Self {
  if (observer === undefined) return port;
  return aroundCalls(port, async (call) => {
    const startedAtMs = clock();
    observer.began();
    try {
      return await call();
    } finally {
      observer.ended(clock() - startedAtMs);
    }
  });
}
