import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../telemetry/log.ts";
import { aroundCalls, type Port } from "./calls.ts";

/**
 * What an adapter throws when a service did not do what was asked, classified by the adapter.
 *
 *   retryable   it may work now: a lost connection, a 500, a timeout
 *   throttled   the service asks for fewer requests
 *   permanent   someone must act first (no such bucket, access denied); tried again nevertheless, slowly
 *   content     what the request holds is refused for good; never tried again as it is (divide.ts)
 */
export class Fault extends Error {
  readonly kind: "retryable" | "throttled" | "permanent" | "content";
  /** The service's own word for it, such as `SlowDown`. */
  readonly code: string;

  constructor(kind: Fault["kind"], code: string, message: string, cause: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.code = code;
  }
}

/** Hears of every request: its fault (before the wait) or null, and whether it repeats one that failed. */
export type OnAnswer = (fault: Fault | null, isRepeated: boolean) => void;

export interface RetryOptions {
  /** Ends waiting; the call throws the signal's reason then. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** The output's name, for the log; of an input what it reads, with `role`. */
  readonly output: string;
  readonly role?: "input" | "output";
  /** Permanent faults that are in the log since the last success; shared by all who ask the same service. */
  readonly said: Set<string>;
  /** Waits; tests bring a clock of their own. */
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  readonly onAnswer?: OnAnswer | undefined;
  /** Whether to throw a fault instead of trying again; never without it. */
  readonly isHopeless?: (fault: Fault) => boolean;
}

/** Delays grow from `firstMs` to `mostMs`, doubling; each is drawn between 0 and that ("full jitter"), so that nodes spread. */
const DELAYS = {
  retryable: { firstMs: 200, mostMs: 20_000 },
  throttled: { firstMs: 1000, mostMs: 30_000 },
  permanent: { firstMs: 5000, mostMs: 60_000 },
} as const;
/** Tries that stay unmentioned: faults that pass are not news. */
const QUIET_TRIES = 4;

/** A port whose calls are repeated until the service does what is asked. Every method must be safe to repeat; what is no `Fault` passes. */
export function retrying<Self extends Port<Self>>(port: Self, options: RetryOptions): Self {
  return aroundCalls(port, async (call) => await repeat(call, options));
}

async function repeat(call: () => Promise<unknown>, options: RetryOptions): Promise<unknown> {
  const { signal, wait = waitFor } = options;
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    try {
      const result = await call();
      options.said.clear();
      options.onAnswer?.(null, failures > 0);
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      options.onAnswer?.(error, failures > 0);
      if (error.kind === "content") throw error;
      const delayMs = delayOf(error.kind, failures);
      failures++;
      report(error, failures, delayMs, options);
      if (options.isHopeless?.(error) === true) throw error;
      await wait(delayMs, signal);
    }
  }
}

function delayOf(kind: keyof typeof DELAYS, failures: number): number {
  const { firstMs, mostMs } = DELAYS[kind];
  return Math.random() * Math.min(mostMs, firstMs * 2 ** failures);
}

function report(fault: Fault, tries: number, delayMs: number, options: RetryOptions): void {
  const { log, output, role = "output", said } = options;
  const fields = { [role]: output, code: fault.code, reason: fault.message, tries, retryInMs: Math.round(delayMs) };
  if (fault.kind === "permanent") {
    if (said.has(fault.code)) return;
    said.add(fault.code);
    log.error(fields, `the ${role}'s service refuses requests, someone must act; trying again until then`);
  } else if (tries >= QUIET_TRIES) log.warn(fields, `the ${role}'s service does not answer well; trying again`);
  else log.debug(fields, "a request failed; trying again");
}

async function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal });
}
