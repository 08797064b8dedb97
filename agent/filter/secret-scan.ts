import { addressEnd, addressStart } from "./ipv4.ts";
import { mayHoldCardNumber } from "./card-number.ts";
import { emailEnd, emailStart, mayBeUrlPassword } from "./email.ts";
import type { Trigram } from "../../config/regex/required.ts";
import { createPlaceScan, type Places, type PlaceScan } from "../scan/place-scan.ts";
import type { Rows } from "./rows.ts";
import type { Trigger } from "./secrets.ts";

const NAMES: readonly Trigger[] = ["keyword", "awsKey", "jwt", "dottedDigits", "at", "digitRun"];
const [KEYWORD, AWS_KEY, JWT, DOTTED_DIGITS, AT, DIGIT_RUN] = [1, 2, 4, 8, 16, 32];
const ALL = (1 << NAMES.length) - 1;
/** Beside an address or an e-mail there may be more, or what they are depends on it. */
const MORE = 64;

/** The triggers as bits of a number. */
export function triggerBits(triggers: readonly Trigger[]): number {
  return NAMES.reduce((bits, name, index) => (triggers.includes(name) ? bits | (1 << index) : bits), 0);
}

/** Whether all that is to be taken out of a row are its spans. */
export function hasSpansOnly(bits: number): boolean {
  return (bits & ~(DOTTED_DIGITS | AT)) === 0;
}

/** What a batch may hold of secrets. Valid until the next scan. */
export interface Found {
  /** By row, the triggers that it has. A row that has none is 0 for sure; one that a filter changed, or that lies before another's end, has them all. */
  bits: Uint8Array;
  /** E-mail addresses and IPv4 addresses in rows that have nothing else, ascending: `spans` of them, from `start` to `end` in the batch's bytes. */
  spans: number;
  readonly start: number[];
  readonly end: number[];
  readonly isEmail: boolean[];
}

/** Words that secrets stand behind or in, in lower case, looked for in any case: by the three letters from `at` on, which are rare. */
interface Word {
  readonly text: string;
  readonly at: number;
}

const WORDS: readonly (readonly Word[])[] = [
  [{ text: "passw", at: 2 }, { text: "passp", at: 2 }],
  [{ text: "bearer", at: 0 }],
  [{ text: "private key", at: 2 }],
  [{ text: "basic ", at: 2 }, { text: "basic\t", at: 2 }],
  [{ text: "secret", at: 1 }],
  [{ text: "token", at: 1 }, { text: "apikey", at: 2 }, { text: "api_key", at: 3 }, { text: "api-key", at: 3 }],
  [{ text: "pwd", at: 0 }],
]; // prettier-ignore
const TOKEN_HEAD: Trigram = ["e", "y", "J"];
const KEY_ID_HEAD: Trigram = ["A", "KSBCGINR", "IACPDVO"];

/** `secret` has a set together with `eyJ`: they mix to nothing that is common. */
const TRIGRAMS: readonly (readonly Trigram[])[] = [
  ...WORDS.map((words) => [
    ...words.map(({ text, at }) => trigram(text.slice(at, at + 3))),
    ...(words[0]!.text === "secret" ? [TOKEN_HEAD] : []),
  ]),
  [KEY_ID_HEAD],
];

function trigram(text: string): Trigram {
  const [first, second, third] = [text[0]!, text[1]!, text[2]!];
  return [first + first.toUpperCase(), second + second.toUpperCase(), third + third.toUpperCase()];
}

/** By the first byte of their three letters. */
const WORDS_BY_BYTE = Array.from({ length: 256 }, (_, byte) =>
  WORDS.flat().filter(({ text, at }) => text[at] === String.fromCharCode(byte).toLowerCase()),
);

/** Whose spans are looked for. */
interface SpanKinds {
  readonly email: boolean;
  readonly address: boolean;
}

/** One for all: it has memory of its own, and is made where it is needed at all. */
let placeScan: PlaceScan | null | undefined;

/** Finds what may be secrets: all places that are worth a look at once, then what stands around each. */
export function createSecretScan(triggers: readonly Trigger[], kinds: SpanKinds): (rows: Rows) => Found {
  const scan = (placeScan ??= createPlaceScan({ trigrams: TRIGRAMS, characters: "@", digits: true }));
  const used = triggerBits(triggers);
  const found: Found = { bits: new Uint8Array(0), spans: 0, start: [], end: [], isEmail: [] };
  return (rows) => {
    if (found.bits.length < rows.count) found.bits = new Uint8Array(rows.count);
    found.bits.fill(0);
    found.spans = 0;
    if (scan === null || !isAscending(rows)) {
      found.bits.fill(ALL);
      return found;
    }
    const { base, limit } = rows.region;
    if (used !== 0) look(rows, scan(rows.batch.bytes, base, limit), used, kinds, found);
    for (let row = 0; row < rows.count; row++) if (!rows.isPlain(row)) found.bits[row] = ALL;
    return found;
  };
}

function isAscending({ batch: { start, end }, count }: Rows): boolean {
  for (let row = 1; row < count; row++) if (start[row]! < end[row - 1]!) return false;
  return true;
}

