import { createPattern, type Pattern } from "../../config/onigmo.ts";
import type { Rows } from "./rows.ts";

/** A pattern to look for in messages, and how. */
export interface MessagePattern {
  readonly pattern: Pattern;
  /** The same to look for in many messages at once; null if what lies around a message could matter to it. */
  readonly scan: RegExp | null;
}

/** Reads a pattern. `whole`: what it matches counts, and not only whether it does. */
export function createMessagePattern(text: string, { whole = false } = {}): MessagePattern {
  const pattern = createPattern(whole ? text : withoutEdges(text));
  const { inLines } = pattern;
  return { pattern, scan: looksAround(inLines) ? null : new RegExp(withoutAtom(inLines.source), "g") };
}

/**
 * Moves those rows to the front of `pending` whose message matches, or does not, as `matching` says; returns how many they
 * are. For rows without a record of their own.
 */
export function selectMessages(rows: Rows, pending: Uint32Array, each: MessagePattern, matching: boolean): number {
  if (canScan(rows, pending, each)) return scanMessages(rows, pending, each, matching);
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

/** Whether the messages of these rows can be searched at once: they are as they were read, one behind the other, and ASCII. */
function canScan(rows: Rows, pending: Uint32Array, { scan }: MessagePattern): boolean {
  if (scan === null || !rows.region.isAscii()) return false;
  const { start, end } = rows.batch;
  let last = 0;
  for (const row of pending) {
    if (start[row]! < last || !rows.isPlain(row)) return false;
    last = end[row]!;
  }
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
