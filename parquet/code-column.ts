import type { TableRows } from "./rows.ts";
import { ByteSink } from "./byte-sink.ts";
import { type Chunk, type Compression, writeChunk } from "./chunk.ts";
import { bitWidth } from "./delta.ts";
import { Dictionary } from "./dictionary.ts";
import { ENCODING } from "./format.ts";
import { RleEncoder } from "./rle.ts";
import type { Leaf } from "./schema.ts";

/** A nullable column of a few names, given per row as a small number: code 0 is null. */
export class CodeColumn {
  readonly #leaf: Leaf;
  readonly #names: readonly (string | null)[];
  readonly #codesOf: (batch: TableRows) => Uint8Array;
  readonly #bitWidth: number;
  readonly #levels = new RleEncoder(new ByteSink(), 1);
  readonly #ids: RleEncoder;
  #dictionary = new Dictionary();
  #rows = 0;
  #nulls = 0;

  /** `names[code]`; `names[0]` is null. */
  constructor(leaf: Leaf, names: readonly (string | null)[], codesOf: (batch: TableRows) => Uint8Array) {
    this.#leaf = leaf;
    this.#names = names;
    this.#codesOf = codesOf;
    this.#bitWidth = bitWidth(names.length - 2);
    this.#ids = new RleEncoder(new ByteSink(), this.#bitWidth);
  }

  get heldBytes(): number {
    return this.#levels.sink.length + this.#ids.sink.length;
  }

  get storedBytes(): number {
    return this.#levels.sink.length + this.#ids.sink.length;
  }

  append(batch: TableRows, from: number, to: number): void {
    const codes = this.#codesOf(batch);
    for (let row = from; row < to;) {
      const code = codes[row]!;
      const first = row;
      do row++;
      while (row < to && codes[row] === code);
      this.#levels.add(code === 0 ? 0 : 1, row - first);
      if (code === 0) this.#nulls += row - first;
      else this.#ids.add(this.#dictionary.idOf(this.#names[code]!), row - first);
    }
    this.#rows += to - from;
  }

  close(out: ByteSink, base: number, compression: Compression): Chunk[] {
    this.#levels.finish();
    DATA.clear();
    DATA.uint32(this.#levels.sink.length);
    DATA.append(this.#levels.sink);
    const dictionary = this.#dictionary.page;
    if (dictionary !== null) {
      this.#ids.finish();
      DATA.byte(this.#bitWidth);
      DATA.append(this.#ids.sink);
    }
    const content = {
      leaf: this.#leaf,
      encoding: dictionary === null ? ENCODING.plain : ENCODING.rleDictionary,
      dictionary,
      data: DATA.content(),
      values: this.#rows,
      nulls: this.#nulls,
      bounds: this.#dictionary.bounds(),
    };
    const chunk = writeChunk(out, base, content, compression);
    this.#levels.sink.clear();
    this.#ids.sink.clear();
    this.#levels.reset(1);
    this.#ids.reset(this.#bitWidth);
    this.#dictionary.release();
    this.#dictionary = new Dictionary();
    this.#rows = 0;
    this.#nulls = 0;
    return [chunk];
  }

  release(): void {
    this.#levels.sink.release();
    this.#ids.sink.release();
  }
}

/** Scratch of one synchronous call, shared by all encoders. */
const DATA = new ByteSink();
