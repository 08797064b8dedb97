import { ReplacedError, type ChainRead } from "./input/tail/chain-reader.ts";
import type { FollowedFile } from "./input/tail/followed-file.ts";
import { startOf } from "./plan.ts";
import type { Source } from "./source.ts";
import type { Cursor, LostBytes, Positions, Range, ShipmentEntry } from "./state/positions.ts";
import type { Transferred } from "./transfer.ts";

/** A journaled range, and how to read what is left of it; null if nothing is. */
interface Replay {
  readonly range: Range;
  readonly read: ChainRead | null;
}

/** The files of a journaled shipment that can't be read any more. */
export function findGone(entry: ShipmentEntry, positions: Positions, source: Source): Set<string> {
  const gone = new Set<string>();
  for (const { chain, segments } of entry.ranges) {
    for (const { file } of segments) if (isGone(source.find(file))) gone.add(file);
    for (const file of openFiles(positions.cursors.get(chain) ?? null)) if (isGone(source.find(file))) gone.add(file);
  }
  return gone;
}

/** The very range that was journaled, without `gone` files: ends are exact, so a rest without newline there was a line. */
export function replayOf(range: Range, positions: Positions, source: Source, gone: ReadonlySet<string>): Replay {
  const cursor = positions.cursors.get(range.chain) ?? null;
  const isWhole = ({ fragments }: Cursor["open"][number]) => fragments.every(({ file }) => !gone.has(file));
  const from = cursor === null ? null : { ...cursor, open: cursor.open.filter(isWhole) };
  const segments = range.segments.flatMap(({ file, end }) => {
    const followed = gone.has(file) ? null : source.find(file);
    if (followed === null) return [];
    const start = startOf(followed, cursor);
    return [{ id: file, origin: followed.record.origin, start, target: end, limit: end, torn: true }];
  });
  const [first] = segments;
  if (first === undefined) return { range, read: null };
  const { framing, skipEmpty = false, multiline = null } = source.fileOf(first.id).record;
  const { chain, ended, flushed = false, endings = [] } = range;
  return { range, read: { chain, framing, skipEmpty, multiline, from, segments, ended, flushed, endings } };
}

/** Throws unless a replay came to what was journaled; ReplacedError if the bytes are others by now. */
export function checkReplay({ range, read }: Replay, done: Transferred, gone: ReadonlySet<string>): void {
  if (read === null || range.segments.some(({ file }) => gone.has(file))) return;
  const cursor = done.ranges.find(({ chain }) => chain === range.chain)?.cursor;
  if (cursor?.file === range.cursor.file && cursor.offset === range.cursor.offset) {
    if (cursor.check === range.cursor.check) return;
    throw new ReplacedError(cursor.file);
  }
  throw new Error(
    `cannot repeat a shipment: chain ${range.chain} ended at ${cursor?.file ?? "nothing"} ${cursor?.offset ?? ""} ` +
      `instead of ${range.cursor.file} ${range.cursor.offset}`,
  );
}

/** What a replay without `gone` files could not deliver. Files that are followed no more were counted when they were dropped. */
export function lostByReplay(
  entry: ShipmentEntry,
  positions: Positions,
  source: Source,
  gone: ReadonlySet<string>,
): LostBytes[] {
  const bytes = new Map<string, number>();
  const counted = new Set(entry.lost.map(({ file }) => file));
  const add = (file: string, count: number) => {
    if (!counted.has(file)) bytes.set(file, (bytes.get(file) ?? 0) + count);
  };
  for (const { chain, segments } of entry.ranges) {
    const cursor = positions.cursors.get(chain) ?? null;
    for (const { file, end } of segments) {
      const followed = source.find(file);
      if (gone.has(file) && followed !== null) add(file, end - startOf(followed, cursor));
    }
    const dropped = (cursor?.open ?? []).filter(({ fragments }) => fragments.some(({ file }) => gone.has(file)));
    for (const { file, start, end } of dropped.flatMap(({ fragments }) => fragments)) add(file, end - start);
  }
  return [...bytes].flatMap(([file, count]) => {
    const record = source.find(file)?.record;
    if (record === undefined || count === 0) return [];
    return [{ file, path: record.path, bytes: count, reason: record.givenUp?.reason ?? "truncated" }];
  });
}

function isGone(file: FollowedFile | null): boolean {
  return file === null || file.record.givenUp !== undefined;
}

function openFiles(cursor: Cursor | null): string[] {
  return (cursor?.open ?? []).flatMap(({ fragments }) => fragments.map(({ file }) => file));
}
