/** Finds the ends of values in bytes that end with a line feed; -1 where there is none. */
import { BLANK, DIGIT, END, KINDS, QUOTE, isDigit, isHex, isWord } from "./kinds.ts";

const [DOT, COLON, SLASH, DASH, PERCENT, BACKSLASH] = [0x2e, 0x3a, 0x2f, 0x2d, 0x25, 0x5c];
const UUID_PARTS = [8, 4, 4, 4, 12];
const UNIT_LETTERS_MAX = 3;

/** Of `8-4-4-4-12` hexadecimal digits. */
export function uuidEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  for (let i = 0; i < UUID_PARTS.length; i++) {
    if (i > 0 && bytes[end++] !== DASH) return -1;
    for (const stop = end + UUID_PARTS[i]!; end < stop; end++) if (!isHex(bytes[end]!)) return -1;
  }
  return isWord(bytes[end]!) ? -1 : end;
}

/** Of six pairs of hexadecimal digits. */
export function macEnd(bytes: Uint8Array, at: number): number {
  for (let i = 0; i < 6; i++) {
    const pair = at + i * 3;
    if (!isHex(bytes[pair]!) || !isHex(bytes[pair + 1]!)) return -1;
    if (i < 5 && bytes[pair + 2] !== COLON) return -1;
  }
  return isWord(bytes[at + 17]!) || bytes[at + 17] === COLON ? -1 : at + 17;
}

/** Of an IPv4 or IPv6 address, with its port or the length of its network. */
export function addressEnd(bytes: Uint8Array, at: number): number {
  const end = ipv4End(bytes, at);
  if (end > 0) return suffixEnd(bytes, end);
  return ipv6End(bytes, at);
}

function ipv4End(bytes: Uint8Array, at: number): number {
  let end = at;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && bytes[end++] !== DOT) return -1;
    const start = end;
    while (isDigit(bytes[end]!)) end += 1;
    if (end === start || end - start > 3) return -1;
  }
  return isWord(bytes[end]!) || (bytes[end] === DOT && isDigit(bytes[end + 1]!)) ? -1 : end;
}

function suffixEnd(bytes: Uint8Array, end: number): number {
  if ((bytes[end] !== COLON && bytes[end] !== SLASH) || !isDigit(bytes[end + 1]!)) return end;
  let stop = end + 1;
  while (isDigit(bytes[stop]!)) stop += 1;
  // `1.2.3.4/5.6.7.8` are two of them.
  return isWord(bytes[stop]!) || bytes[stop] === DOT ? end : stop;
}

/** Eight groups, or fewer around `::`. */
function ipv6End(bytes: Uint8Array, at: number): number {
  let end = at;
  let groups = 0;
  let gaps = 0;
  for (;;) {
    const start = end;
    while (end - start < 5 && isHex(bytes[end]!)) end += 1;
    if (end - start > 4) return -1;
    if (end > start) groups += 1;
    if (groups === 8 || bytes[end] !== COLON) break;
    const isGap = bytes[end + 1] === COLON;
    if (isGap) gaps += 1;
    if (!isGap && !isHex(bytes[end + 1]!)) break;
    end += isGap ? 2 : 1;
  }
  const isWhole = groups === 8 ? gaps === 0 : gaps === 1 && groups > 0;
  return isWhole && !isWord(bytes[end]!) ? suffixEnd(bytes, end) : -1;
}

