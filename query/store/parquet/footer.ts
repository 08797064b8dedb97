/**
 * What the end of a Parquet file says of its row groups: FileMetaData, its length (4 bytes, little endian) and `PAR1`.
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { eachField, eachStruct, readBinary, readInteger, readTexts, THRIFT } from "./thrift.ts";

export interface Footer {
  /** FileMetaData as it was read; offsets named `at` are those of structs in it. */
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly groups: readonly RowGroup[];
}

export interface RowGroup {
  readonly at: number;
  readonly rows: number;
  readonly chunks: readonly ColumnChunk[];
}

/** The values of one primitive column in a row group. */
export interface ColumnChunk {
  readonly at: number;
  /** Its ColumnMetaData. */
  readonly metadataAt: number;
  /** `["pod"]`, or `["labels", "key_value", "key"]`. */
  readonly path: readonly string[];
  /** Physical type: 2 is INT64, 6 BYTE_ARRAY. */
  readonly type: number;
  /** Where its pages lie in the file; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly values: number;
  /** Null if unknown. */
  readonly nulls: number | null;
  /** Encoded as PLAIN does it, without the length; no value is beyond. Null if unknown. */
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
}

/** Bytes of the length and the magic behind FileMetaData. */
export const TRAILER_BYTES = 8;
const MAGIC = "PAR1";

/** How many bytes FileMetaData is long, by the last 8 bytes of a file. Throws RangeError if they are no Parquet file's. */
export function footerBytes(trailer: Uint8Array): number {
  const bytes = Buffer.from(trailer.buffer, trailer.byteOffset, trailer.byteLength).subarray(-TRAILER_BYTES);
  const magic = bytes.toString("latin1", 4);
  if (bytes.length < TRAILER_BYTES || magic !== MAGIC) {
    const why = magic === "PARE" ? "its footer is encrypted" : `it does not end in ${MAGIC}`;
    throw new RangeError(why);
  }
  return bytes.readUInt32LE(0);
}

/** Reads FileMetaData (without length and magic). Throws RangeError if it is broken or says what logq cannot read. */
export function readFooter(bytes: Uint8Array): Footer {
  const groups: RowGroup[] = [];
  let rows = -1;
  const end = eachField(bytes, 0, (id, type, start) => {
    if (id === 3 && type === THRIFT.i64) rows = readInteger(bytes, start);
    if (id === 4) eachStruct(bytes, start, (at) => readRowGroup(bytes, at, groups));
  });
  // Thrift skips what it does not know: a byte that is not as it was may hide row groups, and nobody would miss them.
  if (end !== bytes.length) throw new RangeError(`its footer ends at byte ${end} of ${bytes.length}`);
  const held = groups.reduce((sum, group) => sum + group.rows, 0);
  if (held !== rows) throw new RangeError(`it is said to have ${rows} rows, and ${held} in its row groups`);
  return { bytes, rows, groups };
}

/** Returns where it ends. */
function readRowGroup(bytes: Uint8Array, at: number, groups: RowGroup[]): number {
  const chunks: ColumnChunk[] = [];
  let rows = 0;
  const end = eachField(bytes, at, (id, _, start) => {
    if (id === 1) eachStruct(bytes, start, (chunkAt) => readChunk(bytes, chunkAt, chunks));
    if (id === 3) rows = readInteger(bytes, start);
  });
  groups.push({ at, rows, chunks });
  return end;
}

function readChunk(bytes: Uint8Array, at: number, chunks: ColumnChunk[]): number {
  let metadataAt = -1;
  const end = eachField(bytes, at, (id, _, start) => {
    if (id === 1 || id === 8 || id === 9) throw new RangeError("a column is encrypted, or in another file");
    if (id === 3) metadataAt = start;
  });
  if (metadataAt < 0) throw new RangeError("a column has no metadata in the footer");
  chunks.push({ at, metadataAt, ...readMetadata(bytes, metadataAt) });
  return end;
}

function readMetadata(bytes: Uint8Array, metadataAt: number): Omit<ColumnChunk, "at" | "metadataAt"> {
  let [type, values, length, dataAt, dictionaryAt] = [-1, 0, -1, -1, 0];
  let path: string[] = [];
  let statistics = { nulls: null, min: null, max: null } as Pick<ColumnChunk, "nulls" | "min" | "max">;
  eachField(bytes, metadataAt, (id, _, start) => {
    if (id === 1) type = readInteger(bytes, start);
    else if (id === 3) path = readTexts(bytes, start);
    else if (id === 5) values = readInteger(bytes, start);
    else if (id === 7) length = readInteger(bytes, start);
    else if (id === 9) dataAt = readInteger(bytes, start);
    else if (id === 11) dictionaryAt = readInteger(bytes, start);
    else if (id === 12) statistics = readStatistics(bytes, start);
  });
  // Some writers say 0 where there is no dictionary.
  const start = dictionaryAt > 0 ? Math.min(dictionaryAt, dataAt) : dataAt;
  if (start < MAGIC.length || length < 0) throw new RangeError(`a column is said to lie at byte ${start}`);
  return { path, type, start, end: start + length, values, ...statistics };
}

/** Not `min` and `max` (1 and 2), which are deprecated for they were written in an order that is not the type's. */
function readStatistics(bytes: Uint8Array, at: number): Pick<ColumnChunk, "nulls" | "min" | "max"> {
  let nulls: number | null = null;
  let min: Uint8Array | null = null;
  let max: Uint8Array | null = null;
  eachField(bytes, at, (id, _, start) => {
    if (id === 3) nulls = readInteger(bytes, start);
    else if (id === 5) max = readBinary(bytes, start);
    else if (id === 6) min = readBinary(bytes, start);
  });
  return { nulls, min, max };
}
