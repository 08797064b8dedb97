import { rawJson } from "../../log-record.ts";

/**
 * MessagePack as Fluentd's forward protocol uses it (github.com/msgpack/msgpack/blob/master/spec.md). Written for senders
 * that are not to be trusted: where a value ends is found without making anything of it, a value is refused before it is
 * read if it is deeper or larger than the reader allows, and texts can be taken as the bytes that they are.
 */

/** What stands at a place is no MessagePack, or more of it than is allowed. */
export class MalformedError extends Error {}

/** Values of `MsgpackReader.kind`. */
export const KIND = {
  nil: 0,
  boolean: 1,
  number: 2,
  text: 3,
  bytes: 4,
  array: 5,
  map: 6,
  extension: 7,
  unused: 8,
} as const;
type Kind = (typeof KIND)[keyof typeof KIND];
export const KIND_NAMES = [
  "nil",
  "a boolean",
  "a number",
  "a text",
  "bytes",
  "an array",
  "a map",
  "an extension",
  "no MessagePack",
];

/** Arrays and maps inside each other: far more than any log record has. */
const DEPTH_MAX = 32;
const TOO_DEEP = `it is more than ${DEPTH_MAX} levels deep`;
/** Of `skipContent`: what is left of each level. */
const LEFT = new Float64Array(DEPTH_MAX);

/** Reads values one by one from `bytes[at, end)`. Throws MalformedError where there is none. */
export class MsgpackReader {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;
  /** Of the head that was read last. */
  kind: Kind = KIND.nil;
  /** Elements of an array, pairs of a map, bytes of a text, of bytes or of an extension. */
  size = 0;
  /** Type of an extension. */
  type = 0;
  /** Of a number, boolean or nil. Whole numbers beyond 2^53 are JSON.rawJSON objects, which keep their digits. */
  scalar: unknown = null;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** Reads what a value begins with: scalars whole; of anything else `at` is where its content begins. */
  head(): Kind {
    const { bytes, at } = this;
    if (at >= this.end) throw new MalformedError("it ends inside a value");
    const first = bytes[at]!;
    const headBytes = HEAD_BYTES[first]!;
    if (at + headBytes > this.end) throw new MalformedError("it ends inside a value");
    this.at = at + headBytes;
    this.kind = KINDS[first]! as Kind;
    if (this.kind === KIND.unused) throw new MalformedError("byte c1 begins no value");
    if (this.kind > KIND.number) {
      this.size = sizeAt(bytes, at, first);
      if (this.kind === KIND.extension) this.type = bytes.readInt8(this.at - 1);
      const isContainer = this.kind === KIND.array || this.kind === KIND.map;
      // Each element takes a byte at least.
      if (this.at + (isContainer ? childrenOf(this.kind, this.size) : this.size) > this.end)
        throw new MalformedError(`${KIND_NAMES[this.kind]} says it is larger than what there is`);
    } else this.scalar = scalarAt(bytes, at, first);
    return this.kind;
  }

  /** Takes the content of the text, the bytes or the extension whose head was read last; a view, not a copy. */
  content(): Buffer {
    const from = this.at;
    this.at += this.size;
    return this.bytes.subarray(from, this.at);
  }

  /** The value at `at` as JSON can say it: bytes as text, an extension as its bytes in base64. */
  value(depth = 0): unknown {
    this.head();
    return this.valueOfHead(depth);
  }

  /** The same of the value whose head was read last. */
  valueOfHead(depth: number): unknown {
    switch (this.kind) {
      case KIND.text:
      case KIND.bytes:
        return this.content().toString("utf8");
      case KIND.extension:
        return this.content().toString("base64");
      case KIND.array:
        return this.#elements(this.size, depth);
      case KIND.map:
        return this.#fields(this.size, depth);
      default:
        return this.scalar;
    }
  }

  /** The value at `at` as the name of a field. */
  key(): string {
    const from = this.at;
    const kind = this.head();
    if (kind === KIND.text || kind === KIND.bytes) return this.content().toString("utf8");
    this.at = from;
    return JSON.stringify(this.value(DEPTH_MAX - 1));
  }

  /** Goes past the value at `at`. Returns how many values it has inside, itself included. */
  skip(): number {
    this.head();
    return this.skipContent();
  }

  /** The same of the value whose head was read last. */
  skipContent(): number {
    let count = 1;
    let depth = 0;
    for (;;) {
      if (this.kind === KIND.array || this.kind === KIND.map) {
        if (depth >= DEPTH_MAX) throw new MalformedError(TOO_DEEP);
        LEFT[depth++] = childrenOf(this.kind, this.size);
      } else if (this.kind > KIND.number) this.at += this.size;
      while (depth > 0 && LEFT[depth - 1] === 0) depth--;
      if (depth === 0) return count;
      LEFT[depth - 1]!--;
      count++;
      this.head();
    }
  }

  /** Keys that are no texts become texts. */
  #fields(count: number, depth: number): Record<string, unknown> {
    if (depth >= DEPTH_MAX) throw new MalformedError(TOO_DEEP);
    const fields: Record<string, unknown> = {};
    for (let left = count; left > 0; left--) setField(fields, this.key(), this.value(depth + 1));
    return fields;
  }

  #elements(count: number, depth: number): unknown[] {
    if (depth >= DEPTH_MAX) throw new MalformedError(TOO_DEEP);
    const elements: unknown[] = [];
    for (let left = count; left > 0; left--) elements.push(this.value(depth + 1));
    return elements;
  }
}

/** Finds where a value ends whose bytes come piece by piece; no head is looked at twice. */
export class ValueScanner {
  #at = 0;
  #left = 1;