/** Looks around each place, in the row that it lies in. */
function look(rows: Rows, { places, count }: Places, used: number, kinds: SpanKinds, found: Found): void {
  const { bytes, start, end } = rows.batch;
  const { bits } = found;
  // Without spans of their own they are taken out of the text.
  const dotted = (used & DOTTED_DIGITS) === 0 ? 0 : kinds.address ? DOTTED_DIGITS : DOTTED_DIGITS | MORE;
  const signed = (used & AT) === 0 ? 0 : kinds.email ? AT : AT | MORE;
  let row = 0;
  let emailTo = 0;
  let runAt = -1;
  for (let index = 0; index < count; index++) {
    const at = places[index]!;
    while (row < rows.count && end[row]! <= at) row++;
    if (row === rows.count) return;
    const from = start[row]!;
    // Between two rows.
    if (at < from) continue;
    const to = end[row]!;
    const kind = KIND[bytes[at]!];
    if (kind === IN_ADDRESS) {
      bits[row]! |= dotted;
      if (kinds.address) addAddress(found, bytes, at, from, to);
      continue;
    }
    if (kind === IN_EMAIL) {
      bits[row]! |= signed !== 0 && mayBeUrlPassword(bytes, at, from) ? signed | MORE : signed;
      if (kinds.email) emailTo = addEmail(found, row, bytes, at, Math.max(from, emailTo), to);
      continue;
    }
    if (kind === IN_RUN) {
      const isNew = runAt < from || runAt !== at - 1;
      runAt = at;
      if (isNew && mayHoldCardNumber(bytes, Math.max(from, at - CARD_DIGITS_MIN + 1), from, to))
        bits[row]! |= DIGIT_RUN & used;
    }
    bits[row]! |= wordTriggers(bytes, at, to) & used;
  }
}

/** An address that is no part of the span before. */
function addAddress(found: Found, bytes: Buffer, dot: number, from: number, to: number): void {
  if (found.spans > 0 && dot < found.end[found.spans - 1]!) return;
  const start = addressStart(bytes, dot, from);
  const end = start < 0 ? -1 : addressEnd(bytes, start, to);
  if (end > 0) addSpan(found, start, end, false);
}

/** Returns where it ends; `from` if there is none. */
function addEmail(found: Found, row: number, bytes: Buffer, at: number, from: number, to: number): number {
  const end = emailEnd(bytes, at, to);
  const start = end < 0 ? at : emailStart(bytes, at, from);
  if (start === at) return from;
  // What looked like an address was its name.
  while (found.spans > 0 && found.end[found.spans - 1]! > start) {
    found.spans--;
    if (found.start[found.spans]! < start) found.bits[row]! |= MORE;
  }
  addSpan(found, start, end, true);
  return end;
}

function addSpan(found: Found, start: number, end: number, isEmail: boolean): void {
  const index = found.spans++;
  found.start[index] = start;
  found.end[index] = end;
  found.isEmail[index] = isEmail;
}

/** What the letters at a place stand for, as bits. */
function wordTriggers(bytes: Buffer, at: number, to: number): number {
  for (const { text, at: offset } of WORDS_BY_BYTE[bytes[at]!]!)
    if (isWord(bytes, at - offset, text) && (text !== "pwd" || isAssigned(bytes, at + text.length, to))) return KEYWORD;
  if (bytes[at] === CAPITAL_A) return isKeyId(bytes, at) ? AWS_KEY : 0;
  return bytes[at + 2] === CAPITAL_J && bytes[at + 1] === SMALL_Y && bytes[at] === SMALL_E ? JWT : 0;
}

function isWord(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const byte = bytes[start + index]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (lower !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Whether a name ends here that a value follows: perhaps quotes, blanks, and a sign. */
function isAssigned(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (at < to && bytes[at] === BACKSLASH) at++;
  if (bytes[at] === QUOTE || bytes[at] === APOSTROPHE) at++;
  while (at < to && (bytes[at] === BLANK || bytes[at] === TAB)) at++;
  return at < to && (bytes[at] === COLON || bytes[at] === EQUALS);
}

/** Whether the first of four capitals of which the last is the same, and sixteen that may be digits behind them. */
function isKeyId(bytes: Buffer, at: number): boolean {
  if (bytes[at + 3] !== CAPITAL_A) return false;
  for (let next = at + 1; next < at + KEY_ID_LENGTH; next++) if (!isCapitalOrDigit(bytes[next]!)) return false;
  return true;
}

function isCapitalOrDigit(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57);
}

/** Of an AWS access key's id. */
const KEY_ID_LENGTH = 20;
const CARD_DIGITS_MIN = 13;
const TAB = 9;
const BLANK = 32;
const QUOTE = 34;
const APOSTROPHE = 39;
const COLON = 58;
const EQUALS = 61;
const CAPITAL_A = 65;
const CAPITAL_J = 74;
const BACKSLASH = 92;
const SMALL_E = 101;
const SMALL_Y = 121;

/** What a place is found for, by its byte; a dash is in runs and in words. */
const [IN_ADDRESS, IN_EMAIL, IN_RUN] = [1, 2, 3];
const KIND = new Uint8Array(256).fill(IN_RUN, 48, 58);
KIND[46] = IN_ADDRESS;
KIND[64] = IN_EMAIL;
KIND[32] = KIND[45] = IN_RUN;
