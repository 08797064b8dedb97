import type { TableRows } from "./rows.ts";
import { type Bounds, successor } from "./bounds.ts";
import { ByteSink } from "./byte-sink.ts";
import { type Chunk, type Compression, type Page, writePage } from "./chunk.ts";
import { CODEC, ENCODING, PAGE } from "./format.ts";
import type { Leaf } from "./schema.ts";

/**
 * Column `log`: nearly all of an object's bytes. PLAIN pages (length, bytes, length, bytes …) of 256 KB raw, each
 * compressed as soon as it is full. Its bounds come from the first 8 bytes of each message: two numbers to compare.
 */
export class LogColumn {
  readonly #leaf: Leaf;
  readonly #codec: number;
  readonly #pageBytesMax: number;
  readonly #page: ByteSink;
  /** Pages of the open row group, headers included, as they will stand in the file. */
  #stored = new ByteSink(STORED_BYTES);
  #pages: Page[] = [];
  #rows = 0;
  #rowsInPage = 0;
  #rawBytes = 0;
  #prefixes = new Prefixes();
  /** Stored bytes per raw byte of the last page. */
  #ratio: number;

  constructor(leaf: Leaf, compression: Compression, pageBytesMax: number) {
    this.#leaf = leaf;
    this.#codec = compression === "zstd" ? CODEC.zstd : CODEC.none;
    this.#pageBytesMax = pageBytesMax;
    this.#page = new ByteSink(pageBytesMax);
    this.#ratio = compression === "zstd" ? 0.15 : 1;
  }

  get heldBytes(): number {
    return this.#page.length + this.#stored.length;
  }

  /** What the rows so far will take in the file; the open page is a guess. */
  get storedBytes(): number {
    return this.#stored.length + this.#page.length * this.#ratio;
  }

  /** Copies messages from row `from` on until the page is full; the row before which it stopped, `to` at most. */
  append(batch: TableRows, from: number, to: number): number {
    const { bytes, start, end } = batch;
    const page = this.#page;
    let row = from;
    for (; row < to; row++) {
      const at = start[row]!;
      const length = end[row]! - at;
      if (page.length + 4 + length > this.#pageBytesMax && page.length > 0) break;
      page.reserve(4 + length);
      const target = page.bytes;
      let position = page.length;
      target[position++] = length & 0xff;
      target[position++] = (length >>> 8) & 0xff;
      target[position++] = (length >>> 16) & 0xff;
      target[position++] = length >>> 24;
      if (length < COPY_BYTES_MIN) for (let i = 0; i < length; i++) target[position + i] = bytes[at + i]!;
      else bytes.copy(target, position, at, at + length);
      page.length = position + length;
      this.#prefixes.add(bytes, at, length);
    }
    this.#rows += row - from;
    this.#rowsInPage += row - from;
    return row;
  }

  /** Ends the open page if it has rows. */
  endPage(): void {
    if (this.#rowsInPage === 0) return;
    const raw = this.#page.content();
    const offset = this.#stored.length;
    this.#rawBytes += writePage(this.#stored, PAGE.data, this.#rowsInPage, ENCODING.plain, raw, this.#codec);
    this.#pages.push({
      offset,
      bytes: this.#stored.length - offset,
      firstRow: this.#rows - this.#rowsInPage,
      values: this.#rowsInPage,
      nulls: 0,
      bounds: this.#prefixes.bounds(),
    });
    this.#ratio = (this.#stored.length - offset) / raw.length;
    this.#page.clear();
    this.#rowsInPage = 0;
    this.#prefixes = new Prefixes();
  }

  /** Ends the chunk, which lies at `dataOffset` in the file, and starts anew. The caller releases the chunk's bytes. */
  close(dataOffset: number): { chunk: Chunk; bytes: ByteSink } {
    this.endPage();
    const bytes = this.#stored;
    const chunk = {
      leaf: this.#leaf,
      codec: this.#codec,
      encoding: ENCODING.plain,
      values: this.#rows,
      nulls: 0,
      uncompressedBytes: this.#rawBytes,
      compressedBytes: bytes.length,
      dictionaryOffset: null,
      dataOffset,
      bounds: widest(this.#pages),
      pages: this.#pages.map((page) => ({ ...page, offset: page.offset + dataOffset })),
    };
    this.#stored = new ByteSink(STORED_BYTES);
    this.#pages = [];
    this.#rows = 0;
    this.#rawBytes = 0;
    return { chunk, bytes };
  }

  release(): void {
    this.#page.release();
    this.#stored.release();
  }
}

/** A row group of about 1 MB and the page that made it full. */
const STORED_BYTES = 1.25 * 1024 * 1024;

/** Below it a loop is faster than a call. */
const COPY_BYTES_MIN = 24;

/** The smallest and the largest of the first 8 bytes of each message, as two numbers of 32 bits, padded with zeros. */
class Prefixes {
  #minHigh = 2 ** 32;
  #minLow = 0;
  #maxHigh = -1;
  #maxLow = 0;

  add(bytes: Buffer, at: number, length: number): void {
    const high = word(bytes, at, length);
    if (high > this.#minHigh && high < this.#maxHigh) return;
    const low = word(bytes, at + 4, length - 4);
    if (high < this.#minHigh || (high === this.#minHigh && low < this.#minLow)) {
      this.#minHigh = high;
      this.#minLow = low;
    }
    if (high > this.#maxHigh || (high === this.#maxHigh && low > this.#maxLow)) {
      this.#maxHigh = high;
      this.#maxLow = low;
    }
  }

  /** Null if nothing is above the largest. Neither bound is exact: a prefix, and what follows a prefix. */
  bounds(): Bounds | null {
    const min = prefix(this.#minHigh, this.#minLow);
    const max = prefix(this.#maxHigh, this.#maxLow);
    // What is empty or starts with zeros only is below U+0001.
    const above = max.length === 0 ? Buffer.of(1) : successor(max);
    return above && { min: { bytes: min, exact: false }, max: { bytes: above, exact: false } };
  }
}

function word(bytes: Buffer, at: number, length: number): number {
  if (length >= 4) {
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }
  let value = 0;
  for (let i = 0; i < length; i++) value += bytes[at + i]! * 2 ** (24 - 8 * i);
  return value;
}

/** Without trailing zeros, which may be padding, and without the rest of a character that was cut. */
function prefix(high: number, low: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32BE(high, 0);
  bytes.writeUInt32BE(low, 4);
  let end = 8;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return wholeCharacters(bytes.subarray(0, end));
}

function wholeCharacters(bytes: Uint8Array): Uint8Array {
  let lead = bytes.length - 1;
  while (lead > 0 && (bytes[lead]! & 0xc0) === 0x80) lead--;
  if (lead < 0) return bytes;
  const first = bytes[lead]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return lead + length <= bytes.length ? bytes : bytes.subarray(0, lead);
}

function widest(pages: readonly Page[]): Bounds | null {
  let widestSoFar: Bounds | null = null;
  for (const { bounds } of pages) {
    if (bounds === null) return null;
    widestSoFar = {
      min: widestSoFar && Buffer.compare(widestSoFar.min.bytes, bounds.min.bytes) <= 0 ? widestSoFar.min : bounds.min,
      max: widestSoFar && Buffer.compare(widestSoFar.max.bytes, bounds.max.bytes) >= 0 ? widestSoFar.max : bounds.max,
    };
  }
  return widestSoFar;
}
