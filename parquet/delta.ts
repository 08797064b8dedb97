import { ByteSink } from "./byte-sink.ts";

/**
 * DELTA_BINARY_PACKED for 64-bit integers: blocks of 128 differences, bit-packed in 4 miniblocks above the block's
 * smallest difference.
 *
 * Values are handed over as doubles relative to a base known at the end (nanoseconds since 1970 do not fit a double,
 * nanoseconds since an object's first record do): exact while they and their differences stay below 2^51.
 */
export class DeltaEncoder {
  count = 0;
  min = 0;
  max = 0;
  readonly #body = new ByteSink();
  readonly #deltas = new Float64Array(BLOCK);
  #pending = 0;
  #first = 0;
  #last = 0;

  get heldBytes(): number {
    return this.#body.length;
  }

  get encodedBytes(): number {
    return this.#body.length;
  }

  append(values: Float64Array, count: number): void {
    let i = 0;
    if (this.count === 0 && count > 0) {
      this.#first = this.#last = this.min = this.max = values[0]!;
      i = 1;
    }
    let last = this.#last;
    for (; i < count; i++) {
      const value = values[i]!;
      if (value < this.min) this.min = value;
      else if (value > this.max) this.max = value;
      this.#deltas[this.#pending++] = value - last;
      last = value;
      if (this.#pending === BLOCK) this.#writeBlock();
    }
    this.#last = last;
    this.count += count;
  }

  /** Writes header and blocks, then starts anew. */
  finish(sink: ByteSink, base: bigint): void {
    if (this.#pending > 0) this.#writeBlock();
    sink.varint(BLOCK);
    sink.varint(BLOCK / MINIBLOCK);
    sink.varint(this.count);
    sink.zigzag(base + BigInt(this.#first));
    sink.append(this.#body);
    this.#body.clear();
    this.count = 0;
    this.#first = 0;
  }

  release(): void {
    this.#body.release();
    this.#pending = 0;
    this.count = 0;
  }

  #writeBlock(): void {
    const deltas = this.#deltas;
    const pending = this.#pending;
    let min = deltas[0]!;
    for (let i = 1; i < pending; i++) if (deltas[i]! < min) min = deltas[i]!;
    deltas.fill(min, pending);
    const body = this.#body;
    body.reserve(BLOCK * 8 + 16);
    body.varint(min >= 0 ? min * 2 : -min * 2 - 1);
    let widthAt = body.length;
    // Miniblocks behind the last value have a width, but no bytes.
    body.bytes.fill(0, widthAt, widthAt + BLOCK / MINIBLOCK);
    body.length += BLOCK / MINIBLOCK;
    for (let from = 0; from < pending; from += MINIBLOCK) {
      let max = 0;
      for (let i = from; i < from + MINIBLOCK; i++) {
        const above = deltas[i]! - min;
        deltas[i] = above;
        if (above > max) max = above;
      }
      const width = bitWidth(max);
      body.bytes[widthAt++] = width;
      pack(body, deltas, from, width);
    }
    this.#pending = 0;
  }
}

const BLOCK = 128;
const MINIBLOCK = 32;
const TWO_32 = 2 ** 32;

/** Bits of a whole number from 0 to 2^53. */
export function bitWidth(value: number): number {
  return value < TWO_32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / TWO_32);
}

/** Packs 32 values, least significant bit first: `width` words of 32 bits. The sink has room. */
function pack(sink: ByteSink, values: Float64Array, from: number, width: number): void {
  const lowWidth = Math.min(width, 32);
  let word = 0;
  let used = 0;
  for (let i = from; i < from + MINIBLOCK; i++) {
    const value = values[i]!;
    const low = value | 0;
    word |= low << used;
    used += lowWidth;
    if (used >= 32) {
      putWord(sink, word);
      used -= 32;
      // A shift by 32 would be a shift by 0.
      word = used === 0 ? 0 : low >>> (lowWidth - used);
    }
    if (width <= 32) continue;
    const high = Math.floor(value / TWO_32);
    word |= high << used;
    used += width - 32;
    if (used >= 32) {
      putWord(sink, word);
      used -= 32;
      word = used === 0 ? 0 : high >>> (width - 32 - used);
    }
  }
}

function putWord(sink: ByteSink, word: number): void {
  const { bytes, length } = sink;
  bytes[length] = word & 0xff;
  bytes[length + 1] = (word >>> 8) & 0xff;
  bytes[length + 2] = (word >>> 16) & 0xff;
  bytes[length + 3] = word >>> 24;
  sink.length = length + 4;
}