  /** Begins the next value. */
  reset(): void {
    this.#at = 0;
    this.#left = 1;
  }

  /** How long the value is at least, by what was seen of it. */
  get bytesMin(): number {
    return this.#at + this.#left;
  }

  /** Length of the value that begins at `start`, of which `have` bytes are there by now; -1 if it goes on behind them. */
  scan(bytes: Buffer, start: number, have: number): number {
    while (this.#left > 0) {
      if (this.#at >= have) return -1;
      const first = bytes[start + this.#at]!;
      const headBytes = HEAD_BYTES[first]!;
      if (this.#at + headBytes > have) return -1;
      const kind = KINDS[first]!;
      if (kind === KIND.unused) throw new MalformedError("byte c1 begins no value");
      const size = kind > KIND.number ? sizeAt(bytes, start + this.#at, first) : 0;
      this.#at += headBytes;
      this.#left--;
      if (kind === KIND.array || kind === KIND.map) this.#left += childrenOf(kind, size);
      else this.#at += size;
    }
    return this.#at <= have ? this.#at : -1;
  }
}

/** What the protocol's own messages are made of. Numbers are not among them. */
export type Packable = string | Buffer | boolean | readonly Packable[] | { readonly [name: string]: Packable };

/** Up to 15 elements or pairs, 255 bytes. */
export function pack(value: Packable): Buffer {
  if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === "string") return packText(Buffer.from(value));
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from([0xc4, value.length]), value]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from([0x90 | value.length]), ...value.map(pack)]);
  const pairs = Object.entries(value).flatMap(([name, each]) => [pack(name), pack(each)]);
  return Buffer.concat([Buffer.from([0x80 | (pairs.length / 2)]), ...pairs]);
}

/** Bytes as a text, which they need not be in UTF-8. */
export function packText(text: Buffer): Buffer {
  if (text.length < 32) return Buffer.concat([Buffer.from([0xa0 | text.length]), text]);
  const head = Buffer.alloc(5, 0xdb);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

/** Sets a field that a sender has named, `__proto__` perhaps. */
export function setField(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") fields[name] = value;
  else Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

function childrenOf(kind: number, size: number): number {
  return kind === KIND.map ? 2 * size : size;
}

/** By the first byte of a value: the bytes before its content, those of a scalar included. */
const HEAD_BYTES = new Uint8Array(256).fill(1);
const KINDS = new Uint8Array(256).fill(KIND.number);

function define(first: number, last: number, kind: Kind, headBytes = 1): void {
  KINDS.fill(kind, first, last + 1);
  HEAD_BYTES.fill(headBytes, first, last + 1);
}

define(0x80, 0x8f, KIND.map);
define(0x90, 0x9f, KIND.array);
define(0xa0, 0xbf, KIND.text);
define(0xc0, 0xc0, KIND.nil);
define(0xc1, 0xc1, KIND.unused);
define(0xc2, 0xc3, KIND.boolean);
for (const [index, sizeBytes] of [1, 2, 4].entries()) {
  define(0xc4 + index, 0xc4 + index, KIND.bytes, 1 + sizeBytes);
  define(0xc7 + index, 0xc7 + index, KIND.extension, 2 + sizeBytes);
  define(0xd9 + index, 0xd9 + index, KIND.text, 1 + sizeBytes);
}
define(0xca, 0xca, KIND.number, 5);
define(0xcb, 0xcb, KIND.number, 9);
for (const [index, bytes] of [1, 2, 4, 8].entries()) {
  define(0xcc + index, 0xcc + index, KIND.number, 1 + bytes);
  define(0xd0 + index, 0xd0 + index, KIND.number, 1 + bytes);
}
define(0xd4, 0xd8, KIND.extension, 2);
for (const [index, sizeBytes] of [2, 4].entries()) {
  define(0xdc + index, 0xdc + index, KIND.array, 1 + sizeBytes);
  define(0xde + index, 0xde + index, KIND.map, 1 + sizeBytes);
}

/** Elements, pairs or bytes, as the head at `at` says. */
function sizeAt(bytes: Buffer, at: number, first: number): number {
  if (first < 0xa0) return first & 0x0f;
  if (first < 0xc0) return first & 0x1f;
  switch (first) {
    case 0xc4:
    case 0xc7:
    case 0xd9:
      return bytes[at + 1]!;
    case 0xc5:
    case 0xc8:
    case 0xda:
    case 0xdc:
    case 0xde:
      return bytes.readUInt16BE(at + 1);
    case 0xc6:
    case 0xc9:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return bytes.readUInt32BE(at + 1);
    default:
      return 1 << (first - 0xd4);
  }
}

function scalarAt(bytes: Buffer, at: number, first: number): unknown {
  if (first < 0x80) return first;
  if (first >= 0xe0) return first - 256;
  switch (first) {
    case 0xc0:
      return null;
    case 0xc2:
    case 0xc3:
      return first === 0xc3;
    case 0xca:
      return bytes.readFloatBE(at + 1);
    case 0xcb:
      return bytes.readDoubleBE(at + 1);
    case 0xcc:
      return bytes[at + 1]!;
    case 0xcd:
      return bytes.readUInt16BE(at + 1);
    case 0xce:
      return bytes.readUInt32BE(at + 1);
    case 0xcf:
      return wholeNumber(bytes.readBigUInt64BE(at + 1));
    case 0xd0:
      return bytes.readInt8(at + 1);
    case 0xd1:
      return bytes.readInt16BE(at + 1);
    case 0xd2:
      return bytes.readInt32BE(at + 1);
    default:
      return wholeNumber(bytes.readBigInt64BE(at + 1));
  }
}

function wholeNumber(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : rawJson(String(value));
}
