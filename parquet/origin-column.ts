import type { RowsOrigin } from "./rows.ts";
import { ByteSink } from "./byte-sink.ts";
import { type Chunk, type Compression, writeChunk } from "./chunk.ts";
import { Dictionary } from "./dictionary.ts";
import { ENCODING } from "./format.ts";
import type { OriginRuns } from "./origin-runs.ts";
import { RleEncoder } from "./rle.ts";
import type { Leaf } from "./schema.ts";

/** A column that is constant per file: made of the runs when the row group is closed, nothing is done per row. */
export class OriginColumn {
  readonly heldBytes = 0;
  readonly storedBytes = 0;
  readonly #leaf: Leaf;
  readonly #runs: OriginRuns;
  readonly #valueOf: (origin: RowsOrigin) => string | null;

  constructor(leaf: Leaf, runs: OriginRuns, valueOf: (origin: RowsOrigin) => string | null) {
    this.#leaf = leaf;
    this.#runs = runs;
    this.#valueOf = valueOf;
  }

  append(): void {}

  close(out: ByteSink, base: number, compression: Compression): Chunk[] {
    const { origins, indexes, rows, rowCount } = this.#runs;
    const dictionary = new Dictionary();
    const ids = origins.map((origin) => {
      const value = this.#valueOf(origin);
      return value === null ? NULL : dictionary.idOf(value);
    });
    DATA.clear();
    const nulls = this.#leaf.definitionMax === 0 ? 0 : this.#writeLevels(ids);
    const page = dictionary.page;
    if (page !== null) {
      DATA.byte(dictionary.bitWidth);
      const encoder = new RleEncoder(DATA, dictionary.bitWidth);
      for (let run = 0; run < indexes.length; run++) {
        const id = ids[indexes[run]!]!;
        if (id !== NULL) encoder.add(id, rows[run]!);
      }
      encoder.finish();
    }
    const content = {
      leaf: this.#leaf,
      encoding: page === null ? ENCODING.plain : ENCODING.rleDictionary,
      dictionary: page,
      data: DATA.content(),
      values: rowCount,
      nulls,
      bounds: dictionary.bounds(),
    };
    const chunk = writeChunk(out, base, content, compression);
    dictionary.release();
    return [chunk];
  }

  release(): void {}

  /** Appends the definition levels; the number of nulls. */
  #writeLevels(ids: readonly number[]): number {
    const { indexes, rows } = this.#runs;
    let nulls = 0;
    DATA.uint32(0);
    const from = DATA.length;
    const encoder = new RleEncoder(DATA, 1);
    for (let run = 0; run < indexes.length; run++) {
      const isNull = ids[indexes[run]!] === NULL;
      if (isNull) nulls += rows[run]!;
      encoder.add(isNull ? 0 : 1, rows[run]!);
    }
    encoder.finish();
    DATA.bytes.writeUInt32LE(DATA.length - from, from - 4);
    return nulls;
  }
}

const NULL = -1;

/** Scratch of one synchronous call, shared by all encoders. */
const DATA = new ByteSink();