/** Of `12`, `1.5`, `1.2.3`, `1e-9`, `0x1f`, and with a unit: `12ms`, `1h2m3.5s`, `5MiB`, `10%`. */
export function numberEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x30 && (bytes[at + 1]! | 32) === 0x78) {
    let end = at + 2;
    while (isHex(bytes[end]!)) end += 1;
    return isWord(bytes[end]!) ? -1 : end;
  }
  let end = at;
  for (;;) {
    while (isDigit(bytes[end]!) || (bytes[end] === DOT && isDigit(bytes[end + 1]!))) end += 1;
    const isExponent = (bytes[end]! | 32) === 0x65 && (bytes[end + 1] === DASH || bytes[end + 1] === 0x2b);
    if (isExponent && isDigit(bytes[end + 2]!)) {
      end += 2;
      continue;
    }
    const unit = end;
    while (end - unit <= UNIT_LETTERS_MAX && isWord(bytes[end]!) && !isDigit(bytes[end]!)) end += 1;
    if (end - unit > UNIT_LETTERS_MAX) return -1;
    if (!isDigit(bytes[end]!)) return bytes[end] === PERCENT ? end + 1 : end;
    // Only durations have several parts: `7c5ddbdf54` is no number.
    if (!isDurationUnit(bytes, unit, end)) return -1;
  }
}

/** Of the unit of a size after the number that ends at `end`, ` B` or ` KB` or ` MiB`; else `end`. */
export function sizeEnd(bytes: Uint8Array, end: number): number {
  if (bytes[end] !== 0x20) return end;
  let at = end + 1;
  const isLarge = UNIT_PREFIXES[bytes[at]!] === 1;
  if (isLarge) at += bytes[at + 1] === 0x69 ? 2 : 1;
  return bytes[at] === 0x42 && !isWord(bytes[at + 1]!) ? at + 1 : end;
}

const UNIT_PREFIXES = Uint8Array.from({ length: 256 }, (_, byte) =>
  "kKMGT".includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** d, h, m, s, ms. */
function isDurationUnit(bytes: Uint8Array, from: number, to: number): boolean {
  const byte = bytes[from]!;
  if (to - from === 2) return byte === 0x6d && bytes[from + 1] === 0x73;
  return to - from === 1 && (byte === 0x64 || byte === 0x68 || byte === 0x6d || byte === 0x73);
}

/** Of a path or URL: up to a blank, a quote, a bracket, a comma; without the full stop of its sentence. */
export function pathEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (PATH_STOPS[bytes[end]!] === 0) end += 1;
  while (end > at + 1 && (bytes[end - 1] === DOT || bytes[end - 1] === COLON)) end -= 1;
  return end;
}

const PATH_STOPS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isStop = (KINDS[byte]! & (BLANK | END | QUOTE)) !== 0 || byte < 0x20;
  return isStop || "()[]{}<>|,;".includes(String.fromCharCode(byte)) ? 1 : 0;
});

/** Of `@example.com`, from its `@`. */
export function emailEnd(bytes: Uint8Array, at: number): number {
  let end = at + 1;
  let dots = 0;
  while (isWord(bytes[end]!) || bytes[end] === DASH || (bytes[end] === DOT && isWord(bytes[end + 1]!))) {
    if (bytes[end] === DOT) dots += 1;
    end += 1;
  }
  return dots > 0 && (KINDS[bytes[end - 1]!]! & DIGIT) === 0 ? end : -1;
}

/** Where a text closes that opens at `at`: at the same quote, not escaped, and with no letter after it. */
export function quoteEnd(bytes: Uint8Array, at: number, to: number): number {
  const quote = bytes[at]!;
  for (let end = at + 1; end < to; end++) {
    while (QUOTE_STOPS[bytes[end]!] === 0) end += 1;
    const byte = bytes[end]!;
    if (byte === BACKSLASH) end += 1;
    else if (byte === quote && !isWord(bytes[end + 1]!)) return end < to ? end : -1;
    else if ((KINDS[byte]! & END) !== 0) return -1;
  }
  return -1;
}

const QUOTE_STOPS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === BACKSLASH || (KINDS[byte]! & (QUOTE | END)) !== 0 ? 1 : 0,
);

/** Where the path starts of `GET /path HTTP/1.1`. */
export function requestPath(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && end - at < 8 && bytes[end]! >= 0x41 && bytes[end]! <= 0x5a) end += 1;
  return end - at >= 3 && bytes[end] === 0x20 && bytes[end + 1] === SLASH ? end + 1 : -1;
}
