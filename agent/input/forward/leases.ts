/** Memory for one large message: a connection takes it before its buffer grows beyond what every connection may hold. */
export interface Lease {
  /** Waits until there is one; returns at once if the connection has it. */
  take(): Promise<void>;
  /** The message is there as a whole: from now on nobody takes it for a slow sender. */
  complete(): void;
  giveBack(): void;
}

interface Holder {
  readonly evict: () => void;
  /** Milliseconds of `performance.now()`; null: its message is complete. */
  sinceMs: number | null;
}

/**
 * Bounds how many connections receive large messages at a time: the others are not read meanwhile, so that the memory for
 * messages is the same however many senders there are. A sender that takes longer than `patienceMs` for its message loses its
 * connection when another one waits, so that slow ones can't stop the rest.
 */
export class Leases {
  readonly #max: number;
  readonly #patienceMs: number;
  readonly #holders = new Set<Holder>();
  readonly #waiting = new Set<() => void>();
  #isWatched = false;

  constructor(max: number, patienceMs: number) {
    this.#max = max;
    this.#patienceMs = patienceMs;
  }

  /** For one connection; `evict` closes it, after which it gives its lease back. */
  open(evict: () => void): Lease {
    const holder: Holder = { evict, sinceMs: null };
    return {
      take: async () => {
        if (!this.#holders.has(holder)) await this.#turn(holder);
        holder.sinceMs ??= performance.now();
      },
      complete: () => {
        holder.sinceMs = null;
      },
      giveBack: () => {
        if (!this.#holders.delete(holder)) return;
        holder.sinceMs = null;
        const [next] = this.#waiting;
        next?.();
      },
    };
  }

  async #turn(holder: Holder): Promise<void> {
    while (this.#holders.size >= this.#max) {
      this.#watch();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
    this.#holders.add(holder);
  }

  /** As long as somebody waits: evicts whoever has been slow for too long. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    setTimeout(() => {
      this.#isWatched = false;
      if (this.#waiting.size === 0) return;
      const slowSinceMs = performance.now() - this.#patienceMs;
      for (const { sinceMs, evict } of this.#holders) if (sinceMs !== null && sinceMs <= slowSinceMs) evict();
      this.#watch();
    }, this.#patienceMs / 4).unref();
  }
}
