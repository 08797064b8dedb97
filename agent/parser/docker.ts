import { STREAM } from "../record.ts";
import { CriPrefix } from "./cri.ts";

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE_LETTER = 110;
const HEAD = Buffer.from('{"log":"');
const STREAM_KEY = Buffer.from(',"stream":"std');
const TIME_KEY = Buffer.from('"time":"');
/** A time, its key and the brackets: as far before the line's end as the key may stand. */
const TIME_BYTES_MAX = 48;

/**
 * Reads a line of Docker's json-file driver, `{"log":"…\n","stream":"stdout","time":"<RFC3339Nano>"}` with `attrs` perhaps
 * between the last two, from bytes and without allocating: the result stands in the fields until the next call. The
 * message is unescaped where it stands, which makes it shorter, so that it can be read once only.
 */
export class DockerLine {
  /** Whole seconds since 1970 and the nanoseconds after them. */
  seconds = 0;
  nanos = 0;
  /** STREAM.stdout or STREAM.stderr. */
  stream: number = STREAM.none;
  /** The message does not end with a newline: the record goes on in the next line of this stream. */
  partial = false;
  /** The message is `bytes[message, messageEnd)`, without its newline. */
  message = 0;
  messageEnd = 0;

  readonly #clock = new CriPrefix();

  /** Parses the line `bytes[start, end)`; false, and nothing was changed, if it is not one of Docker's. */
  parse(bytes: Buffer, start: number, end: number): boolean {
    if (!startsWith(bytes, HEAD, start, end)) return false;
    const message = start + HEAD.length;
    const close = stringEnd(bytes, message, end);
    if (close < 0 || !startsWith(bytes, STREAM_KEY, close + 1, end)) return false;
    const name = close + 1 + STREAM_KEY.length;
    const stream = this.#streamAt(bytes, name);
    if (stream === STREAM.none || !this.#readTime(bytes, name, end)) return false;
    const hasNewline = bytes[close - 1] === NEWLINE_LETTER && isEscape(bytes, message, close - 2);
    this.stream = stream;
    this.partial = !hasNewline;
    this.message = message;
    this.messageEnd = unescapeInPlace(bytes, message, hasNewline ? close - 2 : close);
    return true;
  }

  #streamAt(bytes: Buffer, at: number): number {
    if (bytes[at + 3] !== QUOTE) return STREAM.none;
    const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    if (a === 111 && b === 117 && c === 116) return STREAM.stdout;
    return a === 101 && b === 114 && c === 114 ? STREAM.stderr : STREAM.none;
  }

  /** The time is the last field. */
  #readTime(bytes: Buffer, from: number, end: number): boolean {
    let last = end;
    while (last > from && bytes[last - 1]! <= 32) last--;
    if (bytes[last - 1] !== 125 || bytes[last - 2] !== QUOTE) return false;
    const key = bytes.indexOf(TIME_KEY, Math.max(from, last - TIME_BYTES_MAX));
    if (key < 0 || key >= last) return false;
    const after = this.#clock.readTime(bytes, key + TIME_KEY.length, last - 2);
    this.seconds = this.#clock.seconds;
    this.nanos = this.#clock.nanos;
    return after === last - 2;
  }
}

function startsWith(bytes: Buffer, text: Buffer, at: number, end: number): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** Where the quote stands that ends the string at `from`, or -1. */
function stringEnd(bytes: Buffer, from: number, end: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at >= 0 && at < end; at = bytes.indexOf(QUOTE, at + 1)) {
    if (!isEscaped(bytes, from, at)) return at;
  }
  return -1;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(bytes: Buffer, from: number, at: number): boolean {
  let first = at;
  while (first > from && bytes[first - 1] === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** Whether a backslash stands at `at` which is not itself escaped. */
function isEscape(bytes: Buffer, from: number, at: number): boolean {
  return at >= from && bytes[at] === BACKSLASH && !isEscaped(bytes, from, at);
}

/** Resolves JSON's escapes in `bytes[from, to)`; returns where the text ends now. What JSON does not know stays. */
function unescapeInPlace(bytes: Buffer, from: number, to: number): number {
  let read = bytes.indexOf(BACKSLASH, from);
  if (read < 0 || read >= to) return to;
  let write = read;
  while (read < to) {
    const next = bytes.indexOf(BACKSLASH, read);
    const plainEnd = next < 0 || next > to ? to : next;
    if (write !== read) bytes.copyWithin(write, read, plainEnd);
    write += plainEnd - read;
    read = plainEnd;
    if (read + 1 >= to) break;
    const letter = bytes[read + 1]!;
    const simple = SIMPLE[letter]!;
    if (simple !== 0) {
      bytes[write++] = simple;
      read += 2;
    } else if (letter === 117 && read + 6 <= to) {
      const { code, length } = codeAt(bytes, read, to);
      write += bytes.write(String.fromCodePoint(code), write);
      read += length;
    } else {
      bytes[write++] = BACKSLASH;
      read++;
    }
  }
  return write;
}

/** By the letter behind the backslash; 0 where there is none. */
const SIMPLE = new Uint8Array(256);
for (const [letter, char] of Object.entries({ n: 10, t: 9, r: 13, b: 8, f: 12, '"': 34, "\\": 92, "/": 47 }))
  SIMPLE[letter.charCodeAt(0)] = char;

const REPLACEMENT = 0xfffd;

/** The character of `\uXXXX`, or of a pair; half a pair is U+FFFD, which needs no more bytes than its escape. */
function codeAt(bytes: Buffer, at: number, to: number): { code: number; length: number } {
  const high = unitAt(bytes, at);
  if (high < 0xd800 || high > 0xdfff) return { code: high, length: 6 };
  const isPair = high < 0xdc00 && at + 12 <= to && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 117;
  const low = isPair ? unitAt(bytes, at + 6) : 0;
  if (low < 0xdc00 || low > 0xdfff) return { code: REPLACEMENT, length: 6 };
  return { code: 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), length: 12 };
}

function unitAt(bytes: Buffer, at: number): number {
  const unit = Number.parseInt(bytes.toString("latin1", at + 2, at + 6), 16);
  return Number.isNaN(unit) ? REPLACEMENT : unit;
}
