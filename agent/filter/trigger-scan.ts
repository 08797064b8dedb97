import type { Rows } from "./rows.ts";
import { findKeyword } from "./keyword-scan.ts";
import type { Trigger } from "./secrets.ts";

const NAMES: readonly Trigger[] = ["keyword", "awsKey", "jwt", "dottedDigits", "at", "digitRun"];
const ALL = (1 << NAMES.length) - 1;
/** Of a card's number. */
const DIGITS_MIN = 13;
const REACH = 6;
/** Digits, blank and dash. */
const IN_RUN = new Uint8Array(256).fill(1, 48, 58).fill(1, 32, 33).fill(1, 45, 46);
/** Of an AWS access key's id. */
const KEY_ID_LENGTH = 20;
const DOT = 46;
const CAPITAL_A = 65;

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
  switch (name) {
    case "keyword":
      return (from) => findKeyword(bytes, from, limit);
    case "digitRun":
      return (from) => findDigitRun(bytes, from, limit);
    case "dottedDigits":
      return anchored(".", isBetweenDigits);
    case "jwt":
      return anchored("J", isTokenHead);
    case "awsKey":
      return anchored("A", isKeyHead);
    default:
      return anchored("@", () => true);
  }

  /** Searches the text for the one rare letter, which costs next to nothing, and looks around it. */
  function anchored(letter: string, isMeant: (bytes: Buffer, at: number) => boolean): (from: number) => number {
    return (from) => {
      for (let at = text.indexOf(letter, from - base); at >= 0; at = text.indexOf(letter, at + 1))
        if (isMeant(bytes, at + base)) return at + base;
      return -1;
    };
  }
}

/** Whether a dot has a digit before it, and up to three behind it before the next dot and a digit. */
function isBetweenDigits(bytes: Buffer, at: number): boolean {
  if (!isDigit(bytes[at - 1]!)) return false;
  let end = at + 1;
  while (end <= at + 3 && isDigit(bytes[end]!)) end++;
  return end > at + 1 && bytes[end] === DOT && isDigit(bytes[end + 1]!);
}

/** `eyJ` */
function isTokenHead(bytes: Buffer, at: number): boolean {
  return bytes[at - 1] === 0x79 && bytes[at - 2] === 0x65;
}

/** Whether the first of four capitals of which the last is the same, and sixteen that may be digits behind them. */
function isKeyHead(bytes: Buffer, at: number): boolean {
  if (bytes[at + 3] !== CAPITAL_A) return false;
  for (let next = at + 1; next < at + KEY_ID_LENGTH; next++) if (!isCapitalOrDigit(bytes[next]!)) return false;
  return true;
}

/**
 * Where digits with at most one blank or dash between two of them begin, or -1, if they are enough: two bytes of every so
 * many are looked at.
 */
function findDigitRun(bytes: Buffer, from: number, limit: number): number {
  for (let probe = from + DIGITS_MIN - 2; probe + 1 < limit;) {
    const isIn = IN_RUN[bytes[probe]!] === 1 && IN_RUN[bytes[probe + 1]!] === 1;
    // It reaches so far to one side at least.
    if (!isIn || !(reaches(bytes, probe, -1) || reaches(bytes, probe, 1))) {
      probe += DIGITS_MIN - 1;
      continue;
    }
    const at = isDigit(bytes[probe]!) ? probe : probe + 1;
    if (!isDigit(bytes[at]!)) {
      probe += DIGITS_MIN - 1;
      continue;
    }
    let first = at;
    let end = at + 1;
    let digits = 1;
    for (let before = at - 1; before >= from; before--) {
      if (isDigit(bytes[before]!)) {
        digits++;
        first = before;
      } else if (first - before > 1 || !isGap(bytes[before]!)) break;
    }
    for (; end < limit && digits < DIGITS_MIN; end++) {
      if (isDigit(bytes[end]!)) digits++;
      else if (!isGap(bytes[end]!) || !isDigit(bytes[end - 1]!)) break;
    }
    if (digits >= DIGITS_MIN) return first;
    probe = end + DIGITS_MIN - 2;
  }
  return -1;
}

function reaches(bytes: Buffer, at: number, step: 1 | -1): boolean {
  return IN_RUN[bytes[at + step * REACH]!] === 1 && IN_RUN[bytes[at + step * (REACH >> 1)]!] === 1;
}

function isGap(byte: number): boolean {
  return byte === 32 || byte === 45;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isCapitalOrDigit(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || isDigit(byte);
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
