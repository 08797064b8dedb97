import { Fault } from "./retry.ts";

/** A request of a stream's shipment. */
export interface StreamRequest {
  /** The sources (`BatchSource.chain`) of its records. */
  readonly sources: ReadonlySet<string>;
}

interface SendOptions<Request> {
  /** Requests in flight at a time. */
  readonly inFlightMax: number;
  /** Aborted: what is not acknowledged by then counts as undelivered. */
  readonly signal: AbortSignal;
  /** Sends one, and again until it is acknowledged or `isHopeless` says so of a fault; throws then. */
  readonly send: (request: Request, isHopeless: (fault: Fault) => boolean) => Promise<void>;
  readonly clock?: () => number;
}

/** A request that meets faults which may pass is given up after so long: what it holds is read again from the files. */
const GIVE_UP_MS = 10_000;

/**
 * Sends the requests of a shipment, several at a time. Never throws: resolves to the sources of which not everything was
 * acknowledged, and why. What is read again is sent again, so a request that shares a source with an acknowledged one is
 * given up only when the service refuses it.
 */
export async function sendAll<Request extends StreamRequest>(
  requests: readonly Request[],
  options: SendOptions<Request>,
): Promise<Map<string, Error>> {
  const { inFlightMax, signal, send, clock = () => performance.now() } = options;
  const undelivered = new Map<string, Error>();
  const acknowledged = new Set<string>();
  const isBegun = ({ sources }: Request): boolean => [...sources].some((source) => acknowledged.has(source));
  const giveUp = ({ sources }: Request, error: Error): void => {
    for (const source of sources) if (!undelivered.has(source)) undelivered.set(source, error);
  };
  let next = 0;
  const work = async (): Promise<void> => {
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const error = reasonToSkip(request);
      if (error === null) await attempt(request);
      else giveUp(request, error);
    }
  };
  const reasonToSkip = (request: Request): Error | null => {
    if (signal.aborted) return signal.reason as Error;
    if (isBegun(request)) return null;
    for (const source of request.sources) if (undelivered.has(source)) return undelivered.get(source)!;
    return null;
  };
  const attempt = async (request: Request): Promise<void> => {
    const startedAtMs = clock();
    try {
      await send(request, ({ kind }) => {
        return kind === "permanent" || (!isBegun(request) && clock() - startedAtMs >= GIVE_UP_MS);
      });
      for (const source of request.sources) acknowledged.add(source);
    } catch (error) {
      giveUp(request, error as Error);
    }
  };
  await Promise.all(Array.from({ length: inFlightMax }, work));
  return undelivered;
}
