/**
 * Memory for what filters make of a batch, which is given back all at once for the next: buffers that wait for the garbage
 * collector cost more than most filters do. What it hands out holds whatever was there before.
 */
export class Scratch {
  #block = new ArrayBuffer(0);
  #used = 0;
  /** What was asked for since the last `reset`, which the next block has room for. */
  #asked = 0;

  bytes(length: number): Buffer {
    return Buffer.from(this.#take(length), this.#used - padded(length), length);
  }

  uint8(length: number): Uint8Array {
    return new Uint8Array(this.#take(length), this.#used - padded(length), length);
  }

  uint32(length: number): Uint32Array {
    return new Uint32Array(this.#take(4 * length), this.#used - padded(4 * length), length);
  }

  float64(length: number): Float64Array {
    return new Float64Array(this.#take(8 * length), this.#used - padded(8 * length), length);
  }

  /** Whatever it handed out may be overwritten. */
  reset(): void {
    if (this.#asked > this.#block.byteLength) this.#block = new ArrayBuffer(this.#asked);
    this.#used = this.#asked = 0;
  }

  /** A block with so much room before `#used`. */
  #take(length: number): ArrayBuffer {
    const bytes = padded(length);
    this.#asked += bytes;
    if (this.#used + bytes > this.#block.byteLength) {
      this.#block = new ArrayBuffer(Math.max(BLOCK_BYTES_MIN, bytes));
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#block;
  }
}

const BLOCK_BYTES_MIN = 64 * 1024;

/** A whole number of the largest numbers. */
function padded(length: number): number {
  return (length + 7) & ~7;
}
