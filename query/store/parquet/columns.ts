/** Decodes the columns of a row group of an object that logq's encoder wrote, number by number; texts are held once each. */
import { ENCODING } from "../../../parquet/format.ts";
import { bitWidth } from "../../../parquet/delta.ts";
import type { Leaf } from "../../../parquet/schema.ts";
import type { Page } from "./pages.ts";
import { readDeltas, readPlain, readRle } from "./values.ts";

export interface TextColumn {
  /** Of each row: index into `texts`. Longer than there are rows. */
  readonly ids: Uint32Array;
  /** The first one is null. */
  readonly texts: readonly (string | null)[];
}

/** Arrays that the columns of one row group after the other are decoded to. */
export interface Arrays {
  uint32(length: number): Uint32Array;
  /** The arrays handed out are free again. */
  reset(): void;
}

export function createArrays(): Arrays {
  const arrays: Uint32Array[] = [];
  let used = 0;
  return {
    uint32(length) {
      const at = used++;
      if ((arrays[at]?.length ?? 0) < length) arrays[at] = new Uint32Array(Math.max(length, 1024));
      return arrays[at]!;
    },
    reset: () => void (used = 0),
  };
}

/** A column of texts by a dictionary. Throws RangeError where it is none. */
export function readTexts(pages: Iterable<Page>, leaf: Leaf, rows: number, arrays: Arrays): TextColumn {
  const { ids, texts, count } = readEntries(pages, leaf, rows, arrays);
  if (count !== rows) throw new RangeError(`column ${leaf.path[0]} has ${count} values in ${rows} rows`);
  return { ids, texts };
}

/** A column of 64-bit numbers: calls `take` with parts of it, as differences from a first value. */
export function readNumbers(
  pages: Iterable<Page>,
  { path }: Leaf,
  rows: number,
  take: (first: bigint, differences: Float64Array, from: number, to: number) => void,
): void {
  if (DIFFERENCES.length < rows) DIFFERENCES = new Float64Array(rows);
  let done = 0;
  for (const { encoding, values, bytes } of pages) {
    if (encoding !== ENCODING.deltaBinaryPacked) throw new RangeError(`column ${path[0]} has encoding ${encoding}`);
    const { first, count } = readDeltas(bytes, DIFFERENCES, done);
    if (count !== values) throw new RangeError(`a page of column ${path[0]} has ${count} values, not ${values}`);
    take(first, DIFFERENCES, done, done + count);
    done += count;
  }
  if (done !== rows) throw new RangeError(`column ${path[0]} has ${done} values in ${rows} rows`);
}

/** Used until the call that fills it returns. */
let DIFFERENCES = new Float64Array(1024);

export interface MapColumn {
  /** Of each row: index into `maps`. Longer than there are rows. */
  readonly ids: Uint32Array;
  readonly maps: readonly (Readonly<Record<string, string>> | null)[];
}

/** A column of maps of texts: its two leaves. */
export function readMaps(
  [keyPages, valuePages]: readonly [Iterable<Page>, Iterable<Page>],
  [keyLeaf, valueLeaf]: readonly [Leaf, Leaf],
  rows: number,
  arrays: Arrays,
): MapColumn {
  const keys = readEntries(keyPages, keyLeaf, rows, arrays);
  const values = readEntries(valuePages, valueLeaf, rows, arrays);
  const { count, starts } = keys;
  if (starts === null || values.count !== count) throw new RangeError("a map has more keys than values, or fewer");
  const ids = arrays.uint32(rows);
  const maps: (Record<string, string> | null)[] = [];
  const known = new Map<string, number>();
  const isAsBefore = (from: number, to: number, before: number): boolean => {
    if (to - from !== from - before) return false;
    for (let i = from, j = before; i < to; i++, j++) {
      if (keys.ids[i] !== keys.ids[j] || values.ids[i] !== values.ids[j] || keys.levels[i] !== keys.levels[j])
        return false;
    }
    return true;
  };
  for (let row = 0; row < rows; row++) {
    const from = starts[row]!;
    const to = row + 1 < rows ? starts[row + 1]! : count;
    if (row > 0 && isAsBefore(from, to, starts[row - 1]!)) {
      ids[row] = ids[row - 1]!;
      continue;
    }
    const text = `${keys.levels[from]} ${keys.ids.subarray(from, to).join()} ${values.ids.subarray(from, to).join()}`;
    let id = known.get(text);
    if (id === undefined) {
      id = maps.push(mapOf(keys, values, from, to)) - 1;
      known.set(text, id);
    }
    ids[row] = id;
  }
  return { ids, maps };
}

