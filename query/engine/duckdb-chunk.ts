/**
 * Reads rows from the memory of a chunk of DuckDB's. The client's own vectors make a buffer per text, and a row of logs
 * has thirty texts: making and collecting those took most of the time of a long result.
 */
import { isAscii } from "node:buffer";
import duckdb from "@duckdb/node-bindings";
import { DuckDBMapType, DuckDBTypeId } from "@duckdb/node-api";
import type { DuckDBDataChunk, DuckDBType } from "@duckdb/node-api";
import { byKey, canonicalJson } from "./canonical-json.ts";
import { columnType, convertValue } from "./duckdb-value.ts";
import type { Value } from "./engine.ts";

/** Rows, or entries of maps; `to` is exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Some rows of a chunk as the port has them; they stay when the chunk is gone. */
export function chunkRows(chunk: DuckDBDataChunk, types: readonly DuckDBType[], span: Span): Value[][] {
  const columns = types.map((type, i) => readColumn(chunk, i, type, span));
  return each(span, (row) => columns.map((values) => values[row - span.from]!));
}

function readColumn(chunk: DuckDBDataChunk, index: number, type: DuckDBType, span: Span): readonly Value[] {
  const vectorOf = (): duckdb.Vector => duckdb.data_chunk_get_vector(chunk.chunk, index);
  if (type.typeId === DuckDBTypeId.BIGINT) return readBigInts(vectorOf(), span);
  if (isMapOfTexts(type)) return readMaps(vectorOf(), span);
  if (type.typeId === DuckDBTypeId.VARCHAR) {
    const texts = readTexts(vectorOf(), span);
    return columnType(type) === "json" ? texts.map((text) => text && canonicalJson(text)) : texts;
  }
  const vector = chunk.getColumnVector(index);
  return each(span, (row) => convertValue(vector.getItem(row), columnType(type)));
}

function isMapOfTexts(type: DuckDBType): boolean {
  return type instanceof DuckDBMapType && [type.keyType, type.valueType].every(isText);
}

function isText({ typeId, alias }: DuckDBType): boolean {
  return typeId === DuckDBTypeId.VARCHAR && alias === undefined;
}

/** A `duckdb_string_t`: length u32, then the text itself, or four bytes of it and a pointer. */
export const STRING_BYTES = 16;
export const INLINE_BYTES_MAX = 12;

function readTexts(vector: duckdb.Vector, span: Span): (string | null)[] {
  const isNull = nullsOf(vector, span);
  const data = bufferOf(duckdb.vector_get_data(vector, span.to * STRING_BYTES));
  const words = new Int32Array(data.buffer, data.byteOffset, span.to * 4);
  const long = createRuns(data);
  let before: Text | null = null;
  const texts = each(span, (row) => {
    if (isNull(row)) return null;
    // Written as the one before it, it is the same text, wherever that lies.
    if (before !== null && isSame(words, before.row * 4, row * 4)) return before;
    const at = row * STRING_BYTES;
    const length = data.readUInt32LE(at);
    if (length > INLINE_BYTES_MAX) before = long.add(row, length);
    else before = { row, text: data.toString("utf8", at + 4, at + 4 + length) };
    return before;
  });
  long.end();
  return texts.map((text) => text && text.text);
}

interface Text {
  readonly row: number;
  text: string;
}

function isSame(words: Int32Array, a: number, b: number): boolean {
  for (let i = 0; i < 4; i++) if (words[a + i] !== words[b + i]) return false;
  return true;
}

/** Texts that lie so close to each other are of one allocation, and what is between them is padding. */
export const PADDING_BYTES_MAX = 7;
/** A run with a character beyond ASCII is decoded text by text. */
const RUN_BYTES_MAX = 64 * 1024;

