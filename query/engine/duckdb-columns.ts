/** Reads columns from the memory of a chunk of DuckDB's, for whoever works on bytes: a text becomes no string. */
import duckdb from "@duckdb/node-bindings";
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { PADDING_BYTES_MAX, STRING_BYTES, INLINE_BYTES_MAX, bufferOf, nullsOf, type Span } from "./duckdb-chunk.ts";
import type { ColumnBatch, Texts } from "./engine.ts";

/** More of a text is left out: nobody who works on bytes looks at it. */
const TEXT_BYTES_MAX = 32 * 1024;
/** After the texts: who reads a byte too far reads something. */
const MARGIN_BYTES = 64;
const RUN_BYTES_MAX = 256 * 1024;
/** Different names that are remembered; levels and workloads come in turns. */
const NAMES_MAX = 16;
/** 32-bit words of a `duckdb_string_t`: the length, the first four bytes, and the rest of the text or where it lies. */
const STRING_WORDS = STRING_BYTES / 4;

/** Some rows of a chunk. What it gives is good until the next is asked for. */
export function chunkColumns(chunk: DuckDBDataChunk, span: Span, scratch: Scratch): ColumnBatch {
  const vectorOf = (column: number): duckdb.Vector => duckdb.data_chunk_get_vector(chunk.chunk, column);
  return {
    length: span.to - span.from,
    slice: (from, to) =>
      chunkColumns(chunk, { from: span.from + from, to: Math.min(span.to, span.from + to) }, scratch),
    numbers: (column) => readNumbers(vectorOf(column), span),
    names: (column) => readNames(vectorOf(column), span, (scratch[column] ??= createRoom())),
    texts: (column) => readTexts(vectorOf(column), span, (scratch[column] ??= createRoom())),
  };
}

/** By column: what is used again for each chunk. */
export type Scratch = Room[];

interface Room {
  bytes: Buffer;
  starts: Int32Array;
  ends: Int32Array;
  readonly rowNames: (string | null)[];
  /** Names seen last, as strings and as DuckDB wrote them: strings for each chunk would be compared by their letters. */
  readonly names: string[];
  readonly nameWords: Int32Array;
  readonly nameBytes: Buffer[];
}

function createRoom(): Room {
  const none = new Int32Array(0);
  const nameWords = new Int32Array(NAMES_MAX * STRING_WORDS);
  return { bytes: Buffer.alloc(0), starts: none, ends: none, rowNames: [], names: [], nameWords, nameBytes: [] };
}

function readNumbers(vector: duckdb.Vector, { from, to }: Span): Float64Array {
  const { buffer, byteOffset } = duckdb.vector_get_data(vector, to * 8);
  const words = new Int32Array(buffer, byteOffset, to * 2);
  const numbers = new Float64Array(to - from);
  // Without a bigint for each.
  for (let row = from; row < to; row++) numbers[row - from] = words[row * 2 + 1]! * 2 ** 32 + (words[row * 2]! >>> 0);
  return numbers;
}

function readNames(vector: duckdb.Vector, span: Span, room: Room): (string | null)[] {
  const isNull = nullsOf(vector, span);
  const data = bufferOf(duckdb.vector_get_data(vector, span.to * STRING_BYTES));
  const words = new Int32Array(data.buffer, data.byteOffset, span.to * STRING_WORDS);
  // Each row has a copy of its own of a name that is longer than 12 bytes.
  const long = hasLong(words, span, isNull) ? readTexts(vector, span, room) : null;
  const names = room.rowNames;
  let last = 0;
  for (let row = span.from; row < span.to; row++) {
    if (isNull(row)) {
      names[row - span.from] = null;
      continue;
    }
    const start = long === null ? 0 : long.starts[row - span.from]!;
    if (last >= room.names.length || !isName(room, last, words, row, start)) {
      for (last = 0; last < room.names.length; last++) if (isName(room, last, words, row, start)) break;
    }
    if (last === room.names.length) {
      if (last === NAMES_MAX) last = room.names.length = 0;
      const bytes = Buffer.from(
        long === null ? textAt(data, row) : room.bytes.subarray(start, long.ends[row - span.from]),
      );
      room.nameWords.set(words.subarray(row * STRING_WORDS, (row + 1) * STRING_WORDS), last * STRING_WORDS);
      room.nameBytes[last] = bytes;
      room.names.push(bytes.toString("utf8"));
    }
    names[row - span.from] = room.names[last]!;
  }
  return names;
}

