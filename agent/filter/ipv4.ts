const DOT = 46;
const ZERO = 48;
const NINE = 57;

/** Where the address begins whose first dot is at `dot`, not before `from`; -1 if it can't be the first. */
export function addressStart(bytes: Uint8Array, dot: number, from: number): number {
  let start = dot;
  while (start > from && isDigit(bytes[start - 1]!)) start--;
  return start === dot || (start > from && bytes[start - 1] === DOT) ? -1 : start;
}

/** Where the address that begins at `at` ends, `to` at most, or -1: four numbers up to 255, and no more of them behind another dot. */
export function addressEnd(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[end++] !== DOT) return -1;
    const start = end;
    while (end < to && isDigit(bytes[end]!)) end++;
    if (end > to || !isOctet(bytes, start, end)) return -1;
  }
  return end + 1 < to && bytes[end] === DOT && isDigit(bytes[end + 1]!) ? -1 : end;
}

function isOctet(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 3) return end > start;
  const [hundreds, tens, ones] = [bytes[start]! - ZERO, bytes[start + 1]! - ZERO, bytes[start + 2]! - ZERO];
  return end - start === 3 && hundreds > 0 && hundreds * 100 + tens * 10 + ones <= 255;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}
