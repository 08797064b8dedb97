/**
 * What the end of a Parquet file says of its row groups: FileMetaData, its length (4 bytes, little endian) and `PAR1`.
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { readBinary, readInteger, readStruct, readStructs, readTexts, type Field, type StructAt } from "./thrift.ts";

export interface Footer {
  /** FileMetaData as it was read; the fields here are of it. */
  readonly bytes: Uint8Array;
  readonly fields: readonly Field[];
  readonly rows: number;
  readonly groups: readonly RowGroup[];
}

export interface RowGroup {
  readonly fields: readonly Field[];
  readonly rows: number;
  readonly chunks: readonly ColumnChunk[];
}

/** The values of one primitive column in a row group. */
export interface ColumnChunk {
  readonly fields: readonly Field[];
  /** Fields of its ColumnMetaData. */
  readonly metadata: readonly Field[];
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
  const { fields } = readStruct(bytes, 0);
  const groups = readStructs(bytes, required(fields, 4, "row groups").start).map((group) => readRowGroup(bytes, group));
  return { bytes, fields, rows: integer(bytes, fields, 3) ?? 0, groups };
}

function readRowGroup(bytes: Uint8Array, { fields }: StructAt): RowGroup {
  const chunks = readStructs(bytes, required(fields, 1, "columns").start).map((chunk) => readChunk(bytes, chunk));
  return { fields, rows: integer(bytes, fields, 3) ?? 0, chunks };
}

function readChunk(bytes: Uint8Array, { fields }: StructAt): ColumnChunk {
  // 1: in another file; 8 and 9: encrypted.
  if (fields.some(({ id }) => id === 1 || id === 8 || id === 9))
    throw new RangeError("a column is encrypted or elsewhere");
  const metadata = readStruct(bytes, required(fields, 3, "a column's metadata").start).fields;
  const dataAt = integer(bytes, metadata, 9) ?? 0;
  const dictionaryAt = integer(bytes, metadata, 11) ?? 0;
  // Some writers say 0 where there is no dictionary.
  const start = dictionaryAt > 0 ? Math.min(dictionaryAt, dataAt) : dataAt;
  const length = integer(bytes, metadata, 7) ?? 0;
  if (start < MAGIC.length || length < 0) throw new RangeError(`a column lies at byte ${start}, ${length} bytes long`);
  return {
    fields,
    metadata,
    path: readTexts(bytes, required(metadata, 3, "a column's path").start),
    type: integer(bytes, metadata, 1) ?? -1,
    start,
    end: start + length,
    values: integer(bytes, metadata, 5) ?? 0,
    ...readStatistics(bytes, metadata),
  };
}

/** Not `min` and `max` (1 and 2), which are deprecated for they were written in an order that is not the type's. */
function readStatistics(bytes: Uint8Array, metadata: readonly Field[]): Pick<ColumnChunk, "nulls" | "min" | "max"> {
  const statistics = metadata.find(({ id }) => id === 12);
  if (statistics === undefined) return { nulls: null, min: null, max: null };
  const { fields } = readStruct(bytes, statistics.start);
  return { nulls: integer(bytes, fields, 3), min: binary(bytes, fields, 6), max: binary(bytes, fields, 5) };
}

function required(fields: readonly Field[], id: number, what: string): Field {
  const found = fields.find((field) => field.id === id);
  if (found === undefined) throw new RangeError(`the footer lacks ${what}`);
  return found;
}

function integer(bytes: Uint8Array, fields: readonly Field[], id: number): number | null {
  const found = fields.find((field) => field.id === id);
  return found === undefined ? null : readInteger(bytes, found.start);
}

function binary(bytes: Uint8Array, fields: readonly Field[], id: number): Uint8Array | null {
  const found = fields.find((field) => field.id === id);
  return found === undefined ? null : readBinary(bytes, found.start);
}
