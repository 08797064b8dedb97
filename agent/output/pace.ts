import { setTimeout as sleep } from "node:timers/promises";
import { aroundCalls, type Port } from "./calls.ts";
import { Fault } from "./retry.ts";

/** Requests per second below which no throttling drives an output: one in five seconds. */
const PER_SECOND_MIN = 0.2;
/** A rate that has grown to this limits nothing any more. */
const PER_SECOND_MAX = 1000;
/** Requests that are throttled together are one reason to slow down, not several. */
const CUT_INTERVAL_MS = 1000;

export interface PaceOptions {
  /** Never more than so many requests in a second; without it as many as the service takes. */
  readonly perSecondMost?: number;
  /** Milliseconds of a clock that never jumps; tests bring one of their own. */
  readonly clock?: () => number;
  readonly wait?: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * The rate at which an output asks its service, shared by all its requests. Unlimited until the service throttles; then
 * half of what was asked in the last second, and half of that each time again ("multiplicative decrease"), while each
 * success adds as much as comes to one request per second in every second ("additive increase").
 */
export class Pace {
  /** Requests per second; the most as long as nothing was throttled. */
  perSecond: number;
  readonly #most: number;
  readonly #clock: () => number;
  readonly #wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
  /** When the requests of the last second were begun. */
  #begun: number[] = [];
  #nextAtMs = -Infinity;
  #cutAtMs = -Infinity;

  constructor({ perSecondMost = Infinity, clock = () => performance.now(), wait = waitFor }: PaceOptions = {}) {
    this.perSecond = this.#most = perSecondMost;
    this.#clock = clock;
    this.#wait = wait;
  }

  /** Waits until the next request may be made. Throws if the signal ends the wait. */
  async turn(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock();
    const atMs = Math.max(nowMs, this.#nextAtMs);
    this.#nextAtMs = atMs + 1000 / this.perSecond;
    if (atMs > nowMs) await this.#wait(atMs - nowMs, signal);
    this.#forgetBefore(atMs - 1000);
    this.#begun.push(atMs);
  }

  /** A request succeeded, or met a fault. */
  answered(fault: Fault | null): void {
    const nowMs = this.#clock();
    if (fault === null) {
      this.perSecond += 1 / Math.max(1, this.perSecond);
      if (this.perSecond >= Math.min(PER_SECOND_MAX, this.#most)) this.perSecond = this.#most;
    } else if (fault.kind === "throttled" && nowMs - this.#cutAtMs >= CUT_INTERVAL_MS) {
      this.#cutAtMs = nowMs;
      this.#forgetBefore(nowMs - 1000);
      const asked = Math.min(this.perSecond, Math.max(1, this.#begun.length));
      this.perSecond = Math.max(PER_SECOND_MIN, asked / 2);
    }
  }

  #forgetBefore(ms: number): void {
    this.#begun = this.#begun.filter((atMs) => atMs >= ms);
  }
}

/** A port whose calls keep to a pace, and set it. For inside `retrying`: each try is a request. */
export function paced<Self extends Port<Self>>(port: Self, pace: Pace, signal: AbortSignal): Self {
  return aroundCalls(port, async (call) => {
    await pace.turn(signal);
    try {
      const result = await call();
      pace.answered(null);
      return result;
    } catch (error) {
      if (error instanceof Fault) pace.answered(error);
      throw error;
    }
  });
}

async function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal });
}
