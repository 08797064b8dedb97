import { STREAM } from "../record.ts";

const DASH = 45;
const COLON = 58;
const DOT = 46;
const SPACE = 32;
const LETTER_T = 84;
const LETTER_Z = 90;
const LETTER_F = 70;
const LETTER_P = 80;
const SECONDS_TEXT_BYTES = 19;

/**
 * Reads the prefix of a CRI log line, `<RFC3339Nano> <stdout|stderr> <F|P>[:<tags>] <message>` (Kubernetes' CRI log
 * format), from bytes and without allocating: the result stands in the fields until the next call. Lines of one second
 * share its conversion.
 */
export class CriPrefix {
  /** Whole seconds since 1970 and the nanoseconds after them. */
  seconds = 0;
  nanos = 0;
  /** STREAM.stdout or STREAM.stderr. */
  stream: number = STREAM.none;
  /** Tag P: the record goes on in the next line of this stream. */
  partial = false;
  /** Where the message starts. */
  message = 0;

  readonly #cached = new Uint8Array(SECONDS_TEXT_BYTES);
  #cachedSeconds = Number.NaN;

  /** Parses the line `bytes[start, end)`; false if it is not a CRI line. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    // The shortest line: 2026-11-21T05:47:53Z stdout F
    if (end - start < 29 || bytes[start + 10] !== LETTER_T) return false;
    if (!this.#isCachedSecond(bytes, start) && !this.#readSecond(bytes, start)) return false;
    this.seconds = this.#cachedSeconds;
    const zone = this.#readFraction(bytes, start + SECONDS_TEXT_BYTES, end);
    const afterTime = bytes[zone] === LETTER_Z ? zone + 1 : this.#readOffset(bytes, zone, end);
    // ` stdout F`
    if (afterTime < 0 || afterTime + 9 > end || bytes[afterTime] !== SPACE) return false;
    return this.#readStreamAndTag(bytes, afterTime + 1, end);
  }

  #isCachedSecond(bytes: Uint8Array, start: number): boolean {
    const cached = this.#cached;
    for (let i = SECONDS_TEXT_BYTES - 1; i >= 0; i--) if (cached[i] !== bytes[start + i]) return false;
    return true;
  }

  #readSecond(bytes: Uint8Array, start: number): boolean {
    if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return false;
    if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return false;
    const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
    const month = twoDigits(bytes, start + 5);
    const day = twoDigits(bytes, start + 8);
    const hour = twoDigits(bytes, start + 11);
    const minute = twoDigits(bytes, start + 14);
    const second = twoDigits(bytes, start + 17);
    // NaN (not a digit) fails every comparison.
    if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return false;
    if (!(hour <= 23 && minute <= 59 && second <= 60)) return false;
    this.#cachedSeconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
    this.#cached.set(bytes.subarray(start, start + SECONDS_TEXT_BYTES));
    return true;
  }

  /** Reads `.123456789` (any number of digits, Go trims zeros); returns where the zone starts. */
  #readFraction(bytes: Uint8Array, start: number, end: number): number {
    this.nanos = 0;
    if (bytes[start] !== DOT) return start;
    if (bytes[start + 10] === LETTER_Z) {
      const all = nineDigits(bytes, start + 1);
      if (all >= 0) {
        this.nanos = all;
        return start + 10;
      }
    }
    let at = start + 1;
    let scale = 100_000_000;
    let nanos = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) break;
      nanos += digit * scale;
      scale = scale === 1 ? 0 : scale / 10;
    }
    this.nanos = nanos;
    return at;
  }

  /** Reads `+08:00`; returns the offset after it, or -1. */
  #readOffset(bytes: Uint8Array, start: number, end: number): number {
    const sign = bytes[start] === 43 ? 1 : bytes[start] === DASH ? -1 : 0;
    if (sign === 0 || start + 6 > end || bytes[start + 3] !== COLON) return -1;
    const seconds = twoDigits(bytes, start + 1) * 3600 + twoDigits(bytes, start + 4) * 60;
    if (!(seconds <= 86_400)) return -1;
    this.seconds -= sign * seconds;
    return start + 6;
  }

  #readStreamAndTag(bytes: Uint8Array, start: number, end: number): boolean {
    // "stdout " or "stderr "
    if (bytes[start] !== 115 || bytes[start + 1] !== 116 || bytes[start + 2] !== 100 || bytes[start + 6] !== SPACE)
      return false;
    if (bytes[start + 3] === 111 && bytes[start + 4] === 117 && bytes[start + 5] === 116) this.stream = STREAM.stdout;
    else if (bytes[start + 3] === 101 && bytes[start + 4] === 114 && bytes[start + 5] === 114)
      this.stream = STREAM.stderr;
    else return false;
    const tag = bytes[start + 7];
    if (tag !== LETTER_F && tag !== LETTER_P) return false;
    this.partial = tag === LETTER_P;
    let at = start + 8;
    if (at < end && bytes[at] === COLON) while (at < end && bytes[at] !== SPACE) at++;
    if (at < end && bytes[at] !== SPACE) return false;
    // A line may end right after its tag: an empty message whose trailing blank somebody trimmed.
    this.message = Math.min(at + 1, end);
    return true;
  }
}

/** The common case, nine digits, without a division a digit; -1 if one is no digit. */
function nineDigits(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 9; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return Number.NaN;
  return tens * 10 + ones;
}