function hasLong(words: Int32Array, { from, to }: Span, isNull: (row: number) => boolean): boolean {
  for (let row = from; row < to; row++) if (words[row * STRING_WORDS]! > INLINE_BYTES_MAX && !isNull(row)) return true;
  return false;
}

/** Whether the row has the name at `index`; if it is a long one its bytes start at `start`. */
function isName(
  { bytes, nameWords, nameBytes }: Room,
  index: number,
  words: Int32Array,
  row: number,
  start: number,
): boolean {
  const [known, at] = [index * STRING_WORDS, row * STRING_WORDS];
  if (nameWords[known] !== words[at] || nameWords[known + 1] !== words[at + 1]) return false;
  if (words[at]! <= INLINE_BYTES_MAX) {
    return nameWords[known + 2] === words[at + 2] && nameWords[known + 3] === words[at + 3];
  }
  const name = nameBytes[index]!;
  for (let i = 4; i < name.length; i++) if (name[i] !== bytes[start + i]) return false;
  return true;
}

function textAt(data: Buffer, row: number): Buffer {
  const at = row * STRING_BYTES;
  return data.subarray(at + 4, at + 4 + data.readUInt32LE(at));
}

/** Texts one after the other, copied by runs of those that follow each other in memory; short ones as they stand in the vector. */
function readTexts(vector: duckdb.Vector, span: Span, room: Room): Texts {
  const isNull = nullsOf(vector, span);
  const data = bufferOf(duckdb.vector_get_data(vector, span.to * STRING_BYTES));
  const words = new Int32Array(data.buffer, data.byteOffset, span.to * STRING_WORDS);
  const rows = span.to - span.from;
  if (room.starts.length < rows) [room.starts, room.ends] = [new Int32Array(rows), new Int32Array(rows)];
  const { starts, ends } = room;
  let used = rows * STRING_BYTES;
  makeRoom(room, 0, used);
  data.copy(room.bytes, 0, span.from * STRING_BYTES);
  // A run: the row that it starts with, where it lies in DuckDB's memory, and in the room.
  let first = -1;
  let from = 0;
  let stop = 0;
  let offset = 0;
  for (let row = span.from; row < span.to; row++) {
    const i = row - span.from;
    const at = row * STRING_WORDS;
    if (isNull(row)) {
      starts[i] = ends[i] = -1;
      continue;
    }
    // It has 32 bits without a sign.
    const length = words[at]! < 0 ? TEXT_BYTES_MAX : Math.min(TEXT_BYTES_MAX, words[at]!);
    if (length <= INLINE_BYTES_MAX) {
      starts[i] = i * STRING_BYTES + 4;
      ends[i] = starts[i] + length;
      continue;
    }
    const pointer = (words[at + 2]! >>> 0) + words[at + 3]! * 2 ** 32;
    const isNext = first >= 0 && pointer >= stop && pointer - stop <= PADDING_BYTES_MAX;
    if (!isNext || pointer + length - from > RUN_BYTES_MAX) {
      if (first >= 0) copyRun(data, first, stop - from, room, offset);
      first = row;
      from = pointer;
      offset = used;
      makeRoom(room, used, RUN_BYTES_MAX);
    }
    starts[i] = offset + pointer - from;
    stop = pointer + length;
    used = offset + stop - from;
    ends[i] = used;
  }
  if (first >= 0) copyRun(data, first, stop - from, room, offset);
  return { bytes: room.bytes, starts, ends };
}

/** Copies what the pointer of a row's text leads to. */
function copyRun(data: Buffer, row: number, length: number, room: Room, offset: number): void {
  const pointerAt = data.byteOffset + row * STRING_BYTES + 8;
  const run = bufferOf(duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, pointerAt, length));
  run.copy(room.bytes, offset);
}

/** Makes the room larger if `more` bytes do not fit after those that are used. */
function makeRoom(room: Room, used: number, more: number): void {
  if (used + more + MARGIN_BYTES <= room.bytes.length) return;
  const larger = Buffer.alloc(Math.max(room.bytes.length * 2, used + more + MARGIN_BYTES));
  room.bytes.copy(larger, 0, 0, used);
  room.bytes = larger;
}
