import { createCompressor } from "./compressor.ts";
import type { Bounds } from "./bounds.ts";
import type { ByteSink } from "./byte-sink.ts";
import { CODEC, ENCODING, PAGE } from "./format.ts";
import type { Leaf } from "./schema.ts";
import { ThriftWriter } from "./thrift.ts";

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
  const start = out.length;
  const rawBytes = content.data.length + (content.dictionary?.bytes.length ?? 0);
  const tries = compression === "zstd" && rawBytes >= COMPRESS_BYTES_MIN;
  const chunk = tries ? writePages(out, base, content, CODEC.zstd) : null;
  if (chunk !== null && chunk.compressedBytes <= chunk.uncompressedBytes * WORTH_IT) return chunk;
  out.length = start;
  return writePages(out, base, content, CODEC.none);
}

/**
 * The codec holds for all pages of a chunk. Most chunks are constants of a few bytes, which a frame would only make
 * longer and slower to read; random bits (nanoseconds) don't get shorter either.
 */
const COMPRESS_BYTES_MIN = 256;
const WORTH_IT = 0.95;

function writePages(out: ByteSink, base: number, content: ChunkContent, codec: number): Chunk {
  const { leaf, encoding, dictionary, data, values, nulls, bounds } = content;
  const start = out.length;
  let uncompressedBytes = 0;
  if (dictionary !== null) {
    uncompressedBytes += writePage(out, PAGE.dictionary, dictionary.count, ENCODING.plain, dictionary.bytes, codec);
  }
  const dataOffset = base + out.length;
  uncompressedBytes += writePage(out, PAGE.data, values, encoding, data, codec);
  return {
    leaf,
    codec,
    encoding,
    values,
    nulls,
    uncompressedBytes,
    compressedBytes: out.length - start,
    dictionaryOffset: dictionary === null ? null : base + start,
    dataOffset,
    bounds,
    pages: [{ offset: dataOffset, bytes: base + out.length - dataOffset, firstRow: 0, values, nulls, bounds }],
  };
}

/** One context for the pages of all encoders: each page is a frame of its own. */
const ZSTD = createCompressor("zstd");

/** Appends a page with its header; what it would take uncompressed. Data pages are version 1: every reader takes them. */
export function writePage(
  out: ByteSink,
  type: (typeof PAGE)[keyof typeof PAGE],
  values: number,
  encoding: number,
  raw: Uint8Array,
  codec: number,
): number {
  const stored = codec === CODEC.zstd ? ZSTD.compress(raw, true) : raw;
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
  const headerBytes = out.length - start;
  out.appendBytes(stored);
  return headerBytes + raw.length;
}