function mapOf(keys: Entries, values: Entries, from: number, to: number): Record<string, string> | null {
  const level = keys.levels[from]!;
  if (level < 2) return level === 0 ? null : {};
  return Object.fromEntries(
    Array.from({ length: to - from }, (_, i) => {
      const key = keys.texts[keys.ids[from + i]!]!;
      const value = values.texts[values.ids[from + i]!];
      if (key === null || value == null) throw new RangeError("a map has a key without a value");
      return [key, value];
    }),
  );
}

interface Entries extends TextColumn {
  /** Definition levels; of entries, as `ids` are. */
  readonly levels: Uint32Array;
  readonly count: number;
  /** Of each row: its first entry. Null where a row has one value. */
  readonly starts: Uint32Array | null;
}

function readEntries(pages: Iterable<Page>, leaf: Leaf, rows: number, arrays: Arrays): Entries {
  const { definitionMax, repetitionMax, path } = leaf;
  let texts: (string | null)[] = [null];
  let [ids, levels] = [arrays.uint32(rows), arrays.uint32(rows)];
  const starts = repetitionMax === 0 ? null : arrays.uint32(rows);
  let count = 0;
  let row = 0;
  for (const { isDictionary, encoding, values, bytes } of pages) {
    if (isDictionary) {
      texts = [null, ...dictionaryOf(bytes, values)];
      continue;
    }
    if (count > 0) throw new RangeError(`column ${path.join(".")} has several pages`);
    count = values;
    if (ids.length < count) [ids, levels] = [arrays.uint32(count), arrays.uint32(count)];
    let at = 0;
    if (starts !== null) {
      at = readLevels(bytes, at, repetitionMax, ids, count);
      for (let i = 0; i < count; i++) {
        if (ids[i] !== 0) continue;
        if (row === rows) throw new RangeError(`column ${path.join(".")} has more than ${rows} rows`);
        starts[row++] = i;
      }
    }
    if (definitionMax > 0) at = readLevels(bytes, at, definitionMax, levels, count);
    else levels.fill(0, 0, count);
    readIds(bytes.subarray(at), encoding, definitionMax, levels, ids, count, texts.length - 1);
  }
  if (starts !== null && row !== rows) throw new RangeError(`column ${path.join(".")} has ${row} rows, not ${rows}`);
  return { ids, texts, levels, count, starts };
}

/** Returns where they end. */
function readLevels(bytes: Buffer, at: number, max: number, out: Uint32Array, count: number): number {
  const end = at + 4 + bytes.readUInt32LE(at);
  if (end > bytes.length) throw new RangeError(`levels end at byte ${end} of ${bytes.length}`);
  readRle(bytes.subarray(at + 4, end), bitWidth(max), out, 0, count);
  return end;
}

/** Ids of the values that are there, counted from 1; 0 of those that are not. */
function readIds(
  bytes: Buffer,
  encoding: number,
  definitionMax: number,
  levels: Uint32Array,
  ids: Uint32Array,
  count: number,
  idsMax: number,
): void {
  let present = 0;
  for (let i = 0; i < count; i++) if (levels[i] === definitionMax) present++;
  if (present === 0) return void ids.fill(0, 0, count);
  if (encoding !== ENCODING.rleDictionary) throw new RangeError(`texts have encoding ${encoding}`);
  readRle(bytes.subarray(1), bytes[0]!, ids, 0, present);
  // From the end: what is not there moves the others backwards.
  for (let i = count - 1, from = present - 1; i >= 0; i--) {
    if (levels[i] !== definitionMax) ids[i] = 0;
    else if (ids[from]! < idsMax) ids[i] = ids[from--]! + 1;
    else throw new RangeError(`no text ${ids[from]} in a dictionary of ${idsMax}`);
  }
}

function dictionaryOf(bytes: Buffer, count: number): string[] {
  const [starts, ends] = [new Uint32Array(count), new Uint32Array(count)];
  readPlain(bytes, starts, ends, 0, count);
  return Array.from(starts, (start, i) => bytes.toString("utf8", start, ends[i]));
}