/** Decodes long texts by runs of those that follow each other in memory. A text is there once its run has ended. */
function createRuns(data: Buffer): { add(row: number, length: number): Text; end(): void } {
  let run: { readonly text: Text; readonly from: number; readonly to: number }[] = [];
  let [start, stop] = [0, 0];
  const end = (): void => {
    if (run.length === 0) return;
    const pointerAt = data.byteOffset + run[0]!.text.row * STRING_BYTES + 8;
    const bytes = bufferOf(duckdb.get_data_from_pointer(data.buffer as ArrayBuffer, pointerAt, stop - start));
    const whole = isAscii(bytes) ? bytes.toString("latin1") : null;
    for (const { text, from, to } of run) text.text = whole?.slice(from, to) ?? bytes.toString("utf8", from, to);
    run = [];
  };
  return {
    add(row, length) {
      const at = row * STRING_BYTES + 8;
      const pointer = data.readUInt32LE(at) + data.readUInt32LE(at + 4) * 2 ** 32;
      const isNext = pointer >= stop && pointer - stop <= PADDING_BYTES_MAX;
      if (!isNext || pointer + length - start > RUN_BYTES_MAX) end();
      if (run.length === 0) start = pointer;
      stop = pointer + length;
      const text = { row, text: "" };
      run.push({ text, from: pointer - start, to: stop - start });
      return text;
    },
    end,
  };
}

function readBigInts(vector: duckdb.Vector, span: Span): (bigint | null)[] {
  const isNull = nullsOf(vector, span);
  const { buffer, byteOffset } = duckdb.vector_get_data(vector, span.to * 8);
  const values = new BigInt64Array(buffer, byteOffset, span.to);
  return each(span, (row) => (isNull(row) ? null : values[row]!));
}

/** Maps as JSON, keys in the order of their UTF-16 units. */
function readMaps(vector: duckdb.Vector, span: Span): (string | null)[] {
  const isNull = nullsOf(vector, span);
  const { buffer, byteOffset } = duckdb.vector_get_data(vector, span.to * 16);
  const places = new BigUint64Array(buffer, byteOffset, span.to * 2);
  const maps = each(span, (row): Span | null => {
    const from = Number(places[row * 2]);
    return isNull(row) ? null : { from, to: from + Number(places[row * 2 + 1]) };
  });
  const entries = spanOf(maps);
  const [keys, values] = [0, 1].map((i) => {
    return readTexts(duckdb.struct_vector_get_child(duckdb.list_vector_get_child(vector), i), entries);
  });
  let last: { members: string[]; json: string } = { members: [], json: "{}" };
  return maps.map((map) => {
    if (map === null) return null;
    const members = each(map, (i) => [keys![i - entries.from]!, values![i - entries.from]!]).flat();
    // The labels of a file's rows are all the same.
    const isRepeated = members.length === last.members.length && members.every((text, i) => text === last.members[i]);
    if (!isRepeated) last = { members, json: mapText(members) };
    return last.json;
  });
}

function spanOf(maps: readonly (Span | null)[]): Span {
  let [from, to] = [Infinity, 0];
  for (const map of maps) {
    if (map === null || map.from === map.to) continue;
    from = Math.min(from, map.from);
    to = Math.max(to, map.to);
  }
  return { from: Math.min(from, to), to };
}

function mapText(members: readonly string[]): string {
  const entries = Array.from({ length: members.length / 2 }, (_, i) => [members[i * 2]!, members[i * 2 + 1]!] as const);
  const texts = entries.toSorted(byKey).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${texts.join(",")}}`;
}

/** By the mask of a vector, which has a bit per row; without one no row is NULL. */
export function nullsOf(vector: duckdb.Vector, { to }: Span): (row: number) => boolean {
  const mask = duckdb.vector_get_validity(vector, Math.ceil(to / 64) * 8) as Uint8Array | null;
  return mask === null ? () => false : (row) => (mask[row >> 3]! & (1 << (row & 7))) === 0;
}

/** The same memory. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function each<Result>({ from, to }: Span, of: (row: number) => Result): Result[] {
  const results: Result[] = [];
  for (let row = from; row < to; row++) results.push(of(row));
  return results;
}
