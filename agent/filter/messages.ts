import type { Scratch } from "./scratch.ts";

/** Messages of some rows, one behind the other: an object for each would be most of what a filter costs. */
export class Messages {
  /** By row, where its message lies; NONE: it has none. */
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly #scratch: Scratch;
  #bytes: Buffer = EMPTY;
  #length = 0;

  constructor(count: number, scratch: Scratch) {
    this.start = scratch.uint32(count).fill(NONE);
    this.end = scratch.uint32(count);
    this.#scratch = scratch;
  }

  has(row: number): boolean {
    return this.start[row] !== NONE;
  }

  get(row: number): Buffer | null {
    return this.has(row) ? this.#bytes.subarray(this.start[row], this.end[row]) : null;
  }

  set(row: number, bytes: Buffer): void {
    if (this.#bytes.length < this.#length + bytes.length) {
      const grown = this.#scratch.bytes(
        Math.max(MESSAGES_BYTES_MIN, 2 * this.#bytes.length, this.#length + bytes.length),
      );
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    this.start[row] = this.#length;
    this.#length += bytes.copy(this.#bytes, this.#length);
    this.end[row] = this.#length;
  }

  content(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

const NONE = 2 ** 32 - 1;

const EMPTY = Buffer.alloc(0);
const MESSAGES_BYTES_MIN = 16 * 1024;
