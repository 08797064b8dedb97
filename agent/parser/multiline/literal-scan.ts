/**
 * Looks for one text in a file that is read in order, window by window: each byte is looked at once, however many lines
 * are asked about. Offsets are those of the file.
 */
export class LiteralScan {
  readonly #needle: Buffer;
  /** The next known occurrence; behind the place that was asked about last, or not yet asked about. */
  #at = -1;
  /** No occurrence starts between the place that was asked about last and here, but for `#at`. */
  #clearTo = 0;

  constructor(text: string) {
    this.#needle = Buffer.from(text);
  }

  /** Another file. */
  reset(): void {
    this.#at = -1;
    this.#clearTo = 0;
  }

  /** Whether it occurs within `[from, to)` of the window, which begins at `base` in the file. `from` never decreases. */
  isWithin(window: Buffer, base: number, from: number, to: number): boolean {
    const length = this.#needle.length;
    if (this.#at < base + from) {
      if (this.#clearTo > base + to - length) return false;
      const found = window.indexOf(this.#needle, Math.max(from, this.#clearTo - base));
      this.#at = found < 0 ? -1 : base + found;
      this.#clearTo = found < 0 ? base + window.length - length + 1 : base + found;
      if (found < 0) return false;
    }
    return this.#at + length <= base + to;
  }
}
