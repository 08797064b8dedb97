import { type Bounds, textBounds } from "./bounds.ts";
import { ByteSink } from "./byte-sink.ts";
import { bitWidth } from "./delta.ts";

/** Distinct strings in order of appearance, as a PLAIN dictionary page. */
export class Dictionary {
  readonly #ids = new Map<string, number>();
  readonly #page = new ByteSink();
  /** Where the smallest and the largest value lie in the page. */
  #min: [number, number] = [0, 0];
  #max: [number, number] = [0, 0];

  get count(): number {
    return this.#ids.size;
  }

  /** Bits of the largest id. */
  get bitWidth(): number {
    return bitWidth(Math.max(this.count - 1, 0));
  }

  get page(): { bytes: Uint8Array; count: number } | null {
    return this.count === 0 ? null : { bytes: this.#page.content(), count: this.count };
  }

  idOf(value: string): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(value, id);
    this.#append(value);
    return id;
  }

  /** Copies: they outlive the page. */
  bounds(): Bounds | null {
    if (this.count === 0) return null;
    const { bytes } = this.#page;
    const [min, max] = [bytes.subarray(...this.#min), bytes.subarray(...this.#max)];
    return textBounds(new Uint8Array(min), new Uint8Array(max), BOUND_BYTES_MAX);
  }

  /** Gives the page back; the dictionary is of no use after. */
  release(): void {
    this.#page.release();
  }

  #append(value: string): void {
    const page = this.#page;
    page.reserve(4 + value.length * 3);
    const from = page.length + 4;
    const to = from + page.bytes.write(value, from);
    page.bytes.writeUInt32LE(to - from, from - 4);
    page.length = to;
    const first = this.count === 1;
    if (first || page.bytes.compare(page.bytes, ...this.#min, from, to) < 0) this.#min = [from, to];
    if (first || page.bytes.compare(page.bytes, ...this.#max, from, to) > 0) this.#max = [from, to];
  }
}

const BOUND_BYTES_MAX = 64;
