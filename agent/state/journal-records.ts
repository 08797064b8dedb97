import type { Ending, OpenState } from "../parser/assembler.ts";
import type { Fragment } from "../parser/open-record.ts";
import type { LostBytes, Range, ShipmentEntry } from "./positions.ts";

/** A line of an output's journal. */
export type JournalRecord =
  | {
      readonly t: "cursors";
      readonly seq: number;
      readonly at: readonly PackedRange[];
      readonly passed?: readonly (readonly [file: string, end: number])[];
    }
  | {
      readonly t: "plan";
      readonly seq: number;
      readonly id: string;
      readonly now: number;
      readonly output: unknown;
      readonly keys: readonly string[];
      readonly at: readonly PackedRange[];
      readonly lost?: readonly PackedLoss[];
      readonly n?: number;
      readonly filtered?: readonly (readonly [file: string, bytes: number, records: number])[];
      readonly replayed?: string;
      readonly filters?: string;
    }
  | { readonly t: "abort"; readonly seq: number }
  /** `gone`: chains that were forgotten since the commit before. */
  | {
      readonly t: "commit";
      readonly seq: number;
      readonly gone?: readonly string[];
      readonly lost?: readonly PackedLoss[];
    }
  /** A shipment that was not planned: `moves` and `at` are where its chains are now. */
  | {
      readonly t: "sent";
      readonly seq: number;
      /** Each move's three numbers, one after the other. */
      readonly moves?: readonly number[];
      readonly at?: readonly PackedRange[];
      readonly gone?: readonly string[];
      readonly lost?: readonly PackedLoss[];
    }
  | { readonly t: "said" };

/** `[file, offset, check, rest?]`: 40 to 64 bytes for a chain of one file; `rest` holds what is unusual. */
type PackedRange = readonly [file: string, offset: number, check: number, rest?: PackedRest];

type PackedLoss = readonly [file: string, path: string, bytes: number, reason: LostBytes["reason"]];

interface PackedRest {
  /** Chain, where it is not named like its file. */
  readonly c?: string;
  /** Segments before the last. */
  readonly b?: readonly (readonly [file: string, end: number])[];
  /** Open records by stream: see `packOpen`. */
  readonly p?: readonly PackedOpen[];
  /** The same as earlier versions wrote it: stream, then its fragments. */
  readonly o?: readonly (readonly [stream: number, ...fragments: (readonly [string, number, number])[]])[];
  /** Open records were ended: all of them (1), or those of whole lines. */
  readonly e?: 1 | 2;
  /** Endings: stream, cut, and 1 for a record. */
  readonly n?: readonly (readonly [stream: number, cut: number, record: 0 | 1])[];
}

type PlanRecord = Extract<JournalRecord, { readonly t: "plan" }>;

/** The record of a planned shipment. */
export function planRecord(entry: ShipmentEntry): PlanRecord {
  const { seq, planId, readTimeMs, output, keys, ranges, lost, records, filtered, replayed, filters } = entry;
  return {
    ...({ t: "plan", seq, id: planId, now: readTimeMs, output, keys, at: ranges.map(packRange), n: records } as const),
    ...(lost.length === 0 ? {} : { lost: lost.map(packLoss) }),
    ...(filtered.length === 0
      ? {}
      : { filtered: filtered.map((left) => [left.file, left.bytes, left.records] as const) }),
    ...(replayed === undefined ? {} : { replayed }),
    ...(filters === undefined ? {} : { filters }),
  };
}

/** The shipment of such a record. */
export function entryOf({ seq, id, now, output, keys, at, replayed, filters, ...rest }: PlanRecord): ShipmentEntry {
  const lost = (rest.lost ?? []).map(unpackLoss);
  const filtered = (rest.filtered ?? []).map(([file, bytes, records]) => ({ file, bytes, records }));
  const ends = { lost, records: rest.n ?? 0, filtered };
  const entry = { seq, planId: id, readTimeMs: now, output, keys, ranges: at.map(unpackRange), ...ends };
  return {
    ...entry,
    ...(replayed === undefined ? {} : { replayed }),
    ...(filters === undefined ? {} : { filters }),
  };
}

