import { isAscii } from "node:buffer";
import type { Batch } from "../record.ts";

/** What the search for a byte beyond ASCII is refined to: one of them must not make every row of a batch the dear case. */
const BLOCK_BYTES = 4096;

/**
 * The part of a batch's bytes that holds its messages, and the same as one string with one character for each byte: a
 * string made for every row costs more than what most patterns do with it.
 */
export class Region {
  readonly base: number;
  readonly limit: number;
  readonly #batch: Batch;
  #text: string | null = null;
  #blocks: Uint8Array | null = null;

  constructor(batch: Batch) {
    const { start, end, count } = batch;
    let base = Infinity;
    let limit = 0;
    for (let row = 0; row < count; row++) {
      if (start[row]! < base) base = start[row]!;
      if (end[row]! > limit) limit = end[row]!;
    }
    this.#batch = batch;
    this.base = Math.min(base, limit);
    this.limit = limit;
  }

  get text(): string {
    return (this.#text ??= this.#batch.bytes.toString("latin1", this.base, this.limit));
  }

  /** Whether a character of the text is what its byte is by itself: all of it, or what lies between two places of the batch's bytes. */
  isAscii(from = this.base, to = this.limit): boolean {
    this.#blocks ??= this.#findBeyondAscii();
    const last = Math.floor((to - 1 - this.base) / BLOCK_BYTES);
    for (let block = Math.floor((from - this.base) / BLOCK_BYTES); block <= last; block++)
      if (this.#blocks[block] === 1) return false;
    return true;
  }

  #findBeyondAscii(): Uint8Array {
    const bytes = this.#batch.bytes.subarray(this.base, this.limit);
    const blocks = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES));
    if (isAscii(bytes)) return blocks;
    for (let block = 0; block < blocks.length; block++)
      blocks[block] = isAscii(bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)) ? 0 : 1;
    return blocks;
  }
}
