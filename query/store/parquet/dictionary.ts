/** The values of a text column in a row group, by its dictionary page. */
import { zstdDecompressSync } from "node:zlib";
import type { ColumnBound } from "../store.ts";
import type { ColumnChunk, Footer, RowGroup } from "./footer.ts";
import { eachField, eachStruct, readInteger } from "./thrift.ts";

/** Where a chunk's dictionary lies, of which no value is outside; `bound` is what one of its values must meet. */
export interface DictionaryAt {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly codec: number;
  readonly bound: ColumnBound;
}

const BYTE_ARRAY = 6;
const CODEC = { none: 0, zstd: 6 };
const PAGE = { data: 0, dictionary: 2, dataV2: 3 };
const ENCODING = { plain: 0, plainDictionary: 2, rleDictionary: 8 };
/** Longer, it says too little for its bytes. */
const DICTIONARY_BYTES_MAX = 64 * 1024;

/**
 * The dictionaries that tell whether a row group has values within bounds of texts. Statistics know the first and the
 * last value only: between the first and the last pod of a node lie the pods of all others.
 */
export function dictionariesOf(footer: Footer, { chunks }: RowGroup, bounds: readonly ColumnBound[]): DictionaryAt[] {
  return bounds.flatMap((bound) => {
    const chunk = chunks.find(({ path }) => path.length === 1 && path[0] === bound.column);
    const isText = typeof (bound.min ?? bound.max) === "string";
    if (chunk === undefined || !isText || !isDecidedBy(chunk, bound)) return [];
    const at = dictionaryAt(footer.bytes, chunk);
    return at === null ? [] : [{ ...at, bound }];
  });
}

/** Whether any value of a dictionary page meets the bound. True where the page cannot be read: then nothing is known. */
export function hasValueWithin(page: Uint8Array, { codec, bound }: DictionaryAt): boolean {
  const values = readDictionary(page, codec);
  if (values === null) return true;
  const min = bound.min === null ? null : Buffer.from(String(bound.min));
  const max = bound.max === null ? null : Buffer.from(String(bound.max));
  return values.some((value) => (min === null || value.compare(min) >= 0) && (max === null || value.compare(max) <= 0));
}

/** Not where the first or the last value meets the bound: then one does, whatever the others are. */
function isDecidedBy(chunk: ColumnChunk, { min, max }: ColumnBound): boolean {
  const [low, high] = [min, max].map((bound) => (bound === null ? null : Buffer.from(String(bound))));
  const meets = (value: Uint8Array | null): boolean =>
    value !== null && (low == null || low.compare(value) <= 0) && (high == null || high.compare(value) >= 0);
  return !meets(chunk.min) && !meets(chunk.max);
}

/** Null if there is none, or if pages do without it. */
function dictionaryAt(bytes: Uint8Array, chunk: ColumnChunk): Omit<DictionaryAt, "bound"> | null {
  const { metadataAt, type, start } = chunk;
  let [codec, end, dictionary] = [-1, 0, 0];
  let isWhole = false;
  eachField(bytes, metadataAt, (id, _, valueAt) => {
    if (id === 4) codec = readInteger(bytes, valueAt);
    else if (id === 9) end = readInteger(bytes, valueAt);
    else if (id === 11) dictionary = readInteger(bytes, valueAt);
    else if (id === 13) isWhole = areAllByDictionary(bytes, valueAt);
  });
  const isRead = type === BYTE_ARRAY && (codec === CODEC.none || codec === CODEC.zstd);
  if (!isRead || !isWhole || dictionary !== start || end - start > DICTIONARY_BYTES_MAX) return null;
  return { start, end, codec };
}

/** By PageEncodingStats: the list of encodings names the dictionary's own, too. */
function areAllByDictionary(bytes: Uint8Array, listAt: number): boolean {
  let areAll = true;
  eachStruct(bytes, listAt, (at) => {
    let [page, encoding] = [-1, -1];
    const end = eachField(bytes, at, (id, _, start) => {
      if (id === 1) page = readInteger(bytes, start);
      if (id === 2) encoding = readInteger(bytes, start);
    });
    const isData = page === PAGE.data || page === PAGE.dataV2;
    areAll &&= !isData || encoding === ENCODING.rleDictionary || encoding === ENCODING.plainDictionary;
    return end;
  });
  return areAll;
}

/** Texts of a page with its header; null if it is none that is read here. */
function readDictionary(page: Uint8Array, codec: number): Buffer[] | null {
  try {
    let [type, length] = [-1, -1];
    const end = eachField(page, 0, (id, _, start) => {
      if (id === 1) type = readInteger(page, start);
      if (id === 3) length = readInteger(page, start);
    });
    if (type !== PAGE.dictionary || length < 0 || end + length > page.length) return null;
    const stored = page.subarray(end, end + length);
    const raw = codec === CODEC.zstd ? zstdDecompressSync(stored) : Buffer.from(stored);
    const values: Buffer[] = [];
    for (let at = 0; at < raw.length;) {
      const textAt = at + 4;
      at = textAt + raw.readUInt32LE(at);
      if (at > raw.length) return null;
      values.push(raw.subarray(textAt, at));
    }
    return values;
  } catch {
    return null;
  }
}
