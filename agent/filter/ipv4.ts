const DOT = 46;
const ZERO = 48;
const NINE = 57;

/**
 * Writes `bytes[from, to)` to `target` with `instead` for each IPv4 address; returns the end, or -1 if there is none, and
 * nothing is to be used then. The target has room: `room` says how much.
 */
export function writeWithoutIpv4(bytes: Buffer, from: number, to: number, target: Buffer, instead: Buffer): number {
  let end = 0;
  let copied = from;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte !== DOT && !isDigit(byte)) continue;
    const last = byte === DOT ? -1 : addressEnd(bytes, at, to);
    if (last > 0) {
      end += bytes.copy(target, end, copied, at);
      end += instead.copy(target, end);
      copied = at = last;
      continue;
    }
    // No address begins inside of digits and dots.
    while (at + 1 < to && (isDigit(bytes[at + 1]!) || bytes[at + 1] === DOT)) at++;
  }
  return copied === from ? -1 : end + bytes.copy(target, end, copied, to);
}

/** The least that an address has, by which `instead` may be longer. */
const ADDRESS_BYTES_MIN = 7;

export function room(bytes: number, instead: Buffer): number {
  return bytes + Math.ceil(bytes / ADDRESS_BYTES_MIN) * instead.length;
}

/** Where the address that begins at `at` ends, or -1: four numbers up to 255, and no more numbers behind another dot. */
function addressEnd(bytes: Buffer, at: number, to: number): number {
  let end = at;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[end++] !== DOT) return -1;
    const start = end;
    while (end < to && isDigit(bytes[end]!)) end++;
    if (end > to || !isOctet(bytes, start, end)) return -1;
  }
  return end + 1 < to && bytes[end] === DOT && isDigit(bytes[end + 1]!) ? -1 : end;
}

function isOctet(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 3) return end > start;
  const [hundreds, tens, ones] = [bytes[start]! - ZERO, bytes[start + 1]! - ZERO, bytes[start + 2]! - ZERO];
  return end - start === 3 && hundreds > 0 && hundreds * 100 + tens * 10 + ones <= 255;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
