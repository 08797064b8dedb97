import { createPattern, type Pattern } from "../../config/onigmo.ts";
import { createPlaceScan, type PlaceScan } from "../scan/place-scan.ts";
import type { Rows } from "./rows.ts";

/** A pattern to look for in messages, and how. */
export interface MessagePattern {
  readonly pattern: Pattern;
  /** The same to look for in many messages at once; null if what lies around a message could matter to it. */
  readonly scan: RegExp | null;
  /** Finds where a match may lie; null if no places of the kind are known. */
  readonly places: PlaceScan | null;
  /** So many batches are not searched for places: there were too many of them. */
  pause: number;
}

/** Reads a pattern. `whole`: what it matches counts, and not only whether it does. */
export function createMessagePattern(text: string, { whole = false } = {}): MessagePattern {
  const pattern = createPattern(whole ? text : withoutEdges(text));
  const { inLines, required } = pattern;
  const scan = looksAround(inLines) ? null : new RegExp(withoutAtom(inLines.source), "g");
  let places: PlaceScan | null | undefined;
  return {
    pattern,
    scan,
    pause: 0,
    // Made when the first batch comes: it has memory of its own.
    get places() {
      return (places ??= required === null ? null : createPlaceScan({ trigrams: required.map((each) => [each]) }));
    },
  };
}

/**
 * Moves those rows to the front of `pending` whose message matches, or does not, as `matching` says; returns how many they
 * are. For rows without a record of their own.
 */
export function selectMessages(rows: Rows, pending: Uint32Array, each: MessagePattern, matching: boolean): number {
  const isAscending = isInOrder(rows, pending);
  const selected = isAscending ? selectByPlaces(rows, pending, each, matching) : -1;
  if (selected >= 0) return selected;
  if (isAscending && canScan(rows, pending, each)) return scanMessages(rows, pending, each, matching);
  let left = 0;
  for (const row of pending) if (each.pattern.test(textOf(rows, row)) === matching) pending[left++] = row;
  return left;
}

/** The row's message as text, out of the region's where that is the same. */
function textOf(rows: Rows, row: number): string {
  const { batch, region } = rows;
  const from = batch.start[row]!;
  const to = batch.end[row]!;
  if (!rows.isPlain(row) || !region.isAscii(from, to)) return rows.text(row);
  return region.text.substring(from - region.base, to - region.base);
}

/** Whether the rows lie one behind the other. */
function isInOrder({ batch: { start, end } }: Rows, pending: Uint32Array): boolean {
  let last = 0;
  for (const row of pending) {
    if (start[row]! < last) return false;
    last = end[row]!;
  }
  return true;
}

/** Tries the pattern on those messages alone that have what each match has; -1 if these are too many. */
function selectByPlaces(rows: Rows, pending: Uint32Array, each: MessagePattern, matching: boolean): number {
  if (each.pause-- > 0) return -1;
  each.pause = 0;
  if (each.places === null) return -1;
  const { batch, region } = rows;
  const { start, end } = batch;
  const { places, count } = each.places(batch.bytes, region.base, region.limit);
  if (count > pending.length * PLACES_SHARE_MAX) {
    each.pause = PAUSE_BATCHES;
    return -1;
  }
  let left = 0;
  let next = 0;
  for (const row of pending) {
    while (next < count && places[next]! < start[row]!) next++;
    const mayMatch = !rows.isPlain(row) || (next < count && places[next]! < end[row]!);
    const matches = mayMatch && each.pattern.test(rows.text(row));
    if (matches === matching) pending[left++] = row;
  }
  return left;
}

/** With more places than so many for each message one search through all of them is faster. */
const PLACES_SHARE_MAX = 0.25;
const PAUSE_BATCHES = 32;

/** Whether these messages can be searched at once: they are as they were read, and ASCII. */
function canScan(rows: Rows, pending: Uint32Array, { scan }: MessagePattern): boolean {
  if (scan === null || !rows.region.isAscii()) return false;
  for (const row of pending) if (!rows.isPlain(row)) return false;
  return true;
}

/** One search from match to match, instead of one for each message; for rows that `canScan`. */
function scanMessages(rows: Rows, pending: Uint32Array, { pattern, scan }: MessagePattern, matching: boolean): number {
  const { start, end } = rows.batch;
  const { text, base } = rows.region;
  let left = 0;
  let found = -1;
  let foundEnd = -1;
  for (const row of pending) {
    const from = start[row]! - base;
    const to = end[row]! - base;
    if (found < from) {
      scan!.lastIndex = from;
      const match = scan!.exec(text);
      found = match === null ? Infinity : match.index;
      foundEnd = scan!.lastIndex;
    }
    // A match that leaves the message may have a shorter one in its place.
    const matches = found <= to && (foundEnd <= to || pattern.test(text.substring(from, to)));
    if (matches === matching) pending[left++] = row;
  }
  return left;
}

/**
 * A pattern without the `.*` that it begins and ends with: it is there where the rest is, and V8 would read the line to its
 * end for each byte that it tries to begin at.
 */
function withoutEdges(text: string): string {
  const [, slash = "", pattern = text, flags = ""] = /^(\/)(.*)(\/[imxo]*)$/s.exec(text) ?? [];
  if (hasAlternatives(pattern)) return text;
  const rest = pattern.replace(/^((?:\(\?[imx]+\))?)\^?\.\*\??(?![+*?{])/, "$1").replace(/(?<!\\)\.\*\$?$/, "");
  return slash + rest + flags;
}

/** Whether the pattern as a whole is one or another, as opposed to a group in it. */
function hasAlternatives(pattern: string): boolean {
  let outside = pattern.replace(/\\./gs, "").replace(/\[[^\]]*\]/g, "");
  for (let before = ""; before !== outside;) {
    before = outside;
    outside = outside.replace(/\([^()]*\)/g, "");
  }
  return outside.includes("|");
}

/** An escape, a class, a group's beginning, or any other character of a JavaScript pattern. */
const TOKEN = /\\(?:x..|u....|c.|k<[^>]*>|.)|\[(?:\\.|[^\]\\])*\]|\(\?(?:<[^=!][^>]*>|<?[=!]|[^)(]*?:)|./gs;

/**
 * Whether a match could depend on what lies around the message, or run on into the next one: assertions, and whatever takes
 * a newline, which is what lies between two messages.
 */
function looksAround({ source }: RegExp): boolean {
  for (const [token] of source.matchAll(TOKEN)) {
    if (/^(?:[\^$]|\\[bB1-9k]|\(\?<?[=!])/.test(token)) return true;
    if (/^(?:\[|\\|\.$)/.test(token) && new RegExp(token).test("\n")) return true;
  }
  return false;
}

/** V8 looks for plain text letter by letter, but skips ahead where a pattern is more than that: up to four times as fast. */
function withoutAtom(source: string): string {
  return `(?:${source})(?:)`;
}
