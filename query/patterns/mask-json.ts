/** Masks a message that is a JSON object: by what it says happened, else by its keys. */
import { BLANK, END, KINDS } from "./kinds.ts";
import { maskText } from "./mask.ts";
import { JSON_BYTES_MAX, addMask, maskCode, type Masked } from "./masked.ts";

const MESSAGE_KEYS = ["msg", "message", "@m", "event", "error", "err", "exception", "reason"].map((key) =>
  Buffer.from(key),
);
const MESSAGE_HASHES = new Set(MESSAGE_KEYS.map((key) => hashOf(key, 0, key.length)));
const KEY_BYTES_MAX = 9;
/** Keys of one object that are looked at. */
const KEYS_MAX = 200;
const [STR, OBJ, LIST, BOOL, NUM] = (["str", "obj", "list", "bool", "num"] as const).map(maskCode) as [
  number,
  number,
  number,
  number,
  number,
];
const [DOUBLE_QUOTE, BACKSLASH, COLON, COMMA, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [
  0x22, 0x5c, 0x3a, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d,
];
const SPACE = 0x20;
const REST = Buffer.from("…}");

/** What ends a text, or may; what ends another value, or may; what a key starts with that says what happened. */
const STRING_STOPS = tableOf([DOUBLE_QUOTE, BACKSLASH]);
const VALUE_STOPS = tableOf([DOUBLE_QUOTE, COMMA, CLOSE, SPACE, 0x09, 0x0a]);
const MESSAGE_STARTS = tableOf(
  MESSAGE_KEYS.flatMap((key) => [key[0]!, key.toString("latin1").toUpperCase().charCodeAt(0)]),
);

function tableOf(bytes: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (bytes.includes(byte) ? 1 : 0));
}

/**
 * Writes `{"msg":"order <num> placed",…}` if the object says what happened (`msg`, `message`, `event`, `error` …), else all
 * its keys with masks for their values. Objects and lists inside it are masked whole. False if it is no JSON object, or
 * none that ends within `JSON_BYTES_MAX`. The byte after it is changed for a moment.
 */
export function maskJson(bytes: Uint8Array, from: number, end: number, masked: Masked): boolean {
  const to = Math.min(end, from + JSON_BYTES_MAX);
  const kept = bytes[to]!;
  // Whatever is looked for, a quote ends it.
  bytes[to] = DOUBLE_QUOTE;
  const members = findMembers(bytes, from, to);
  bytes[to] = kept;
  if (members < 0) return false;
  let messages = 0;
  for (let i = 0; i < members; i++) messages += isMessage[i]!;
  masked.out[masked.length++] = OPEN;
  let written = 0;
  for (let i = 0; i < members; i++) {
    if (messages > 0 && isMessage[i] === 0) continue;
    if (written++ > 0) masked.out[masked.length++] = COMMA;
    writeMember(bytes, i, messages > 0, masked);
  }
  if (members === written) masked.out[masked.length++] = CLOSE;
  else {
    masked.out[masked.length++] = COMMA;
    masked.length += REST.copy(masked.out, masked.length);
  }
  return true;
}

/** Of the members found last: keys without quotes, values with theirs, and 1 for a text that says what happened. */
const keyStarts = new Int32Array(KEYS_MAX);
const keyEnds = new Int32Array(KEYS_MAX);
const valueStarts = new Int32Array(KEYS_MAX);
const valueEnds = new Int32Array(KEYS_MAX);
const isMessage = new Uint8Array(KEYS_MAX);

