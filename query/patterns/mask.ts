/** Replaces what varies in a message by masks: numbers, times, addresses, paths, quoted texts. Works on bytes, once over them. */
import { BLANK, DIGIT, END, KINDS, LETTER, QUOTE, WORD, isControl, isDigit, isHex, isWord } from "./kinds.ts";
import { addMask, maskCode, type Masked } from "./masked.ts";
import { clockEnd, namedTimeEnd, numericTimeEnd } from "./times.ts";
import { addressEnd, emailEnd, macEnd, numberEnd, pathEnd, quoteEnd, requestPath, sizeEnd, uuidEnd } from "./values.ts";

const [NUM, HEX_CODE, ID, UUID, IP] = (["num", "hex", "id", "uuid", "ip"] as const).map(maskCode) as [
  number,
  number,
  number,
  number,
  number,
];
const [MAC, TIME, PATH, URL, EMAIL, STR] = (["mac", "time", "path", "url", "email", "str"] as const).map(maskCode) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const [SPACE, SLASH, COLON, DASH, PLUS, ESCAPE, AT, BACKSLASH, UNDERSCORE, DOT, PERCENT] = [
  0x20, 0x2f, 0x3a, 0x2d, 0x2b, 0x1b, 0x40, 0x5c, 0x5f, 0x2e, 0x25,
];

/** Masks one line up to `to`, where a line feed stands; returns where it ended. */
export function maskText(bytes: Uint8Array, from: number, to: number, masked: Masked): number {
  const { out } = masked;
  const first = masked.length;
  // Kept here where no function is called: it changes with each byte.
  let length = first;
  let at = from;
  /** The end of a quoted text that is not masked as a whole. */
  let closing = -1;
  while (at < to) {
    let byte = bytes[at]!;
    let kind = KINDS[byte]!;
    if ((kind & WORD) !== 0) {
      const start = at;
      let kinds = 0;
      do {
        kinds |= kind;
        out[length++] = byte;
        byte = bytes[++at]!;
        kind = KINDS[byte]!;
      } while ((kind & WORD) !== 0);
      if ((kinds & DIGIT) === 0) {
        const after = AFTER[byte]!;
        if (after === 0 || (after === 1 && at - start !== 3)) continue;
      }
      masked.length = length - (at - start);
      if (kinds === DIGIT) at = maskDigits(bytes, start, at, masked);
      else at = maskWord(bytes, start, at, kinds, masked, first);
      length = masked.length;
    } else if (kind === 0) {
      out[length++] = byte;
      at += 1;
    } else if ((kind & BLANK) !== 0) {
      if (length > first && out[length - 1] !== SPACE) out[length++] = SPACE;
      at += 1;
    } else if ((kind & QUOTE) !== 0) {
      masked.length = length;
      const end = at === closing ? -1 : quotedEnd(bytes, at, to, masked);
      const isKept = end > 0 && isKeptText(bytes, at, end, masked);
      if (isKept) closing = end;
      at = end > 0 && !isKept ? maskQuoted(bytes, at, end, masked) : copy(bytes, at, at + 1, masked);
      length = masked.length;
    } else if ((kind & END) !== 0) break;
    else {
      masked.length = length;
      at = maskOther(bytes, at, masked);
      length = masked.length;
    }
  }
  while (length > first && out[length - 1] === SPACE) length -= 1;
  masked.length = length;
  return at;
}

/** What may follow a word that is more than one: 1 after three letters alone. */
const AFTER = new Uint8Array(256);
AFTER[SPACE] = 1;
AFTER[0x2c] = 1;
for (const byte of [COLON, AT, DASH]) AFTER[byte] = 2;

/**
 * A run of letters and digits from `start` to `end`. It is written already, but not counted in the length. Returns where to
 * go on.
 */
