/** What bytes are to the masker. */

/** a-f and A-F. */
const HEX = 1;
/** Other letters, `_`, `$` and everything beyond ASCII. */
export const LETTER = 2;
export const DIGIT = 4;
export const WORD = HEX | LETTER | DIGIT;
export const BLANK = 8;
export const QUOTE = 16;
/** Line feed, and what stands after a message. */
export const END = 32;
/** Other control characters; they are left out. */
const CONTROL = 64;
/** Punctuation that may start a value. */
const SIGN = 128;

export const KINDS = makeKinds();

function makeKinds(): Uint8Array {
  const kinds = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) kinds[byte] = kindOf(byte);
  return kinds;
}

function kindOf(byte: number): number {
  const char = String.fromCharCode(byte);
  if (byte >= 0x80 || /[g-zG-Z_$]/.test(char)) return LETTER;
  if (/[a-fA-F]/.test(char)) return HEX;
  if (/\d/.test(char)) return DIGIT;
  if (char === " " || char === "\t") return BLANK;
  if (/["'`]/.test(char)) return QUOTE;
  if (char === "\n") return END;
  if (/[/+:-]/.test(char)) return SIGN;
  return byte < 0x20 || byte === 0x7f ? CONTROL : 0;
}

export function isControl(byte: number): boolean {
  return (KINDS[byte]! & CONTROL) !== 0;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

export function isWord(byte: number): boolean {
  return (KINDS[byte]! & WORD) !== 0;
}

export function isHex(byte: number): boolean {
  return (KINDS[byte]! & (HEX | DIGIT)) !== 0;
}
