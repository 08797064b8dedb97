import { type Bounds } from "./bounds.ts";
import { ByteSink } from "./byte-sink.ts";
import { CODEC, ENCODING, PAGE } from "./format.ts";
import type { Leaf } from "./schema.ts";
import { ThriftWriter } from "./thrift.ts";
import { compressZstd } from "./zstd.ts";

/** What the footer says of one column chunk. Offsets are those of the file. */
export interface Chunk {
  readonly leaf: Leaf;
  readonly codec: number;
  /** Of the data pages. */
  readonly encoding: number;
  /** Levels and values: with a map's entries more than rows. */
  readonly values: number;
  readonly nulls: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly dictionaryOffset: number | null;
  readonly dataOffset: number;
  readonly bounds: Bounds | null;
  readonly pages: readonly Page[];
}

/** What the page index says of one data page. */
export interface Page {
  readonly offset: number;
  /** With its header. */
  readonly bytes: number;
  readonly firstRow: number;
  readonly values: number;
  readonly nulls: number;
  readonly bounds: Bounds | null;
}

/** A column chunk of one data page, and of a dictionary if there is one. */
export interface ChunkContent {
  readonly leaf: Leaf;
  readonly encoding: number;
  readonly dictionary: { readonly bytes: Uint8Array; readonly count: number } | null;
  /** Levels and encoded values. */
  readonly data: Uint8Array;
  readonly values: number;
  readonly nulls: number;
  readonly bounds: Bounds | null;
}

export type Compression = "zstd" | "none";

/** Appends a column chunk to `out`, whose first byte lies at `base` in the file. */
export function writeChunk(out: ByteSink, base: number, content: ChunkContent, compression: Compression): Chunk {
  const { dictionary, data } = content;
  const start = out.length;
  const packed = compression === "zstd" ? compressIfWorthIt(dictionary?.bytes ?? null, data) : null;
  let headerBytes = 0;
  let dictionaryOffset: number | null = null;
  if (dictionary !== null) {
    dictionaryOffset = base + start;
    const stored = packed?.dictionary ?? dictionary.bytes;
    headerBytes += writePageHeader(out, PAGE.dictionary, dictionary.count, ENCODING.plain, dictionary.bytes, stored);
    out.appendBytes(stored);
  }
  const dataOffset = base + out.length;
  const stored = packed?.data ?? data;
  headerBytes += writePageHeader(out, PAGE.data, content.values, content.encoding, data, stored);
  out.appendBytes(stored);
  const { leaf, encoding, values, nulls, bounds } = content;
  return {
    leaf,
    codec: packed === null ? CODEC.none : CODEC.zstd,
    encoding,
    values,
    nulls,
    uncompressedBytes: headerBytes + data.length + (dictionary?.bytes.length ?? 0),
    compressedBytes: out.length - start,
    dictionaryOffset,
    dataOffset,
    bounds,
    pages: [{ offset: dataOffset, bytes: base + out.length - dataOffset, firstRow: 0, values, nulls, bounds }],
  };
}

/** Appends a page's header (data pages are version 1: every reader takes them); its length in bytes. */
export function writePageHeader(
  out: ByteSink,
  type: (typeof PAGE)[keyof typeof PAGE],
  values: number,
  encoding: number,
  raw: Uint8Array,
  stored: Uint8Array,
): number {
  const start = out.length;
  const thrift = new ThriftWriter(out);
  thrift.structElement(() => {
    thrift.i32(1, type);
    thrift.i32(2, raw.length);
    thrift.i32(3, stored.length);
    thrift.struct(type === PAGE.data ? 5 : 7, () => {
      thrift.i32(1, values);
      thrift.i32(2, encoding);
      if (type !== PAGE.data) return;
      thrift.i32(3, ENCODING.rle); // definition levels
      thrift.i32(4, ENCODING.rle); // repetition levels
    });
  });
  return out.length - start;
}

/**
 * The codec holds for all pages of a chunk. Most chunks are constants of a few bytes, which a frame would only make
 * longer and slower to read; random bits (nanoseconds) don't get shorter either.
 */
function compressIfWorthIt(
  dictionary: Uint8Array | null,
  data: Uint8Array,
): { dictionary: Uint8Array | null; data: Uint8Array } | null {
  const rawBytes = data.length + (dictionary?.length ?? 0);
  if (rawBytes < COMPRESS_BYTES_MIN) return null;
  const packed = { dictionary: dictionary && compressZstd(dictionary), data: compressZstd(data) };
  const packedBytes = packed.data.length + (packed.dictionary?.length ?? 0);
  return packedBytes < rawBytes * WORTH_IT ? packed : null;
}

const COMPRESS_BYTES_MIN = 256;
const WORTH_IT = 0.95;