function maskWord(bytes: Uint8Array, start: number, end: number, kinds: number, masked: Masked, first: number): number {
  const next = bytes[end]!;
  const isHexOnly = (kinds & LETTER) === 0;
  const length = end - start;
  if (isHexOnly && length === 8 && next === DASH) {
    const uuid = uuidEnd(bytes, start);
    if (uuid > 0) return mask(masked, UUID, start, uuid);
  }
  if (isHexOnly && length <= 4 && next === COLON) {
    const mac = macEnd(bytes, start);
    if (mac > 0) return mask(masked, MAC, start, mac);
  }
  if (isDigit(bytes[start]!)) return maskNumber(bytes, start, end, kinds, masked);
  if (isHexOnly && length <= 4 && next === COLON) {
    const address = addressEnd(bytes, start);
    if (address > 0) return mask(masked, IP, start, address);
  }
  if ((kinds & DIGIT) === 0) {
    if (length === 3) {
      const time = namedTimeEnd(bytes, start);
      if (time > 0) return mask(masked, TIME, start, time);
    }
    if (next === COLON && bytes[end + 1] === SLASH && bytes[end + 2] === SLASH) {
      return mask(masked, URL, start, pathEnd(bytes, end + 3));
    }
    if (length === 1 && next === COLON && bytes[end + 1] === BACKSLASH) {
      return mask(masked, PATH, start, pathEnd(bytes, end + 2));
    }
  }
  if (next === AT) {
    const email = emailEnd(bytes, end);
    if (email > 0) return mask(masked, EMAIL, rewind(bytes, start, masked, first), email);
  }
  if ((kinds & DIGIT) === 0) {
    masked.length += length;
    return end;
  }
  if (masked.length === first && length === 5 && next === SPACE && KLOG_LEVELS.includes(bytes[start]!)) {
    // klog: the level's letter, month and day, the time.
    const clock = clockEnd(bytes, end + 1);
    if (clock > 0) return mask(masked, TIME, copy(bytes, start, start + 1, masked), clock);
  }
  return maskMixed(bytes, start, end, isHexOnly, masked);
}

/** What may follow digits that are not a number by themselves. */
const AFTER_DIGITS = new Uint8Array(256);
for (const byte of [SPACE, COLON, DASH, SLASH, DOT, PERCENT]) AFTER_DIGITS[byte] = 1;

/** A run of digits from `start` to `end`, written as `maskWord` has it. */
function maskDigits(bytes: Uint8Array, start: number, end: number, masked: Masked): number {
  const next = bytes[end]!;
  if (AFTER_DIGITS[next] === 0) return mask(masked, NUM, start, end);
  const length = end - start;
  if (next === DASH && length === 8) {
    const uuid = uuidEnd(bytes, start);
    if (uuid > 0) return mask(masked, UUID, start, uuid);
  }
  if (next === COLON && length <= 4) {
    const mac = macEnd(bytes, start);
    if (mac > 0) return mask(masked, MAC, start, mac);
  }
  if (next === COLON || next === DASH || next === SLASH || (next === SPACE && isWord(bytes[end + 1]!))) {
    const time = numericTimeEnd(bytes, start, length);
    if (time > 0) return mask(masked, TIME, start, time);
  }
  if (next === DOT || next === COLON) {
    const address = addressEnd(bytes, start);
    if (address > 0) return mask(masked, IP, start, address);
  }
  if (next !== DOT && next !== PERCENT) return mask(masked, NUM, start, sizeEnd(bytes, end));
  return maskNumber(bytes, start, end, DIGIT, masked);
}

/** What starts with a digit and is more. */
function maskNumber(bytes: Uint8Array, start: number, end: number, kinds: number, masked: Masked): number {
  const number = numberEnd(bytes, start);
  if (number > 0) return mask(masked, NUM, start, sizeEnd(bytes, number));
  return maskMixed(bytes, start, end, (kinds & LETTER) === 0, masked);
}

const KLOG_LEVELS = Buffer.from("IWEF");
const HEX_LENGTH_MIN = 7;
const ID_LENGTH_MIN = 16;

/** Letters and digits: as a whole if they look random, else the numbers in it: `worker12`, `container_1445_0020`. */
function maskMixed(bytes: Uint8Array, start: number, end: number, isHexOnly: boolean, masked: Masked): number {
  if (isHexOnly && end - start >= HEX_LENGTH_MIN) return mask(masked, HEX_CODE, start, suffixEnd(bytes, end));
  let part = start;
  while (part < end) {
    if (isBetween(bytes[part]!)) {
      part = copy(bytes, part, part + 1, masked);
      continue;
    }
    let stop = part;
    let changes = 0;
    let digits = -1;
    while (stop < end && !isBetween(bytes[stop]!)) {
      if (stop > part && isDigit(bytes[stop]!) !== isDigit(bytes[stop - 1]!)) changes += 1;
      if (digits < 0 && isDigit(bytes[stop]!)) digits = stop;
      stop += 1;
    }
    if (digits < 0) copy(bytes, part, stop, masked);
    else if (changes === 0) addMask(masked, NUM, part, stop);
    else if (changes === 1 && digits > part && stop - part < ID_LENGTH_MIN) {
      // `v1.2.3` is one number.
      if (stop === end) stop = Math.max(stop, numberEnd(bytes, digits));
      mask(masked, NUM, copy(bytes, part, digits, masked), stop);
    } else {
      if (stop === end) stop = suffixEnd(bytes, end);
      addMask(masked, ID, part, stop);
    }
    part = stop;
  }
  return part;
}

/** Whether numbers on both sides are two: `rdd_21_0`, `第3次`. */
function isBetween(byte: number): boolean {
  return byte === UNDERSCORE || byte >= 0x80;
}

