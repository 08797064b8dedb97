import type { OutputConfig } from "../config/config.ts";
import type { Shipped } from "./shipper.ts";
import type { Logger } from "./telemetry/log.ts";

const BACKOFF_MS_MIN = 1000;
const BACKOFF_MS_MAX = 30_000;

/** What a pump drives: a `Shipper`, or what must come before it. */
export interface Shippable {
  /** Bytes that wait. */
  pendingBytes(): number;
  ship(nowMs: number, signal: AbortSignal): Promise<Shipped>;
}

/**
 * Decides when an output ships: when its oldest waiting byte has waited `upload_timeout`, at once when enough bytes wait,
 * and again without a pause while a backlog remains. A failure is said, then tried again after a random pause that
 * doubles; it never stops another output.
 */
export class Pump {
  readonly #shipper: Shippable;
  readonly #config: OutputConfig;
  readonly #log: Logger;
  #running: Promise<void> | null = null;
  #waitingSinceMs: number | null = null;
  #retryAtMs = 0;
  #failures = 0;
  #stopped = false;

  constructor(shipper: Shippable, config: OutputConfig, log: Logger) {
    this.#shipper = shipper;
    this.#config = config;
    this.#log = log;
  }

  /** Starts a shipment if one is due and none is under way. `signal` abandons it. Never waits. */
  tick(nowMs: number, signal: AbortSignal): void {
    if (this.#stopped) return;
    if (this.#running !== null || (nowMs < this.#retryAtMs && this.#retryAtMs - nowMs <= BACKOFF_MS_MAX)) return;
    const waiting = this.#shipper.pendingBytes();
    if (waiting === 0) {
      this.#waitingSinceMs = null;
      return;
    }
    this.#waitingSinceMs ??= nowMs;
    const waitedMs = Math.abs(nowMs - this.#waitingSinceMs);
    const isDue = waitedMs >= this.#config.uploadTimeoutMs || waiting >= this.#config.totalFileSizeBytes;
    if (!isDue && this.#failures === 0) return;
    this.#waitingSinceMs = null;
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
    try {
      let more = true;
      do ({ more } = await this.#shipper.ship(Date.now(), signal));
      while (more && !this.#stopped && !signal.aborted);
      this.#failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const backoffMs = Math.random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures);
      this.#failures++;
      this.#retryAtMs = Date.now() + backoffMs;
      this.#log.error(
        { output: this.#config.alias ?? this.#config.plugin, err: error, retryInMs: Math.round(backoffMs) },
        "a shipment failed; it is tried again",
      );
    }
  }
}
