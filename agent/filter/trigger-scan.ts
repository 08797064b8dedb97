import type { Rows } from "./rows.ts";
import { TRIGGERS, type Trigger } from "./secrets.ts";

const NAMES = Object.keys(TRIGGERS) as Trigger[];
const ALL = (1 << NAMES.length) - 1;
const AT = 64;
const DIGITS_MIN = 13;

/** The triggers as bits of a number. */
export function triggerBits(triggers: readonly Trigger[]): number {
  return NAMES.reduce((bits, name, index) => (triggers.includes(name) ? bits | (1 << index) : bits), 0);
}

/**
 * Finds the rows that have one of the triggers: bits by row, valid until the next call. A row that has none is 0 for sure;
 * one that a filter changed, or that lies before another's end, has them all.
 */
export function createTriggerScan(triggers: readonly Trigger[]): (rows: Rows) => Uint8Array {
  let found = new Uint8Array(0);
  const used = NAMES.filter((name) => triggers.includes(name));
  return (rows) => {
    if (found.length < rows.count) found = new Uint8Array(rows.count);
    found.fill(0);
    for (const name of used) mark(rows, found, triggerBits([name]), finder(name, rows));
    markOthers(rows, found);
    return found;
  };
}

/** Marks the rows in which it finds something; what it finds between two rows, or beyond the end of one, counts for neither. */
function mark(rows: Rows, found: Uint8Array, bit: number, find: (from: number) => number): void {
  const { start, end } = rows.batch;
  let at = -1;
  for (let row = 0; row < rows.count; row++) {
    if (at < start[row]!) at = find(start[row]!);
    if (at < 0) return;
    if (at < end[row]!) found[row]! |= bit;
  }
}

/** Gives the place in the batch's bytes where the trigger is next, or -1. */
function finder(name: Trigger, rows: Rows): (from: number) => number {
  const { bytes } = rows.batch;
  const { text, base, limit } = rows.region;
  if (name === "at") return (from) => bytes.indexOf(AT, from);
  if (name === "digitRun") return (from) => findDigitRun(bytes, from, limit);
  const pattern = TRIGGERS[name];
  return (from) => {
    pattern.lastIndex = from - base;
    const match = pattern.exec(text);
    return match === null ? -1 : match.index + base;
  };
}

/** Where digits, blanks and dashes with enough digits among them begin, or -1: looks at every so many bytes only. */
function findDigitRun(bytes: Buffer, from: number, limit: number): number {
  for (let probe = from + DIGITS_MIN - 1; probe < limit;) {
    if (!isDigitOrGap(bytes[probe]!)) {
      probe += DIGITS_MIN;
      continue;
    }
    let first = probe;
    while (first > from && isDigitOrGap(bytes[first - 1]!)) first--;
    let digits = 0;
    let end = first;
    for (; end < limit && isDigitOrGap(bytes[end]!); end++) if (bytes[end]! >= 48) digits++;
    if (digits >= DIGITS_MIN) return first;
    probe = end + DIGITS_MIN;
  }
  return -1;
}

function isDigitOrGap(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || byte === 32 || byte === 45;
}

function markOthers(rows: Rows, found: Uint8Array): void {
  const { start, end } = rows.batch;
  let last = 0;
  for (let row = 0; row < rows.count; row++) {
    if (start[row]! < last) {
      found.fill(ALL);
      return;
    }
    last = end[row]!;
    if (!rows.isPlain(row)) found[row] = ALL;
  }
}
