import { COLUMNS } from "../config/table.ts";
import type { Bounds } from "./bounds.ts";
import { ByteSink } from "./byte-sink.ts";
import type { Chunk } from "./chunk.ts";
import { ENCODING, MAGIC, PAGE } from "./format.ts";
import { leavesOf, writeSchema } from "./schema.ts";
import { THRIFT, ThriftWriter } from "./thrift.ts";

/**
 * Collects what the end of a file says: the page index (ColumnIndex and OffsetIndex of every chunk), then FileMetaData,
 * its length and the magic. The index stands right before the footer, so that readers fetch both at once. Row groups
 * are serialised as they come: a long file's metadata waits as a few KB each, not as objects.
 */
export class Footer {
  readonly #index = new ThriftWriter();
  /** ColumnMetaData of every chunk, one after the other. */
  readonly #metadata = new ThriftWriter();
  readonly #rowGroups: RowGroup[] = [];

  get heldBytes(): number {
    const numbers = this.#rowGroups.length * (this.#rowGroups[0]?.chunks.length ?? 0) * 5;
    return this.#index.sink.length + this.#metadata.sink.length + numbers * 8;
  }

  addRowGroup(rows: number, chunks: readonly Chunk[]): void {
    const first = chunks[0]!;
    const isIndexed = chunks.some(({ pages }) => pages.length > 1);
    this.#rowGroups.push({
      rows,
      offset: first.dictionaryOffset ?? first.dataOffset,
      uncompressedBytes: chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0),
      compressedBytes: chunks.reduce((sum, chunk) => sum + chunk.compressedBytes, 0),
      chunks: chunks.map((chunk) => this.#addChunk(chunk, isIndexed)),
    });
  }

  /** The file's last bytes; `base` is their offset in it. */
  encode(keyValue: Readonly<Record<string, string>>, base: number): Buffer {
    const sink = new ByteSink();
    const thrift = new ThriftWriter(sink);
    sink.append(this.#index.sink);
    const footerAt = sink.length;
    const rows = this.#rowGroups.reduce((sum, group) => sum + group.rows, 0);
    thrift.structElement(() => {
      thrift.i32(1, 2); // version
      writeSchema(thrift, 2);
      thrift.i64(3, rows);
      thrift.list(4, THRIFT.struct, this.#rowGroups.length);
      this.#rowGroups.forEach((group, ordinal) => this.#writeRowGroup(thrift, group, ordinal, base));
      const pairs = Object.entries(keyValue);
      if (pairs.length > 0) thrift.list(5, THRIFT.struct, pairs.length);
      for (const [key, value] of pairs) writePair(thrift, key, value);
      thrift.binary(6, CREATED_BY);
      writeColumnOrders(thrift, 7);
    });
    sink.uint32(sink.length - footerAt);
    sink.appendBytes(Buffer.from(MAGIC));
    return sink.content();
  }

  #addChunk(chunk: Chunk, isIndexed: boolean): ChunkEntry {
    const { sink } = this.#index;
    const metadata = this.#metadata.sink.length;
    this.#metadata.structElement(() => writeColumnMetaData(this.#metadata, chunk));
    const metadataEnd = this.#metadata.sink.length;
    const columnIndex = sink.length;
    if (!isIndexed) return { metadata, metadataEnd, columnIndex, offsetIndex: columnIndex, indexEnd: columnIndex };
    // A page without bounds would need a null page's empty ones, which lie about its values: then no index at all.
    const bounded = chunk.pages.every((page) => page.bounds !== null || page.nulls === page.values);
    if (bounded) this.#index.structElement(() => writeColumnIndex(this.#index, chunk));
    const offsetIndex = sink.length;
    this.#index.structElement(() => writeOffsetIndex(this.#index, chunk));
    return { metadata, metadataEnd, columnIndex, offsetIndex, indexEnd: sink.length };
  }

  #writeRowGroup(thrift: ThriftWriter, group: RowGroup, ordinal: number, base: number): void {
    thrift.structElement(() => {
      thrift.list(1, THRIFT.struct, group.chunks.length);
      for (const chunk of group.chunks) this.#writeColumnChunk(thrift, chunk, base);
      thrift.i64(2, group.uncompressedBytes);
      thrift.i64(3, group.rows);
      thrift.i64(5, group.offset);
      thrift.i64(6, group.compressedBytes);
      if (ordinal <= ORDINAL_MAX) thrift.i16(7, ordinal);
    });
  }

  #writeColumnChunk(thrift: ThriftWriter, chunk: ChunkEntry, base: number): void {
    thrift.structElement(() => {
      thrift.i64(2, 0); // file_offset: metadata is nowhere but here
      thrift.encodedStruct(3, this.#metadata.sink.bytes.subarray(chunk.metadata, chunk.metadataEnd));
      if (chunk.offsetIndex === chunk.indexEnd) return;
      thrift.i64(4, base + chunk.offsetIndex);
      thrift.i32(5, chunk.indexEnd - chunk.offsetIndex);
      if (chunk.columnIndex === chunk.offsetIndex) return;
      thrift.i64(6, base + chunk.columnIndex);
      thrift.i32(7, chunk.offsetIndex - chunk.columnIndex);
    });
  }
}

const CREATED_BY = "logq-agent version 0.1.0";
/** A 16-bit field. */
const ORDINAL_MAX = 32_767;

interface RowGroup {
  readonly rows: number;
  readonly offset: number;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly chunks: readonly ChunkEntry[];
}

/** Where a chunk's metadata and indexes start and end; an empty column index is none. */
interface ChunkEntry {
  readonly metadata: number;
  readonly metadataEnd: number;
  readonly columnIndex: number;
  readonly offsetIndex: number;
  readonly indexEnd: number;
}

function writeOffsetIndex(thrift: ThriftWriter, { pages }: Chunk): void {
  thrift.list(1, THRIFT.struct, pages.length);
  for (const page of pages) {
    thrift.structElement(() => {
      thrift.i64(1, page.offset);
      thrift.i32(2, page.bytes);
      thrift.i64(3, page.firstRow);
    });
  }
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
function writeColumnOrders(thrift: ThriftWriter, field: number): void {
  const leaves = COLUMNS.flatMap((column) => leavesOf(column));
  thrift.list(field, THRIFT.struct, leaves.length);
  for (const _ of leaves) thrift.structElement(() => thrift.struct(1, () => {}));
}
