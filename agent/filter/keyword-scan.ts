/**
 * Words that secrets stand behind or in, in lower case; looked for in any case. Of each the first LENGTH letters are looked at
 * first; `pwd` has less and counts if a sign of assignment is behind it: what stands before it, two blanks here, may be anything.
 */
const WORDS = [
  "  pwd",
  "passw",
  "passp",
  "bearer",
  "basic ",
  "secret",
  "token",
  "apikey",
  "api_key",
  "api-key",
  "private key",
];
const LENGTH = 5;
const SHORT = 0;
const SHORT_LETTERS = 3;

/** By two bytes, the one that is looked at and the one before it: how far the fifth letter of the next word is at least. */
const SHIFTS = new Uint8Array(1 << 16).fill(LENGTH - SHORT_LETTERS + 1);
/** By the same two bytes, and by the two before them: the words, as bits, that have them as fourth and fifth, and second and third letter. */
const [ENDS, MIDDLES] = [new Uint16Array(1 << 16), new Uint16Array(1 << 16)];

for (const [index, word] of WORDS.entries()) {
  for (let at = 1; at < LENGTH; at++)
    for (const first of bytesOf(word, index, at - 1))
      for (const second of bytesOf(word, index, at)) {
        const two = (first << 8) | second;
        SHIFTS[two] = Math.min(SHIFTS[two]!, LENGTH - 1 - at);
        if (at === LENGTH - 1) ENDS[two]! |= 1 << index;
        if (at === LENGTH - 3) MIDDLES[two]! |= 1 << index;
      }
}

/** What may stand at a place of a word. */
function bytesOf(word: string, index: number, at: number): number[] {
  if (index === SHORT && at < LENGTH - SHORT_LETTERS) return Array.from({ length: 256 }, (_, byte) => byte);
  return [...new Set([word[at]!, word[at]!.toUpperCase()])].map((letter) => letter.charCodeAt(0));
}

/**
 * Where one of the words begins next in `bytes[from, limit)`, or -1. Looks at two of three bytes (Wu and Manber, 1994): half
 * of what a regular expression takes that has to try both cases of many words.
 */
export function findKeyword(bytes: Buffer, from: number, limit: number): number {
  // In front of the first byte there may be none.
  let at = from + SHORT_LETTERS - 1;
  while (at < limit) {
    const two = (bytes[at - 1]! << 8) | bytes[at]!;
    const shift = SHIFTS[two]!;
    if (shift > 0) {
      at += shift;
      continue;
    }
    const words = ENDS[two]! & (at > 2 ? MIDDLES[(bytes[at - 3]! << 8) | bytes[at - 2]!]! : 1);
    if (words !== 0) {
      const start = wordAt(bytes, at, limit, words);
      if (start >= from) return start;
    }
    at++;
  }
  return -1;
}

/** Where one of these words begins whose fifth letter is there, or -1. */
function wordAt(bytes: Buffer, fifth: number, limit: number, words: number): number {
  for (const [index, word] of WORDS.entries()) {
    if ((words & (1 << index)) === 0) continue;
    const skipped = index === SHORT ? LENGTH - SHORT_LETTERS : 0;
    const start = fifth - LENGTH + 1;
    const end = start + word.length;
    if (end > limit || !isWord(bytes, start, word, skipped)) continue;
    if (index !== SHORT || isAssigned(bytes, end, limit)) return start + skipped;
  }
  return -1;
}

function isWord(bytes: Buffer, start: number, word: string, skipped: number): boolean {
  for (let at = skipped; at < word.length; at++) {
    const byte = bytes[start + at]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (lower !== word.charCodeAt(at)) return false;
  }
  return true;
}

/** Whether a name ends here that a value follows: perhaps quotes, blanks, and a sign. */
function isAssigned(bytes: Buffer, from: number, limit: number): boolean {
  let at = from;
  while (at < limit && bytes[at] === BACKSLASH) at++;
  if (bytes[at] === QUOTE || bytes[at] === APOSTROPHE) at++;
  while (at < limit && (bytes[at] === BLANK || bytes[at] === TAB)) at++;
  return at < limit && (bytes[at] === COLON || bytes[at] === EQUALS);
}

const TAB = 9;
const BLANK = 32;
const QUOTE = 34;
const APOSTROPHE = 39;
const COLON = 58;
const EQUALS = 61;
const BACKSLASH = 92;
