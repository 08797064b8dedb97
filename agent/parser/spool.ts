import { STREAM } from "../record.ts";
import type { LogRecord, MessageFields } from "../record.ts";
import { parseObject } from "../log-record.ts";

/**
 * The agent's own lines, for what it can't read again (agent/input/spool/): one record each.
 *
 *   <seconds>.<nanos> <stream><level><kind><flag> <payload>\n
 *   1763706000.000000042 o-m- GET /
 *   1763706000.000000042 -5fe 14 {"unit":"sshd"}two\nlines
 *
 * seconds  since 1970; nanos: nine digits
 * stream   `o`, `e`, `-` for none
 * level    1 + its index in LEVELS, `a` for the first, `b` and so on if it is that of a message that names none, `-` if only
 *          the message is to be asked
 * kind     `m`: the payload is the message
 *          `r`: the length of a JSON object in bytes, a blank, the object, the message; the object is the record, and where it
 *               has `"log":0` the message stands
 *          `f`: the same; the message is no field of the record
 *          `k`: the same, with `["name",{…}]` in place of the object: what came with the message, whose name and place in it
 *               these are; the columns have the message alone
 * flag     `e`: in the message `\` and newline are written `\\` and `\n`; `c`: the record was cut here, the next line goes
 *          on; `x`: both; `p`: its message goes on in the next line of this stream, to which it is joined; `q`: `p` and
 *          `e`; `-`: none of these
 *
 * No line is longer than SPOOL_LINE_BYTES_MAX. Those of one file have one origin, which `source.json` beside it says.
 */
export const SPOOL_LINE_BYTES_MAX = 1024 * 1024;

const SPACE = 32;
const DOT = 46;
const ZERO = 48;
const BACKSLASH = 92;
const LETTER = {
  a: 97,
  c: 99,
  e: 101,
  f: 102,
  k: 107,
  m: 109,
  n: 110,
  o: 111,
  p: 112,
  q: 113,
  r: 114,
  x: 120,
} as const;
const NANO_DIGITS = 9;

/** Reads such a line without allocating, but for the fields of those that have some: the result stands here until the next call. */
export class SpoolLine {
  seconds = 0;
  nanos = 0;
  /** By the STREAM codes. */
  stream: number = STREAM.none;
  /** As in `Batch.level`; 0: ask the message, and else it is `levelElse`. */
  level = 0;
  levelElse = 0;
  /** The record goes on in the next line. */
  cut = false;
  /** The message goes on in the next line of this stream. */
  partial = false;
  /** The message is `bytes[message, messageEnd)`. */
  message = 0;
  messageEnd = 0;
  /** `r`, `f`, `k`, or 0 for none. */
  #kind = 0;
  readonly #json = { start: 0, end: 0 };

  /**
   * Parses the line `bytes[start, end)`; false, and nothing was changed, if it is none. The message is unescaped where it
   * stands, so a line can be read once only.
   */
  parse(bytes: Buffer, start: number, end: number): boolean {
    const flags = this.#readTime(bytes, start, end);
    if (flags < 0 || flags + 5 > end || bytes[flags + 4] !== SPACE) return false;
    const [stream, level, kind, flag] = [bytes[flags]!, bytes[flags + 1]!, bytes[flags + 2]!, bytes[flags + 3]!];
    const message = kind === LETTER.m ? flags + 5 : this.#readFields(bytes, flags + 5, end, kind);
    if (message < 0) return false;
    this.#kind = kind === LETTER.m ? 0 : kind;
    this.stream = stream === LETTER.o ? STREAM.stdout : stream === LETTER.e ? STREAM.stderr : STREAM.none;
    this.level = level >= ZERO && level <= ZERO + 6 ? level - ZERO : 0;
    this.levelElse = level >= LETTER.a && level <= LETTER.f ? level - LETTER.a + 1 : 0;
    this.cut = flag === LETTER.c || flag === LETTER.x;
    this.partial = flag === LETTER.p || flag === LETTER.q;
    this.message = message;
    this.messageEnd =
      flag === LETTER.e || flag === LETTER.x || flag === LETTER.q ? unescapeInPlace(bytes, message, end) : end;
    return true;
  }

  /** The record of the line that was parsed last; null if it has a message. */
  record(bytes: Buffer): LogRecord | null {
    if (this.#kind !== LETTER.r && this.#kind !== LETTER.f) return null;
    const record = parseObject(bytes.toString("utf8", this.#json.start, this.#json.end));
    if (record !== null && this.#kind === LETTER.r)
      record["log"] = bytes.toString("utf8", this.message, this.messageEnd);
    return record;
  }

  /** What came with the message of that line; null if nothing did. */
  messageFields(bytes: Buffer): MessageFields | null {
    return this.#kind === LETTER.k ? new WrittenFields(bytes, this.#json.start, this.#json.end) : null;
  }

  /** Returns where the flags start, or -1. */
  #readTime(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let seconds = 0;
    for (; at < end && isDigit(bytes[at]!); at++) seconds = seconds * 10 + bytes[at]! - ZERO;
    if (at === start || bytes[at] !== DOT || at + NANO_DIGITS + 2 > end || bytes[at + NANO_DIGITS + 1] !== SPACE)
      return -1;
    let nanos = 0;
    for (let digit = at + 1; digit <= at + NANO_DIGITS; digit++) {
      if (!isDigit(bytes[digit]!)) return -1;
      nanos = nanos * 10 + bytes[digit]! - ZERO;
    }
    this.seconds = seconds;
    this.nanos = nanos;
    return at + NANO_DIGITS + 2;
  }

  /** Returns where the message starts, or -1. */
  #readFields(bytes: Buffer, from: number, end: number, kind: number): number {
    if (kind !== LETTER.r && kind !== LETTER.f && kind !== LETTER.k) return -1;
    let at = from;
    let length = 0;
    for (; at < end && isDigit(bytes[at]!); at++) length = length * 10 + bytes[at]! - ZERO;
    if (at === from || bytes[at] !== SPACE || at + 1 + length > end) return -1;
    this.#json.start = at + 1;
    this.#json.end = at + 1 + length;
    return at + 1 + length;
  }
}

/** Read when they are asked for: whoever wants the message alone never does. Valid as long as the bytes are. */
class WrittenFields implements MessageFields {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  #read: readonly [key: string, fields: LogRecord] | null = null;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get key(): string {
    return this.#value()[0];
  }

  get fields(): LogRecord {
    return this.#value()[1];
  }

  #value(): readonly [string, LogRecord] {
    return (this.#read ??= this.#parse());
  }

  /** Bytes that somebody has damaged have no fields. */
  #parse(): readonly [string, LogRecord] {
    try {
      return JSON.parse(this.#bytes.toString("utf8", this.#start, this.#end)) as [string, LogRecord];
    } catch {
      return ["log", { log: 0 }];
    }
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
}

function unescapeInPlace(bytes: Buffer, from: number, to: number): number {
  let write = from;
  for (let read = from; read < to; read++) {
    const isEscape = bytes[read] === BACKSLASH && read + 1 < to;
    if (isEscape) read++;
    bytes[write++] = isEscape && bytes[read] === LETTER.n ? 10 : bytes[read]!;
  }
  return write;
}
