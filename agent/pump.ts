import type { OutputConfig } from "../config/config.ts";
import type { Shipped } from "./shipper.ts";
import type { Logger } from "./telemetry/log.ts";
import { failureOf, type OutputStats } from "./telemetry/output-stats.ts";

/** Pauses after a failure grow from the first to the last, doubling. */
const PASSING = { firstMs: 1000, lastMs: 30_000 } as const;
/** Until somebody acts there is nothing to hope for: soon at first, in case it was a misunderstanding, then rarely. */
const PERMANENT = { firstMs: 5000, lastMs: 300_000 } as const;
/** A shipment may begin so much early, so that ticks of the same period find it due: timers are some milliseconds off. */
const EARLY_MS_MAX = 100;

/** What a pump drives: a `Shipper`, or what must come before it. */
export interface Shippable {
  /** Bytes that wait. */
  pendingBytes(): number;
  ship(nowMs: number, signal: AbortSignal): Promise<Shipped>;
}

export interface PumpOptions {
  readonly config: OutputConfig;
  readonly stats: OutputStats;
  readonly log: Logger;
  /** Milliseconds of a clock that never jumps: `performance.now()`; tests bring one of their own. */
  readonly clock?: () => number;
}

/**
 * Decides when an output ships: when its oldest waiting byte may have waited `upload_timeout`, at once when enough bytes
 * wait, and again without a pause while a backlog remains. A failure is said, then tried again after a random pause that
 * doubles; it never stops another output. A failure that somebody must act on is said once, and tried again rarely.
 */
export class Pump {
  readonly #shipper: Shippable;
  readonly #options: PumpOptions;
  readonly #clock: () => number;
  #running: Promise<void> | null = null;
  #tickedAtMs: number | null = null;
  /** The last tick at which nothing waited, or all of what waited is shipped by now: nothing waits for longer. */
  #clearAtMs: number | null = null;
  #retryAtMs = -Infinity;
  #failures = 0;
  /** The failure that was said to be permanent. */
  #said: string | null = null;
  #stopped = false;

  constructor(shipper: Shippable, options: PumpOptions) {
    this.#shipper = shipper;
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Starts a shipment if one is due and none is under way. `signal` abandons it. Never waits. */
  tick(signal: AbortSignal): void {
    const nowMs = this.#clock();
    this.#tickedAtMs = nowMs;
    if (this.#stopped || this.#running !== null || nowMs < this.#retryAtMs) return;
    const waiting = this.#shipper.pendingBytes();
    if (waiting === 0) {
      this.#clearAtMs = nowMs;
      return;
    }
    this.#clearAtMs ??= nowMs;
    const { uploadTimeoutMs, totalFileSizeBytes } = this.#options.config;
    const waitMs = uploadTimeoutMs - Math.min(EARLY_MS_MAX, uploadTimeoutMs / 10);
    const isDue = nowMs - this.#clearAtMs >= waitMs || waiting >= totalFileSizeBytes;
    if (!isDue && this.#failures === 0) return;
    this.#running = this.#run(signal).finally(() => (this.#running = null));
  }

  /** Resolves when no shipment is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Starts no shipment any more. Resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.idle();
  }

  /** The last one: stops, then ships once what waits, unless the last attempt failed. */
  async flush(signal: AbortSignal): Promise<void> {
    await this.stop();
    if (signal.aborted || this.#failures > 0 || this.#shipper.pendingBytes() === 0) return;
    await this.#run(signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { stats } = this.#options;
    stats.started();
    try {
      let more = true;
      let fault: Error | null = null;
      do ({ more, fault } = await this.#ship(signal));
      while (more && !this.#stopped && !signal.aborted);
      this.#succeeded(fault);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      stats.ended();
    }
  }

  async #ship(signal: AbortSignal): Promise<Shipped> {
    const startedAtMs = this.#clock();
    const clearAtMs = this.#tickedAtMs;
    const shipped = await this.#shipper.ship(Date.now(), signal);
    this.#clearAtMs = clearAtMs;
    if (shipped.rawBytes > 0) this.#options.stats.shipped({ ...shipped, durationMs: this.#clock() - startedAtMs });
    return shipped;
  }

  /** `fault`: a part of what is to be shipped fails still. */
  #succeeded(fault: Error | null): void {
    const { stats, log } = this.#options;
    if (this.#failures > 0) log.info({ output: this.#name, failures: this.#failures }, "shipments succeed again");
    this.#failures = 0;
    this.#said = null;
    stats.recovered(fault);
  }

  #failed(error: unknown): void {
    const { stats, log } = this.#options;
    const { message, permanent } = failureOf(error);
    const { firstMs, lastMs } = permanent ? PERMANENT : PASSING;
    const backoffMs = Math.random() * Math.min(lastMs, firstMs * 2 ** this.#failures);
    this.#failures++;
    const nowMs = this.#clock();
    this.#retryAtMs = nowMs + backoffMs;
    stats.failed(error, nowMs, this.#retryAtMs);
    const fields = { output: this.#name, err: error, retryInMs: Math.round(backoffMs) };
    if (!permanent) log.error(fields, "a shipment failed; it is tried again");
    else if (this.#said === message) log.debug(fields, "a shipment failed as before; it is tried again");
    else log.error(fields, "a shipment failed, and somebody must act; until then it is tried again, ever more rarely");
    this.#said = permanent ? message : null;
  }

  get #name(): string {
    return this.#options.config.alias ?? this.#options.config.plugin;
  }
}
