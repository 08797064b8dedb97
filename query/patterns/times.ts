/** Finds times in bytes. Each function gives where what it looks for ends, or -1. The bytes end with a line feed. */
import { isDigit, isWord } from "./kinds.ts";

const [COLON, SLASH, DASH, DOT, COMMA, SPACE, PLUS] = [0x3a, 0x2f, 0x2d, 0x2e, 0x2c, 0x20, 0x2b];
/** Of months and days: 1 at the number that their letters make. */
const NAMES = tableOf("jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun");
const ZONES = tableOf("gmt utc");

function tableOf(names: string): Uint8Array {
  const table = new Uint8Array(2 ** 15);
  for (const name of names.split(" ")) table[packed(Buffer.from(name), 0)] = 1;
  return table;
}

/**
 * A date, a time of the day or both from `at`, where a number of so many digits starts: `2026-11-21T05:00:00.123Z`, `2026/11/21 05:00:00,1`,
 * `17/06/09 20:10:40`, `21/Nov/2026:05:00:00 +0000`, `21 Nov 2026 05:00:00 GMT`, `05:00:00.123`, `05:00`.
 */
export function numericTimeEnd(bytes: Uint8Array, at: number, digits: number): number {
  const next = bytes[at + digits]!;
  if (next === COLON && digits <= 2) return clockEnd(bytes, at);
  if (digits === 4 && (next === DASH || next === SLASH)) return afterDate(bytes, dateEnd(bytes, at + 5, next, 2));
  if (digits <= 2 && next === SLASH) {
    const month = monthEnd(bytes, at + digits + 1);
    if (month > 0 && bytes[month] === SLASH) return afterDate(bytes, exactDigits(bytes, month + 1, 4));
    return digits === 2 ? afterDate(bytes, dateEnd(bytes, at + 3, SLASH, 2)) : -1;
  }
  if (digits <= 2 && next === SPACE) {
    const month = monthEnd(bytes, at + digits + 1);
    if (month < 0 || bytes[month] !== SPACE) return -1;
    return afterDate(bytes, exactDigits(bytes, month + 1, 4));
  }
  return -1;
}

/** A time that starts with the name of a month or day: `Jul  9 12:33:01`, `Sun Dec 04 04:47:44 2005`, `Sun, 06 Nov 1994 08:49:37 GMT`. */
export function namedTimeEnd(bytes: Uint8Array, at: number): number {
  let place = monthEnd(bytes, at);
  if (place < 0) return -1;
  if (bytes[place] === COMMA) place += 1;
  if (bytes[place] !== SPACE) return -1;
  place = skipBlanks(bytes, place);
  const month = monthEnd(bytes, place);
  if (month > 0 && bytes[month] === SPACE) place = skipBlanks(bytes, month);
  const digits = digitsAt(bytes, place);
  if (digits === 0 || digits > 2) return -1;
  const numeric = numericTimeEnd(bytes, place, digits);
  if (numeric > 0) return numeric;
  place += digits;
  if (bytes[place] !== SPACE) return -1;
  const clock = clockEnd(bytes, place + 1);
  if (clock < 0) return -1;
  const year = bytes[clock] === SPACE ? exactDigits(bytes, clock + 1, 4) : -1;
  return year > 0 ? year : clock;
}

/** `05:00:00.123456+08:00` or `05:00`. */
export function clockEnd(bytes: Uint8Array, at: number): number {
  const hours = digitsAt(bytes, at);
  if (hours === 0 || hours > 2) return -1;
  let end = at + hours;
  if (bytes[end] !== COLON || (end = exactDigits(bytes, end + 1, 2)) < 0) return -1;
  if (bytes[end] !== COLON) return hours === 2 && !isWord(bytes[end]!) ? end : -1;
  if ((end = exactDigits(bytes, end + 1, 2)) < 0 || bytes[end] === COLON) return -1;
  if ((bytes[end] === DOT || bytes[end] === COMMA) && isDigit(bytes[end + 1]!)) end += 1 + digitsAt(bytes, end + 1);
  return zoneEnd(bytes, end);
}

function zoneEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x5a && !isWord(bytes[at + 1]!)) return at + 1;
  const sign = bytes[at] === SPACE ? at + 1 : at;
  if (bytes[sign] === PLUS || bytes[sign] === DASH) {
    if (digitsAt(bytes, sign + 1) === 4) return sign + 5;
    const hours = exactDigits(bytes, sign + 1, 2);
    const end = hours > 0 && bytes[hours] === COLON ? exactDigits(bytes, hours + 1, 2) : -1;
    if (end > 0) return end;
  }
  const isName = bytes[at] === SPACE && ZONES[packed(bytes, at + 1)] === 1;
  return isName && !isWord(bytes[at + 4]!) ? at + 4 : at;
}

/** Two more parts of a date, the last of which has two digits or as many as `lastDigits`. */
function dateEnd(bytes: Uint8Array, at: number, separator: number, lastDigits: number): number {
  const middle = exactDigits(bytes, at, 2);
  if (middle < 0 || bytes[middle] !== separator) return -1;
  const digits = digitsAt(bytes, middle + 1);
  return digits === lastDigits || digits === 4 ? middle + 1 + digits : -1;
}

/** The end of a date, or of the time of day that follows it. */
function afterDate(bytes: Uint8Array, end: number): number {
  if (end < 0) return -1;
  const separator = bytes[end]!;
  const isSeparator = separator === 0x54 || separator === 0x74 || separator === SPACE || separator === COLON;
  const clock = isSeparator ? clockEnd(bytes, end + 1) : -1;
  if (clock > 0) return clock;
  return isWord(separator) ? -1 : end;
}

function monthEnd(bytes: Uint8Array, at: number): number {
  if (!isWord(bytes[at]!) || isWord(bytes[at + 3]!)) return -1;
  return NAMES[packed(bytes, at)] === 1 ? at + 3 : -1;
}

/** Three letters in any case as a number of 15 bits; 0 for what has others. */
function packed(bytes: Uint8Array, at: number): number {
  const [a, b, c] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  const isLetters = (a & b & c & 0x40) !== 0 && ((a | b | c) & 0x80) === 0;
  return isLetters ? ((a & 31) << 10) | ((b & 31) << 5) | (c & 31) : 0;
}

function exactDigits(bytes: Uint8Array, at: number, count: number): number {
  return digitsAt(bytes, at) === count ? at + count : -1;
}

function digitsAt(bytes: Uint8Array, at: number): number {
  let end = at;
  while (isDigit(bytes[end]!)) end += 1;
  return end - at;
}

function skipBlanks(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end] === SPACE) end += 1;
  return end;
}
