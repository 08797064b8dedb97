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
/** "stdo", "out ", "stde" and "err " as big-endian words. */
const STDO = 0x7374646f;
const OUT_SPACE = 0x6f757420;
const STDE = 0x73746465;
const ERR_SPACE = 0x65727220;

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

  /** The text of the second that was read last, and its value. */
  readonly #cached = new DataView(new ArrayBuffer(SECONDS_TEXT_BYTES));
  #cachedSeconds = Number.NaN;
  #bytes: Uint8Array | null = null;
  #view: DataView = this.#cached;

  /** Parses the line `bytes[start, end)`; false if it is not a CRI line. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    // The shortest line: 2026-11-21T05:47:53Z stdout F
    if (end - start < 29) return false;
    const afterTime = this.readTime(bytes, start, end);
    // ` stdout F`
    if (afterTime < 0 || afterTime + 9 > end || bytes[afterTime] !== SPACE) return false;
    return this.#readStreamAndTag(bytes, afterTime + 1, end);
  }

  /** Reads `<RFC3339Nano>` into `seconds` and `nanos`; returns the offset after it, or -1. */
  readTime(bytes: Uint8Array, start: number, end: number): number {
    // 2026-11-21T05:47:53Z
    if (end - start < 20 || bytes[start + 10] !== LETTER_T) return -1;
    if (!this.#isCachedSecond(bytes, start) && !this.#readSecond(bytes, start)) return -1;
    this.seconds = this.#cachedSeconds;
    const zone = this.#readFraction(bytes, start + SECONDS_TEXT_BYTES, end);
    return bytes[zone] === LETTER_Z ? zone + 1 : this.#readOffset(bytes, zone, end);
  }

  /** In words instead of bytes: a third of the time that all of a prefix takes. */
  #isCachedSecond(bytes: Uint8Array, start: number): boolean {
    if (this.#bytes !== bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.#view;
    const cached = this.#cached;
    return (
      view.getUint32(start + 15) === cached.getUint32(15) &&
      view.getUint32(start + 12) === cached.getUint32(12) &&
      view.getUint32(start + 8) === cached.getUint32(8) &&
      view.getUint32(start + 4) === cached.getUint32(4) &&
      view.getUint32(start) === cached.getUint32(0)
    );
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
    for (let i = 0; i < SECONDS_TEXT_BYTES; i++) this.#cached.setUint8(i, bytes[start + i]!);
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
    // "stdout " or "stderr ": in words, as `#isCachedSecond` did for this very buffer's view; the line is long enough.
    const head = this.#view.getUint32(start);
    const tail = this.#view.getUint32(start + 3);
    if (head === STDO && tail === OUT_SPACE) this.stream = STREAM.stdout;
    else if (head === STDE && tail === ERR_SPACE) this.stream = STREAM.stderr;
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

/** The common case, nine digits, without a branch a digit; -1 if one is no digit. */
function nineDigits(bytes: Uint8Array, at: number): number {
  const a = bytes[at]! - 48;
  const b = bytes[at + 1]! - 48;
  const c = bytes[at + 2]! - 48;
  const d = bytes[at + 3]! - 48;
  const e = bytes[at + 4]! - 48;
  const f = bytes[at + 5]! - 48;
  const g = bytes[at + 6]! - 48;
  const h = bytes[at + 7]! - 48;
  const i = bytes[at + 8]! - 48;
  // Negative if any digit or its distance to nine is.
  const below = a | b | c | d | e | f | g | h | i;
  const above = (9 - a) | (9 - b) | (9 - c) | (9 - d) | (9 - e) | (9 - f) | (9 - g) | (9 - h) | (9 - i);
  if ((below | above) < 0) return -1;
  return ((a * 100 + b * 10 + c) * 1000 + (d * 100 + e * 10 + f)) * 1000 + (g * 100 + h * 10 + i);
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48;
  const ones = bytes[at + 1]! - 48;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) return Number.NaN;
  return tens * 10 + ones;
}
