import { isAscii } from "node:buffer";
import type { Rows } from "./rows.ts";

/** What the search for a byte beyond ASCII is refined to: one of them must not make every row of a batch the dear case. */
const BLOCK_BYTES = 4096;

/**
 * The bytes of a batch's messages as one string with one character for each byte, made once for all filters: what no filter
 * changed is looked at in there, as a string made for every row costs more than what most patterns do with it.
 */
export class Region {
  readonly text: string;
  /** Where it begins in `batch.bytes`. */
  readonly base: number;
  readonly isAscii: boolean;
  readonly #rows: Rows;
  readonly #beyondAscii: Uint8Array | null;

  constructor(rows: Rows) {
    const { bytes, start, end, count } = rows.batch;
    let base = bytes.length;
    let limit = 0;
    for (let row = 0; row < count; row++) {
      if (start[row]! < base) base = start[row]!;
      if (end[row]! > limit) limit = end[row]!;
    }
    this.#rows = rows;
    this.base = Math.min(base, limit);
    this.text = bytes.toString("latin1", this.base, limit);
    const region = bytes.subarray(this.base, limit);
    this.isAscii = isAscii(region);
    this.#beyondAscii = this.isAscii ? null : blocksBeyondAscii(region);
  }

  /** The row's message as text. */
  textOf(row: number): string {
    if (!this.#rows.isPlain(row)) return this.#rows.text(row);
    const from = this.#rows.batch.start[row]! - this.base;
    const to = this.#rows.batch.end[row]! - this.base;
    return this.#hasOnlyAscii(from, to) ? this.text.substring(from, to) : this.#rows.text(row);
  }

  #hasOnlyAscii(from: number, to: number): boolean {
    if (this.#beyondAscii === null) return true;
    for (let block = Math.floor(from / BLOCK_BYTES); block * BLOCK_BYTES < to; block++)
      if (this.#beyondAscii[block] === 1) return false;
    return true;
  }
}

const REGIONS = new WeakMap<Rows, Region>();

export function regionOf(rows: Rows): Region {
  let region = REGIONS.get(rows);
  if (region === undefined) REGIONS.set(rows, (region = new Region(rows)));
  return region;
}

function blocksBeyondAscii(bytes: Buffer): Uint8Array {
  const blocks = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES));
  for (let block = 0; block < blocks.length; block++)
    blocks[block] = isAscii(bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)) ? 0 : 1;
  return blocks;
}