/** How many members the object has, or -1 if it is none. A quote stands at `to`. */
function findMembers(bytes: Uint8Array, from: number, to: number): number {
  let at = skipBlanks(bytes, from + 1, to);
  let count = 0;
  if (bytes[at] === CLOSE) return at < to ? 0 : -1;
  for (;;) {
    if (bytes[at] !== DOUBLE_QUOTE || count === KEYS_MAX) return -1;
    const key = stringEnd(bytes, at, to);
    if (key < 0) return -1;
    const colon = skipBlanks(bytes, key, to);
    if (bytes[colon] !== COLON) return -1;
    const value = skipBlanks(bytes, colon + 1, to);
    const isText = bytes[value] === DOUBLE_QUOTE;
    const end = isText ? stringEnd(bytes, value, to) : valueEnd(bytes, value, to);
    if (end < 0) return -1;
    isMessage[count] = isText && MESSAGE_STARTS[bytes[at + 1]!] === 1 && isMessageKey(bytes, at + 1, key - 1) ? 1 : 0;
    keyStarts[count] = at + 1;
    keyEnds[count] = key - 1;
    valueStarts[count] = value;
    valueEnds[count++] = end;
    at = skipBlanks(bytes, end, to);
    if (at >= to) return -1;
    if (bytes[at] === CLOSE) return skipBlanks(bytes, at + 1, to) >= to ? count : -1;
    if (bytes[at] !== COMMA) return -1;
    at = skipBlanks(bytes, at + 1, to);
  }
}

function stringEnd(bytes: Uint8Array, at: number, to: number): number {
  let end = at + 1;
  while (end < to) {
    while (STRING_STOPS[bytes[end]!] === 0) end += 1;
    if (bytes[end] === DOUBLE_QUOTE) return end < to ? end + 1 : -1;
    end += 2;
  }
  return -1;
}

/** Of a value that is no text. */
function valueEnd(bytes: Uint8Array, at: number, to: number): number {
  const byte = bytes[at]!;
  if (byte === OPEN || byte === OPEN_LIST) return nestedEnd(bytes, at, to);
  let end = at;
  for (;;) {
    while (VALUE_STOPS[bytes[end]!] === 0) end += 1;
    if (bytes[end] !== DOUBLE_QUOTE || end >= to) break;
    end += 1;
  }
  return end === at ? -1 : end;
}

function nestedEnd(bytes: Uint8Array, at: number, to: number): number {
  let depth = 0;
  let end = at;
  while (end < to) {
    const byte = bytes[end]!;
    if (byte === DOUBLE_QUOTE) {
      end = stringEnd(bytes, end, to);
      if (end < 0) return -1;
      continue;
    }
    end += 1;
    if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return end;
  }
  return -1;
}

function isMessageKey(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start <= KEY_BYTES_MAX && end - start >= 2 && MESSAGE_HASHES.has(hashOf(bytes, start, end));
}

/** Of a key in any case; as short as they are, no two that matter are the same. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at]! | 32), 0x01000193);
  return hash;
}

function writeMember(bytes: Uint8Array, i: number, isText: boolean, masked: Masked): void {
  const { out } = masked;
  for (let at = keyStarts[i]! - 1; at <= keyEnds[i]!; at++) out[masked.length++] = bytes[at]!;
  out[masked.length++] = COLON;
  const [start, end] = [valueStarts[i]!, valueEnds[i]!];
  const first = bytes[start]!;
  if (first !== DOUBLE_QUOTE) {
    const isNumber = first === 0x2d || (first >= 0x30 && first <= 0x39);
    addMask(masked, first === OPEN ? OBJ : first === OPEN_LIST ? LIST : isNumber ? NUM : BOOL, start, end);
    return;
  }
  out[masked.length++] = DOUBLE_QUOTE;
  if (isText) writeText(bytes, start + 1, end - 1, masked);
  else if (end - start > 2) addMask(masked, STR, start + 1, end - 1);
  out[masked.length++] = DOUBLE_QUOTE;
}

/** A text up to its first line's end, masked inside. */
function writeText(bytes: Uint8Array, start: number, end: number, masked: Masked): void {
  let to = start;
  while (to < end && !(bytes[to] === BACKSLASH && bytes[to + 1] === 0x6e)) to += bytes[to] === BACKSLASH ? 2 : 1;
  to = Math.min(to, end);
  const kept = bytes[to]!;
  bytes[to] = 0x0a;
  maskText(bytes, start, to, masked);
  bytes[to] = kept;
  if (to < end) masked.length += ELLIPSIS.copy(masked.out, masked.length);
}

const ELLIPSIS = Buffer.from("…");

function skipBlanks(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (bytes[at]! <= SPACE && at < to && (KINDS[bytes[at]!]! & (BLANK | END)) !== 0) at += 1;
  return at;
}
