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

/** Some rows of a chunk. What it gives is good until the next is asked for. */
export function chunkColumns(chunk: DuckDBDataChunk, span: Span, scratch: Scratch): ColumnBatch {
  const vectorOf = (column: number): duckdb.Vector => duckdb.data_chunk_get_vector(chunk.chunk, column);
  return {
    length: span.to - span.from,
    slice: (from, to) =>
      chunkColumns(chunk, { from: span.from + from, to: Math.min(span.to, span.from + to) }, scratch),
    numbers: (column) => readNumbers(vectorOf(column), span),
    names: (column) => readNames(vectorOf(column), span),
    texts: (column) => readTexts(vectorOf(column), span, scratch),
  };
}

/** Room for texts, used again and again. */
export interface Scratch {
  bytes: Buffer;
}

function readNumbers(vector: duckdb.Vector, { from, to }: Span): Float64Array {
  const { buffer, byteOffset } = duckdb.vector_get_data(vector, to * 8);
  const words = new Int32Array(buffer, byteOffset, to * 2);
  const numbers = new Float64Array(to - from);
  // Without a bigint for each.
  for (let row = from; row < to; row++) numbers[row - from] = words[row * 2 + 1]! * 2 ** 32 + (words[row * 2]! >>> 0);
  return numbers;
}

function readNames(vector: duckdb.Vector, span: Span): (string | null)[] {
  const isNull = nullsOf(vector, span);
  const data = bufferOf(duckdb.vector_get_data(vector, span.to * STRING_BYTES));
  const words = new Int32Array(data.buffer, data.byteOffset, span.to * 4);
  /** Names seen last, and the row that each was read of; an object or closure a row would be most of the garbage. */
  const knownRows: number[] = [];
  const known: string[] = [];
  let last = 0;
  const names: (string | null)[] = [];
  for (let row = span.from; row < span.to; row++) {
    if (isNull(row)) {
      names.push(null);
      continue;
    }
    if (last >= known.length || !isSame(words, knownRows[last]! * 4, row * 4)) {
      for (last = 0; last < known.length; last++) if (isSame(words, knownRows[last]! * 4, row * 4)) break;
    }
    if (last === known.length) {
      if (last === NAMES_MAX) last = known.length = knownRows.length = 0;
      knownRows.push(row);
      known.push(textAt(data, row * STRING_BYTES));
    }
    names.push(known[last]!);
  }
  return names;
}

function isSame(words: Int32Array, a: number, b: number): boolean {
  for (let i = 0; i < 4; i++) if (words[a + i] !== words[b + i]) return false;
  return true;
}

function textAt(data: Buffer, at: number): string {
  const length = data.readUInt32LE(at);
  if (length <= INLINE_BYTES_MAX) return data.toString("utf8", at + 4, at + 4 + length);
  return bytesAt(data, at, length).toString("utf8");
}

/** What the pointer of a long text leads to. */
function bytesAt(data: Buffer, at: number, length: number): Buffer {
  return bufferOf(duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + at + 8, length));
}

/** Texts one after the other, copied by runs of those that follow each other in memory. */
function readTexts(vector: duckdb.Vector, span: Span, scratch: Scratch): Texts {
  const isNull = nullsOf(vector, span);
  const data = bufferOf(duckdb.vector_get_data(vector, span.to * STRING_BYTES));
  const rows = span.to - span.from;
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  let used = 0;
  let run = { at: -1, start: 0, stop: 0, offset: 0 };
  const endRun = (): void => {
    if (run.at < 0) return;
    bytesAt(data, run.at, run.stop - run.start).copy(scratch.bytes, run.offset);
    run = { at: -1, start: 0, stop: 0, offset: 0 };
  };
  for (let row = span.from; row < span.to; row++) {
    const i = row - span.from;
    const at = row * STRING_BYTES;
    const length = Math.min(TEXT_BYTES_MAX, data.readUInt32LE(at));
    if (used + length + PADDING_BYTES_MAX + MARGIN_BYTES > scratch.bytes.length) {
      endRun();
      grow(scratch, used, length);
    }
    if (isNull(row)) {
      starts[i] = ends[i] = -1;
      continue;
    }
    if (length <= INLINE_BYTES_MAX) {
      endRun();
      data.copy(scratch.bytes, used, at + 4, at + 4 + length);
      starts[i] = used;
      used += length;
    } else {
      const pointer = data.readUInt32LE(at + 8) + data.readUInt32LE(at + 12) * 2 ** 32;
      const isNext = run.at >= 0 && pointer >= run.stop && pointer - run.stop <= PADDING_BYTES_MAX;
      if (!isNext || pointer + length - run.start > RUN_BYTES_MAX) {
        endRun();
        run = { at, start: pointer, stop: pointer, offset: used };
      }
      const start = run.offset + pointer - run.start;
      starts[i] = start;
      run.stop = pointer + length;
      used = start + length;
    }
    ends[i] = used;
  }
  endRun();
  return { bytes: scratch.bytes, starts, ends };
}

function grow(scratch: Scratch, used: number, length: number): void {
  const larger = Buffer.alloc(Math.max(scratch.bytes.length * 2, used + length + PADDING_BYTES_MAX + MARGIN_BYTES));
  scratch.bytes.copy(larger, 0, 0, used);
  scratch.bytes = larger;
}
