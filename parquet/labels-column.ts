import { ByteSink } from "./byte-sink.ts";
import { type Chunk, type Compression, writeChunk } from "./chunk.ts";
import { bitWidth } from "./delta.ts";
import { Dictionary } from "./dictionary.ts";
import { ENCODING } from "./format.ts";
import type { OriginRuns } from "./origin-runs.ts";
import { RleEncoder } from "./rle.ts";
import type { Leaf } from "./schema.ts";

/**
 * Column `labels`: a map per row, the same for all rows of a file. Its levels and dictionary ids are a pattern per
 * origin, which is copied for each row of a run.
 *
 *   labels      repetition   definition (key, value)
 *   null        0            0, 0
 *   {}          0            1, 1
 *   {a, b, c}   0 1 1        2, 3 for each
 */
export class LabelsColumn {
  readonly heldBytes = 0;
  readonly storedBytes = 0;
  readonly #key: Leaf;
  readonly #value: Leaf;
  readonly #runs: OriginRuns;

  constructor(key: Leaf, value: Leaf, runs: OriginRuns) {
    this.#key = key;
    this.#value = value;
    this.#runs = runs;
  }

  append(): void {}

  close(out: ByteSink, base: number, compression: Compression): Chunk[] {
    const labels = this.#runs.origins.map((origin) => origin.labels && Object.entries(origin.labels));
    const sizes = labels.map((entries) => (entries === null ? ABSENT : entries.length));
    return [this.#key, this.#value].map((leaf, part) => {
      const dictionary = new Dictionary();
      const ids = labels.map((entries) => (entries ?? []).map((entry) => dictionary.idOf(entry[part]!)));
      const chunk = writeChunk(out, base, this.#content(leaf, dictionary, ids, sizes), compression);
      dictionary.release();
      return chunk;
    });
  }

  release(): void {}

  #content(leaf: Leaf, dictionary: Dictionary, ids: readonly number[][], sizes: readonly number[]) {
    const { indexes, rows } = this.#runs;
    const present = leaf.definitionMax;
    DATA.clear();
    writeStream(1, (encoder) => {
      indexes.forEach((index, run) => encoder.repeat(repetitionOf(sizes[index]!), rows[run]!));
    });
    let values = 0;
    let nulls = 0;
    writeStream(bitWidth(present), (encoder) => {
      indexes.forEach((index, run) => {
        const size = sizes[index]!;
        const slots = Math.max(size, 1) * rows[run]!;
        values += slots;
        if (size <= 0) nulls += slots;
        encoder.add(size === ABSENT ? 0 : size === 0 ? 1 : present, slots);
      });
    });
    const page = dictionary.page;
    if (page !== null) {
      DATA.byte(dictionary.bitWidth);
      const encoder = new RleEncoder(DATA, dictionary.bitWidth);
      indexes.forEach((index, run) => encoder.repeat(ids[index]!, rows[run]!));
      encoder.finish();
    }
    const encoding = page === null ? ENCODING.plain : ENCODING.rleDictionary;
    return { leaf, encoding, dictionary: page, data: DATA.content(), values, nulls, bounds: dictionary.bounds() };
  }
}

const ABSENT = -1;

/** Scratch of one synchronous call, shared by all encoders. */
const DATA = new ByteSink();

/** Appends a stream of levels with its length before it. */
function writeStream(width: number, write: (encoder: RleEncoder) => void): void {
  DATA.uint32(0);
  const from = DATA.length;
  const encoder = new RleEncoder(DATA, width);
  write(encoder);
  encoder.finish();
  DATA.bytes.writeUInt32LE(DATA.length - from, from - 4);
}

function repetitionOf(size: number): number[] {
  const pattern = Array.from({ length: Math.max(size, 1) }, () => 1);
  pattern[0] = 0;
  return pattern;
}
