/**
 * Structs of Thrift's compact protocol, read and written as fields whose values stay encoded: what is not understood
 * goes through unchanged. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

/** Wire types. A bool's value is its type. */
export const THRIFT = { true: 1, false: 2, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** Called with a field: its value is the bytes from `start` to before `end`. */
export type Visit = (id: number, type: number, start: number, end: number) => void;

/** Deeper than any struct of Parquet: a file that nests deeper is broken. */
const DEPTH_MAX = 32;

/**
 * Calls `visit` with the fields of the struct at an offset; returns the offset of what comes after it. Throws RangeError
 * where the bytes are none.
 */
export function eachField(bytes: Uint8Array, at: number, visit: Visit): number {
  return visitFields(bytes, at, 0, visit);
}

/** Calls `read` with the offset of each struct of a list; it returns that of what comes after it. */
export function eachStruct(bytes: Uint8Array, at: number, read: (at: number) => number): void {
  const { type, count, start } = readListHeader(bytes, at);
  if (type !== THRIFT.struct) throw new RangeError(`a list of type ${type} at byte ${at}, not of structs`);
  let next = start;
  for (let i = 0; i < count; i++) next = read(next);
}

/** Reads a list of binary as text. */
export function readTexts(bytes: Uint8Array, at: number): string[] {
  const { type, count, start } = readListHeader(bytes, at);
  if (type !== THRIFT.binary) throw new RangeError(`a list of type ${type} at byte ${at}, not of texts`);
  const texts: string[] = [];
  let next = start;
  while (texts.length < count) {
    const end = skipValue(bytes, next, THRIFT.binary, 0);
    texts.push(Buffer.from(readBinary(bytes, next)).toString());
    next = end;
  }
  return texts;
}

/** Reads a whole number (i16, i32, i64). Throws RangeError beyond 2^53. */
export function readInteger(bytes: Uint8Array, at: number): number {
  const first = byteAt(bytes, at);
  const value = first < 0x80 ? first : readVarint(bytes, at).value;
  // Zigzag: the lowest bit is the sign.
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Reads the bytes of a binary or string; a view. */
export function readBinary(bytes: Uint8Array, at: number): Uint8Array {
  const { value: length, end } = readVarint(bytes, at);
  return bytes.subarray(end, end + length);
}

/** Encodes a field of an integer (i16, i32, i64: `type`). `last` is the id of the field before it, 0 for none. */
export function integerField(last: number, id: number, type: number, value: number): Buffer {
  return Buffer.concat([fieldHeader(last, id, type), varint(value >= 0 ? value * 2 : -value * 2 - 1)]);
}

/** Encodes a field around its encoded value. */
export function field(last: number, id: number, type: number, value: Uint8Array): Buffer {
  return Buffer.concat([fieldHeader(last, id, type), value]);
}

/** Encodes a list of structs around its encoded elements. */
export function structList(elements: readonly Uint8Array[]): Buffer {
  const { length: count } = elements;
  const header =
    count < 15 ? [Buffer.of((count << 4) | THRIFT.struct)] : [Buffer.of(0xf0 | THRIFT.struct), varint(count)];
  return Buffer.concat([...header, ...elements]);
}

function visitFields(bytes: Uint8Array, start: number, depth: number, visit: Visit | null): number {
  if (depth > DEPTH_MAX) throw new RangeError(`structs nest deeper than ${DEPTH_MAX} at byte ${start}`);
  let at = start;
  let id = 0;
  for (;;) {
    const header = byteAt(bytes, at++);
    if (header === 0) return at;
    const type = header & 0x0f;
    if (header >> 4 === 0) {
      id = readInteger(bytes, at);
      at = endOfVarint(bytes, at);
    } else id += header >> 4;
    const isBool = type === THRIFT.true || type === THRIFT.false;
    const end = isBool ? at : skipValue(bytes, at, type, depth + 1);
    if (visit !== null) visit(id, type, at, end);
    at = end;
  }
}

/** Offset of what comes after a value. A bool in a list takes a byte. */
function skipValue(bytes: Uint8Array, at: number, type: number, depth: number): number {
  const end = endOf(bytes, at, type, depth);
  if (end > bytes.length) throw new RangeError(`a value ends at byte ${end} of ${bytes.length}`);
  return end;
}

function endOf(bytes: Uint8Array, at: number, type: number, depth: number): number {
  switch (type) {
    case THRIFT.true:
    case THRIFT.false:
    case 3: // i8
      return at + 1;
    case 4: // i16
    case 5: // i32
    case THRIFT.i64:
      return endOfVarint(bytes, at);
    case 7: // double
      return at + 8;
    case THRIFT.binary: {
      const length = byteAt(bytes, at);
      if (length < 0x80) return at + 1 + length;
      const { value, end } = readVarint(bytes, at);
      return end + value;
    }
    case THRIFT.list:
    case 10: {
      const { type: elementType, count, start } = readListHeader(bytes, at);
      let end = start;
      for (let i = 0; i < count; i++) end = skipValue(bytes, end, elementType, depth);
      return end;
    }
    case THRIFT.struct:
      return visitFields(bytes, at, depth, null);
    default:
      throw new RangeError(`no type ${type} at byte ${at}`); // maps and UUIDs are in no struct of Parquet
  }
}

function readListHeader(bytes: Uint8Array, at: number): { type: number; count: number; start: number } {
  const header = byteAt(bytes, at);
  if (header >> 4 !== 15) return { type: header & 0x0f, count: header >> 4, start: at + 1 };
  const { value, end } = readVarint(bytes, at + 1);
  // Each element takes a byte at least.
  if (value > bytes.length - end) throw new RangeError(`a list of ${value} elements at byte ${at}`);
  return { type: header & 0x0f, count: value, start: end };
}

function readVarint(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  let scale = 1;
  for (let end = at; end < at + 10; end++, scale *= 128) {
    const byte = byteAt(bytes, end);
    value += (byte & 0x7f) * scale;
    if (byte >= 0x80) continue;
    if (value > Number.MAX_SAFE_INTEGER) break;
    return { value, end: end + 1 };
  }
  throw new RangeError(`no number at byte ${at}`);
}

/** A number that is not looked at may have all of its 64 bits. */
function endOfVarint(bytes: Uint8Array, at: number): number {
  for (let end = at; end < at + 10; end++) if (byteAt(bytes, end) < 0x80) return end + 1;
  throw new RangeError(`no number at byte ${at}`);
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError(`the bytes end at ${bytes.length}`);
  return byte;
}

function fieldHeader(last: number, id: number, type: number): Buffer {
  const delta = id - last;
  return delta > 0 && delta < 16 ? Buffer.of((delta << 4) | type) : Buffer.concat([Buffer.of(type), varint(id * 2)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