/** The end of a pod's name: what Kubernetes makes random names of has no vowels, `7c5ddbdf54-x2k9p`. */
function suffixEnd(bytes: Uint8Array, end: number): number {
  if (bytes[end] !== DASH || isWord(bytes[end + 6]!)) return end;
  for (let at = end + 1; at < end + 6; at++) if (!isSuffix(bytes[at]!)) return end;
  return end + 6;
}

function isSuffix(byte: number): boolean {
  return (
    (byte >= 0x62 && byte <= 0x7a && !"eiou".includes(String.fromCharCode(byte))) || (byte >= 0x32 && byte <= 0x39)
  );
}

/** Where a quoted text closes, or -1 where the quote is just a character. */
function quotedEnd(bytes: Uint8Array, at: number, to: number, { out, length }: Masked): number {
  const before = length === 0 ? SPACE : out[length - 1]!;
  return isWord(before) || before < SPACE ? -1 : quoteEnd(bytes, at, to);
}

/** Whether a quoted text is masked inside, not as a whole: it is empty, a key, or says what happened. */
function isKeptText(bytes: Uint8Array, at: number, end: number, masked: Masked): boolean {
  return end === at + 1 || bytes[end + 1] === COLON || isMessage(masked, bytes, at);
}

function maskQuoted(bytes: Uint8Array, at: number, end: number, masked: Masked): number {
  const path = requestPath(bytes, at + 1, end);
  const start = path > 0 ? copy(bytes, at, path, masked) : copy(bytes, at, at + 1, masked);
  addMask(masked, path > 0 ? PATH : STR, start, end);
  return copy(bytes, end, end + 1, masked);
}

const MESSAGE_KEYS = ["msg=", "message=", "err=", "error=", "reason=", "event="].map((key) => Buffer.from(key));
const KLOG_END = Buffer.from("] ");

/** Whether a quoted text says what happened: it is the value of `msg=`, or klog's message. */
function isMessage({ out, length }: Masked, bytes: Uint8Array, at: number): boolean {
  const last = out[length - 1]!;
  if (last === 0x3d) {
    for (const key of MESSAGE_KEYS) if (endsWith(out, length, key)) return true;
    return false;
  }
  return bytes[at] === 0x22 && endsWith(out, length, KLOG_END);
}

function endsWith(out: Buffer, length: number, text: Buffer): boolean {
  if (length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (out[length - text.length + i] !== text[i]) return false;
  return true;
}

/** Signs, slashes and colons, which may start a value, and control characters. */
function maskOther(bytes: Uint8Array, at: number, masked: Masked): number {
  const { out } = masked;
  const byte = bytes[at]!;
  const before = masked.length === 0 ? SPACE : out[masked.length - 1]!;
  const isStart = !isWord(before) && before >= SPACE;
  const next = bytes[at + 1]!;
  if (byte === SLASH && isStart && before !== SLASH && (isWord(next) || next === 0x2e)) {
    const address = isDigit(next) ? addressEnd(bytes, at + 1) : -1;
    if (address > 0) return mask(masked, IP, copy(bytes, at, at + 1, masked), address);
    return mask(masked, PATH, at, pathEnd(bytes, at));
  }
  if ((byte === DASH || byte === PLUS) && isStart && before !== byte && isDigit(next)) {
    const number = numberEnd(bytes, at + 1);
    if (number > 0) return mask(masked, NUM, at, number);
  }
  if (byte === COLON && next === COLON && isStart && isHex(bytes[at + 2]!)) {
    const address = addressEnd(bytes, at);
    if (address > 0) return mask(masked, IP, at, address);
  }
  if (byte === ESCAPE) return colourEnd(bytes, at);
  if (!isControl(byte)) out[masked.length++] = byte;
  return at + 1;
}

/** After the colours and cursor movements of terminals. */
function colourEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== 0x5b) return at + 1;
  let end = at + 2;
  while (isDigit(bytes[end]!) || bytes[end] === 0x3b) end += 1;
  return KINDS[bytes[end]!]! & END ? end : end + 1;
}

/** Takes back what belongs to the local part of an e-mail address; returns where it starts in the message. */
function rewind(bytes: Uint8Array, start: number, masked: Masked, first: number): number {
  let at = start;
  while (masked.length > first && at > 0) {
    const byte = bytes[at - 1]!;
    if (byte !== masked.out[masked.length - 1] || !(isWord(byte) || ".+-".includes(String.fromCharCode(byte)))) break;
    at -= 1;
    masked.length -= 1;
  }
  return at;
}

function mask(masked: Masked, code: number, start: number, end: number): number {
  addMask(masked, code, start, end);
  return end;
}

function copy(bytes: Uint8Array, from: number, to: number, masked: Masked): number {
  for (let at = from; at < to; at++) masked.out[masked.length++] = bytes[at]!;
  return to;
}
