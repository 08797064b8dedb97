import type { Bounds } from "./bounds.ts";
import { ByteSink } from "./byte-sink.ts";
import type { Chunk } from "./chunk.ts";
import { ENCODING, MAGIC, PAGE } from "./format.ts";
import { writeSchema } from "./schema.ts";
import { THRIFT, ThriftWriter } from "./thrift.ts";

/** What the footer says of one row group. */
export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

/**
 * The end of a file: the page index (ColumnIndex and OffsetIndex of every chunk), then FileMetaData, its length and the
 * magic. The index stands right before the footer, so that readers fetch both at once. `base` is its offset in the file.
 */
export function encodeFooter(
  rowGroups: readonly RowGroup[],
  keyValue: Readonly<Record<string, string>>,
  base: number,
): Buffer {
  const sink = new ByteSink();
  const thrift = new ThriftWriter(sink);
  const indexes = rowGroups.map((group) => group.chunks.map((chunk) => writePageIndex(thrift, chunk, base)));
  const footerAt = sink.length;
  thrift.structElement(() => {
    thrift.i32(1, 2); // version
    writeSchema(thrift, 2);
    thrift.i64(
      3,
      rowGroups.reduce((sum, group) => sum + group.rows, 0),
    );
    thrift.list(4, THRIFT.struct, rowGroups.length);
    rowGroups.forEach((group, ordinal) => writeRowGroup(thrift, group, ordinal, indexes[ordinal]!));
    const pairs = Object.entries(keyValue);
    if (pairs.length > 0) thrift.list(5, THRIFT.struct, pairs.length);
    for (const [key, value] of pairs) writePair(thrift, key, value);
    thrift.binary(6, CREATED_BY);
    writeColumnOrders(thrift, rowGroups[0]?.chunks.length ?? 0);
  });
  sink.uint32(sink.length - footerAt);
  sink.appendBytes(Buffer.from(MAGIC));
  return sink.content();
}

const CREATED_BY = "logq-agent version 0.1.0";

interface PageIndex {
  readonly columnIndex: { readonly offset: number; readonly bytes: number } | null;
  readonly offsetIndex: { readonly offset: number; readonly bytes: number };
}

function writePageIndex(thrift: ThriftWriter, chunk: Chunk, base: number): PageIndex {
  const { sink } = thrift;
  const from = sink.length;
  // A page without bounds would need a null page's empty ones, which lie about its values: then no index at all.
  const bounded = chunk.pages.every((page) => page.bounds !== null || page.nulls === page.values);
  if (bounded) thrift.structElement(() => writeColumnIndex(thrift, chunk));
  const to = sink.length;
  thrift.structElement(() => {
    thrift.list(1, THRIFT.struct, chunk.pages.length);
    for (const page of chunk.pages) {
      thrift.structElement(() => {
        thrift.i64(1, page.offset);
        thrift.i32(2, page.bytes);
        thrift.i64(3, page.firstRow);
      });
    }
  });
  return {
    columnIndex: bounded ? { offset: base + from, bytes: to - from } : null,
    offsetIndex: { offset: base + to, bytes: sink.length - to },
  };
}

function writeColumnIndex(thrift: ThriftWriter, { pages }: Chunk): void {
  const { sink } = thrift;
  thrift.list(1, THRIFT.bool, pages.length);
  for (const page of pages) sink.byte(page.nulls === page.values ? 1 : 2);
  thrift.list(2, THRIFT.binary, pages.length);
  for (const page of pages) thrift.element(page.bounds?.min.bytes ?? "");
  thrift.list(3, THRIFT.binary, pages.length);
  for (const page of pages) thrift.element(page.bounds?.max.bytes ?? "");
  thrift.i32(4, pages.length === 1 ? 1 : 0); // ascending, else unordered
  thrift.list(5, THRIFT.i64, pages.length);
  for (const page of pages) sink.varint(page.nulls * 2);
}

