/** A value that no value of a page or chunk is beyond; exact if it is one of them. */
interface Bound {
  readonly bytes: Uint8Array;
  readonly exact: boolean;
}

export interface Bounds {
  readonly min: Bound;
  readonly max: Bound;
}

/** Bounds of 64-bit integers. */
export function int64Bounds(min: bigint, max: bigint): Bounds {
  return { min: { bytes: int64(min), exact: true }, max: { bytes: int64(max), exact: true } };
}

/**
 * Bounds of strings from the smallest and the largest (valid UTF-8), long ones cut to at most `bytesMax` bytes; null
 * if the largest has nothing above it when cut. Byte order is code point order.
 */
export function textBounds(min: Uint8Array, max: Uint8Array, bytesMax: number): Bounds | null {
  const lower = min.length <= bytesMax ? { bytes: min, exact: true } : { bytes: cut(min, bytesMax), exact: false };
  if (max.length <= bytesMax) return { min: lower, max: { bytes: max, exact: true } };
  const upper = successor(cut(max, bytesMax));
  return upper && { min: lower, max: { bytes: upper, exact: false } };
}

/** The shortest text above everything that starts with `prefix`; null if there is none. */
export function successor(prefix: Uint8Array): Buffer | null {
  const points = Array.from(Buffer.from(prefix).toString(), (char) => char.codePointAt(0)!);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    // Surrogates are no characters of UTF-8.
    points.push(last === 0xd7ff ? 0xe000 : last + 1);
    return Buffer.from(String.fromCodePoint(...points));
  }
  return null;
}

/** At most `bytesMax` bytes, ending between two characters. */
function cut(text: Uint8Array, bytesMax: number): Uint8Array {
  let end = Math.min(bytesMax, text.length);
  while (end > 0 && end < text.length && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}
