import type { TableRows } from "./rows.ts";
import { int64Bounds } from "./bounds.ts";
import { ByteSink } from "./byte-sink.ts";
import { type Chunk, type Compression, writeChunk } from "./chunk.ts";
import { DeltaEncoder } from "./delta.ts";
import { ENCODING } from "./format.ts";
import type { Leaf } from "./schema.ts";

interface DeltaSource {
  /** Writes the values of `count` rows; `second` is that of the row group's first row. */
  values(batch: TableRows, from: number, count: number, out: Float64Array, second: number): void;
  /** What the values are relative to. */
  base(second: number): bigint;
}

/** A required 64-bit column as DELTA_BINARY_PACKED. Encodes as rows arrive: a row holds as many bytes as in the file. */
export class DeltaColumn {
  readonly #leaf: Leaf;
  readonly #source: DeltaSource;
  readonly #encoder = new DeltaEncoder();
  #second = 0;

  constructor(leaf: Leaf, source: DeltaSource) {
    this.#leaf = leaf;
    this.#source = source;
  }

  get heldBytes(): number {
    return this.#encoder.heldBytes;
  }

  get storedBytes(): number {
    return this.#encoder.encodedBytes;
  }

  append(batch: TableRows, from: number, to: number): void {
    if (this.#encoder.count === 0) this.#second = batch.seconds[from]!;
    for (let row = from; row < to; row += VALUES.length) {
      const count = Math.min(VALUES.length, to - row);
      this.#source.values(batch, row, count, VALUES, this.#second);
      this.#encoder.append(VALUES, count);
    }
  }

  close(out: ByteSink, base: number, compression: Compression): Chunk[] {
    const { count, min, max } = this.#encoder;
    const valueBase = this.#source.base(this.#second);
    DATA.clear();
    this.#encoder.finish(DATA, valueBase);
    const content = {
      leaf: this.#leaf,
      encoding: ENCODING.deltaBinaryPacked,
      dictionary: null,
      data: DATA.content(),
      values: count,
      nulls: 0,
      bounds: int64Bounds(valueBase + BigInt(min), valueBase + BigInt(max)),
    };
    return [writeChunk(out, base, content, compression)];
  }

  release(): void {
    this.#encoder.release();
  }
}

/** Scratch of one synchronous call, shared by all encoders: there may be 24 of them. */
const VALUES = new Float64Array(512);
const DATA = new ByteSink();