export function packLoss({ file, path, bytes, reason }: LostBytes): PackedLoss {
  return [file, path, bytes, reason];
}

export function unpackLoss([file, path, bytes, reason]: PackedLoss): LostBytes {
  return { file, path, bytes, reason };
}

/** A range as journals have it, of which a cursor is the end. */
export function packRange(range: Range): PackedRange {
  const { file, offset, check, open } = range.cursor;
  const before = range.segments.slice(0, -1).map((segment) => [segment.file, segment.end] as const);
  const rest: PackedRest = {
    ...(range.chain === file ? {} : { c: range.chain }),
    ...(before.length === 0 ? {} : { b: before }),
    ...(open.length === 0 ? {} : { p: open.map(packOpen) }),
    ...(range.ended ? { e: 1 as const } : range.flushed === true ? { e: 2 as const } : {}),
    ...(range.endings !== undefined && { n: range.endings.map(packEnding) }),
  };
  return Object.keys(rest).length === 0 ? [file, offset, check] : [file, offset, check, rest];
}

function packEnding({ stream, cut, what }: Ending): readonly [number, number, 0 | 1] {
  return [stream, cut, what === "record" ? 1 : 0];
}

function unpackEnding([stream, cut, record]: readonly [number, number, 0 | 1]): Ending {
  return { stream, cut, what: record === 1 ? "record" : "line" };
}

/**
 * `[stream, rule?, [file, start, length, gap, length …] …]`: the fragments of one file together, each after the first by the
 * bytes between it and the one before. Of a record that the times of two streams cut into 256 pieces this is about 2 KB.
 * `rule`: as it is where whole lines are open; `-1 - rule` where none are.
 */
type PackedOpen = readonly [stream: number, ...(number | PackedFragments)[]];
type PackedFragments = readonly [file: string, start: number, ...numbers: number[]];

function packOpen({ stream, fragments, rule, joins }: OpenState): PackedOpen {
  const packed: [string, number, ...number[]][] = [];
  let before: Fragment | null = null;
  for (const fragment of fragments) {
    const length = fragment.end - fragment.start;
    if (before?.file === fragment.file) packed.at(-1)!.push(fragment.start - before.end, length);
    else packed.push([fragment.file, fragment.start, length]);
    before = fragment;
  }
  return [stream, ...(rule === undefined ? [] : [joins === true ? rule : -1 - rule]), ...packed];
}

function unpackOpen([stream, ...items]: PackedOpen): OpenState {
  const numbers = items.filter((item) => typeof item === "number");
  const packed = items.filter((item) => typeof item !== "number");
  const fragments = packed.flatMap(([file, first, ...rest]) => {
    const own: Fragment[] = [];
    let at = first;
    for (let i = 0; i < rest.length; i += 2) {
      own.push({ file, start: at, end: at + rest[i]! });
      at += rest[i]! + (rest[i + 1] ?? 0);
    }
    return own;
  });
  const [rule] = numbers;
  if (rule === undefined) return { stream, fragments };
  return rule < 0 ? { stream, fragments, rule: -1 - rule } : { stream, fragments, rule, joins: true };
}

export function unpackRange([file, offset, check, rest]: PackedRange): Range {
  const before = (rest?.o ?? []).map(([stream, ...fragments]) => ({
    stream,
    fragments: fragments.map(([id, start, end]) => ({ file: id, start, end })),
  }));
  const open: readonly OpenState[] = [...before, ...(rest?.p ?? []).map(unpackOpen)];
  return {
    chain: rest?.c ?? file,
    segments: [...(rest?.b ?? []).map(([id, end]) => ({ file: id, end })), { file, end: offset }],
    ended: rest?.e === 1,
    ...(rest?.e === 2 && { flushed: true }),
    ...(rest?.n !== undefined && { endings: rest.n.map(unpackEnding) }),
    cursor: { file, offset, check, open },
  };
}
