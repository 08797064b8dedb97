/** A smaller Parquet file out of the row groups and columns of another that are needed. */
import type { ColumnChunk, Footer, RowGroup } from "./footer.ts";
import { eachField, field, integerField, readInteger, structList, THRIFT } from "./thrift.ts";

/** Bytes of the whole file that stand elsewhere in the smaller one. */
export interface Run {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Where they start in the smaller file. */
  readonly to: number;
}

export interface Trimmed {
  /** By `start`; neighbours are one. */
  readonly runs: readonly Run[];
  /** The smaller file's end: footer, length and magic. It stands behind the last run. */
  readonly tail: Buffer;
  /** Where `tail` starts. */
  readonly tailAt: number;
}

const MAGIC = Buffer.from("PAR1");

/**
 * Plans the smaller file: magic, the needed chunks in their order, a footer. It has all columns in its schema; one that
 * was left out keeps its statistics, but to read it fails (its pages lie behind the end of the file): a column that is
 * missing by mistake must not read as NULL. Everything else that the footer says is kept as it is, but for what points
 * to other places of the file: page indexes and Bloom filters.
 */
export function trim(footer: Footer, groups: readonly RowGroup[], isNeeded: (chunk: ColumnChunk) => boolean): Trimmed {
  const needed = groups.flatMap(({ chunks }) => chunks.filter(isNeeded)).toSorted((a, b) => a.start - b.start);
  const runs: Run[] = [];
  const shifts = new Map<ColumnChunk, number>();
  let to = MAGIC.length;
  for (const chunk of needed) {
    const last = runs.at(-1);
    if (last !== undefined && chunk.start < last.end)
      throw new RangeError(`two columns overlap at byte ${chunk.start}`);
    shifts.set(chunk, to - chunk.start);
    if (last?.end === chunk.start) runs[runs.length - 1] = { ...last, end: chunk.end };
    else runs.push({ start: chunk.start, end: chunk.end, to });
    to += chunk.end - chunk.start;
  }
  const metadata = fileMetaData(footer, groups, (chunk) => shifts.get(chunk) ?? null);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return { runs, tail: Buffer.concat([metadata, length, MAGIC]), tailAt: to };
}

/** The first bytes of every Parquet file. */
export const HEAD = MAGIC;

/** Behind the end of any file. */
const NOWHERE = 2 ** 50;

type ShiftOf = (chunk: ColumnChunk) => number | null;

function fileMetaData({ bytes }: Footer, groups: readonly RowGroup[], shiftOf: ShiftOf): Buffer {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const elements = groups.map((group) => rowGroup(bytes, group, shiftOf));
  return copyStruct(bytes, 0, {
    3: (last) => integerField(last, 3, THRIFT.i64, rows),
    4: (last) => field(last, 4, THRIFT.list, structList(elements)),
  });
}

function rowGroup(bytes: Uint8Array, { at, chunks }: RowGroup, shiftOf: ShiftOf): Buffer {
  const elements = chunks.map((chunk) => columnChunk(bytes, chunk, shiftOf(chunk)));
  return copyStruct(bytes, at, {
    1: (last) => field(last, 1, THRIFT.list, structList(elements)),
    5: null, // offset in the file
    7: null, // number in the file
  });
}

function columnChunk(bytes: Uint8Array, { at, metadataAt }: ColumnChunk, shift: number | null): Buffer {
  const moved: Replacement = (last, id, type, start) =>
    integerField(last, id, type, movedTo(readInteger(bytes, start), shift));
  // Pages, index pages, dictionary; Bloom filter and its length.
  const metadata = copyStruct(bytes, metadataAt, { 9: moved, 10: moved, 11: moved, 14: null, 15: null });
  return copyStruct(bytes, at, {
    2: (last, id, type) => integerField(last, id, type, 0),
    3: (last) => field(last, 3, THRIFT.struct, metadata),
    // Offset index and column index.
    4: null,
    5: null,
    6: null,
    7: null,
  });
}

/** 0 is how some writers say that there is none. */
function movedTo(offset: number, shift: number | null): number {
  if (offset === 0) return 0;
  return shift === null ? NOWHERE : offset + shift;
}

/** Encodes a field anew, given the id of the one before it; its value starts at `start`. */
type Replacement = (last: number, id: number, type: number, start: number) => Buffer;

/** A struct whose fields are as they were, replaced, or (null) left out. */
function copyStruct(bytes: Uint8Array, at: number, changes: Readonly<Record<number, Replacement | null>>): Buffer {
  const parts: Uint8Array[] = [];
  let last = 0;
  eachField(bytes, at, (id, type, start, end) => {
    const change = changes[id];
    if (change === null) return;
    parts.push(change?.(last, id, type, start) ?? field(last, id, type, bytes.subarray(start, end)));
    last = id;
  });
  return Buffer.concat([...parts, END]);
}

const END = Buffer.of(0);
