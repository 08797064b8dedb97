/**
 * Decodes the values of pages in the encodings that logq's own encoder writes (parquet/).
 * https://github.com/apache/parquet-format/blob/master/Encodings.md
 *
 * All of them throw RangeError where the bytes are no such values, or not as many as said.
 */

/** Reads `count` numbers of RLE and bit-packed runs into `out` from `at` on. */
export function readRle(bytes: Buffer, bitWidth: number, out: Uint32Array, at: number, count: number): void {
  if (bitWidth > 24) throw new RangeError(`dictionary ids of ${bitWidth} bits`);
  const end = at + count;
  const reader = { at: 0 };
  while (at < end) {
    const header = readVarint(bytes, reader);
    if (header % 2 === 0) {
      let value = 0;
      for (let shift = 0; shift < bitWidth; shift += 8) value |= byteAt(bytes, reader.at++) << shift;
      const next = at + header / 2;
      if (next > end) throw new RangeError(`a run ends ${next - end} values behind the last one`);
      out.fill(value, at, next);
      at = next;
    } else {
      const groups = (header - 1) / 2;
      const packedEnd = reader.at + groups * bitWidth;
      if (packedEnd > bytes.length) throw new RangeError(`a packed run ends at byte ${packedEnd} of ${bytes.length}`);
      const next = Math.min(end, at + groups * 8);
      unpackSmall(bytes, reader.at, bitWidth, out, at, next);
      reader.at = packedEnd;
      at = next;
    }
  }
}

/** Values of DELTA_BINARY_PACKED: `first`, and all of them as differences from it, exact below 2^53. */
export function readDeltas(bytes: Buffer, out: Float64Array, at: number): { first: bigint; count: number } {
  const reader = { at: 0 };
  const blockValues = readVarint(bytes, reader);
  const miniblocks = readVarint(bytes, reader);
  const count = readVarint(bytes, reader);
  const first = readZigzag(bytes, reader);
  const miniValues = blockValues / miniblocks;
  if (!Number.isInteger(miniValues) || miniValues % 32 !== 0 || at + count > out.length)
    throw new RangeError(`${count} values in blocks of ${blockValues} in ${miniblocks} parts`);
  const end = at + count;
  if (count > 0) out[at++] = 0;
  let value = 0;
  while (at < end) {
    const min = Number(readZigzag(bytes, reader));
    if (!Number.isSafeInteger(min)) throw new RangeError("values that are more than 2^53 apart");
    const widthsAt = reader.at;
    reader.at += miniblocks;
    for (let mini = 0; mini < miniblocks && at < end; mini++) {
      const width = byteAt(bytes, widthsAt + mini);
      if (width > 53) throw new RangeError(`differences of ${width} bits`);
      const next = Math.min(end, at + miniValues);
      const packedEnd = reader.at + (miniValues * width) / 8;
      if (packedEnd > bytes.length) throw new RangeError(`a part ends at byte ${packedEnd} of ${bytes.length}`);
      for (let bit = reader.at * 8; at < next; bit += width) {
        value += min + bitsAt(bytes, bit, width);
        out[at++] = value;
      }
      reader.at = packedEnd;
    }
  }
  if (!Number.isSafeInteger(value)) throw new RangeError("values that are more than 2^53 apart");
  return { first, count };
}

/** Where the values of a PLAIN page of byte arrays lie: `count` of them, that fill the page. */
export function readPlain(bytes: Buffer, start: Uint32Array, end: Uint32Array, at: number, count: number): void {
  let offset = 0;
  for (let row = at; row < at + count; row++) {
    if (offset + 4 > bytes.length) throw new RangeError(`the page ends at byte ${bytes.length}, in a length`);
    const from = offset + 4;
    offset =
      from + (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16)) + bytes[offset + 3]! * 2 ** 24;
    start[row] = from;
    end[row] = offset;
  }
  if (offset !== bytes.length) throw new RangeError(`values end at byte ${offset} of ${bytes.length}`);
}

function unpackSmall(bytes: Buffer, from: number, width: number, out: Uint32Array, at: number, end: number): void {
  const mask = (1 << width) - 1;
  let bits = 0;
  let held = 0;
  for (; at < end; at++) {
    for (; held < width; held += 8) bits |= bytes[from++]! << held;
    out[at] = bits & mask;
    bits >>>= width;
    held -= width;
  }
}

/** A number of up to 53 bits, least significant bit first. */
function bitsAt(bytes: Buffer, bit: number, width: number): number {
  let at = bit >>> 3;
  const skipped = bit & 7;
  let value = bytes[at++]! >>> skipped;
  let got = 8 - skipped;
  // The last byte may have bits of the next number.
  if (got >= width) return value & ((1 << width) - 1);
  let scale = 2 ** got;
  for (; width - got >= 8; got += 8, scale *= 256) value += bytes[at++]! * scale;
  return got === width ? value : value + (bytes[at]! & ((1 << (width - got)) - 1)) * scale;
}

interface Reader {
  at: number;
}

function readVarint(bytes: Buffer, reader: Reader): number {
  let value = 0;
  for (let scale = 1; scale < 2 ** 49; scale *= 128) {
    const byte = byteAt(bytes, reader.at++);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
  throw new RangeError(`no number at byte ${reader.at}`);
}

/** All 64 bits. */
function readZigzag(bytes: Buffer, reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = byteAt(bytes, reader.at++);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value & 1n ? -(value >> 1n) - 1n : value >> 1n;
  }
  throw new RangeError(`no number at byte ${reader.at}`);
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError(`the bytes end at ${bytes.length}`);
  return byte;
}