function writeRowGroup(thrift: ThriftWriter, group: RowGroup, ordinal: number, indexes: readonly PageIndex[]): void {
  const { chunks } = group;
  const first = chunks[0]!;
  thrift.structElement(() => {
    thrift.list(1, THRIFT.struct, chunks.length);
    chunks.forEach((chunk, i) => writeColumnChunk(thrift, chunk, indexes[i]!));
    thrift.i64(
      2,
      chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0),
    );
    thrift.i64(3, group.rows);
    thrift.i64(5, first.dictionaryOffset ?? first.dataOffset);
    thrift.i64(
      6,
      chunks.reduce((sum, chunk) => sum + chunk.compressedBytes, 0),
    );
    if (ordinal <= ORDINAL_MAX) thrift.i16(7, ordinal);
  });
}

/** A 16-bit field. */
const ORDINAL_MAX = 32_767;

function writeColumnChunk(thrift: ThriftWriter, chunk: Chunk, index: PageIndex): void {
  thrift.structElement(() => {
    thrift.i64(2, 0); // file_offset: metadata is nowhere but here
    thrift.struct(3, () => writeColumnMetaData(thrift, chunk));
    thrift.i64(4, index.offsetIndex.offset);
    thrift.i32(5, index.offsetIndex.bytes);
    if (index.columnIndex === null) return;
    thrift.i64(6, index.columnIndex.offset);
    thrift.i32(7, index.columnIndex.bytes);
  });
}

function writeColumnMetaData(thrift: ThriftWriter, chunk: Chunk): void {
  const { sink } = thrift;
  const { leaf, dictionaryOffset, bounds } = chunk;
  const hasDictionary = dictionaryOffset !== null;
  const encodings = new Set([chunk.encoding]);
  if (leaf.definitionMax > 0) encodings.add(ENCODING.rle);
  if (hasDictionary) encodings.add(ENCODING.plain);
  thrift.i32(1, leaf.type);
  thrift.list(2, THRIFT.i32, encodings.size);
  for (const encoding of encodings) sink.varint(encoding * 2);
  thrift.list(3, THRIFT.binary, leaf.path.length);
  for (const name of leaf.path) thrift.element(name);
  thrift.i32(4, chunk.codec);
  thrift.i64(5, chunk.values);
  thrift.i64(6, chunk.uncompressedBytes);
  thrift.i64(7, chunk.compressedBytes);
  thrift.i64(9, chunk.dataOffset);
  if (hasDictionary) thrift.i64(11, dictionaryOffset);
  thrift.struct(12, () => writeStatistics(thrift, chunk.nulls, bounds));
  // Trino prunes by dictionary only where these say that every data page uses it.
  thrift.list(13, THRIFT.struct, hasDictionary ? 2 : 1);
  if (hasDictionary) writeEncodingStats(thrift, PAGE.dictionary, ENCODING.plain, 1);
  writeEncodingStats(thrift, PAGE.data, chunk.encoding, chunk.pages.length);
}

function writeStatistics(thrift: ThriftWriter, nulls: number, bounds: Bounds | null): void {
  thrift.i64(3, nulls);
  if (bounds === null) return;
  thrift.binary(5, bounds.max.bytes);
  thrift.binary(6, bounds.min.bytes);
  thrift.bool(7, bounds.max.exact);
  thrift.bool(8, bounds.min.exact);
}

function writeEncodingStats(thrift: ThriftWriter, page: number, encoding: number, count: number): void {
  thrift.structElement(() => {
    thrift.i32(1, page);
    thrift.i32(2, encoding);
    thrift.i32(3, count);
  });
}

function writePair(thrift: ThriftWriter, key: string, value: string): void {
  thrift.structElement(() => {
    thrift.binary(1, key);
    thrift.binary(2, value);
  });
}

/** Signed order for integers, unsigned byte order for strings: without it readers must not use the bounds. */
function writeColumnOrders(thrift: ThriftWriter, leaves: number): void {
  thrift.list(7, THRIFT.struct, leaves);
  for (let i = 0; i < leaves; i++) thrift.structElement(() => thrift.struct(1, () => {}));
}
