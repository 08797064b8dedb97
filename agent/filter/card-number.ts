const BLANK = 32;
const DASH = 45;
const DOT = 46;
const ZERO = 48;
const TWO = 50;
const SIX = 54;
const NINE = 57;
const UNDERSCORE = 95;
const DIGITS_MIN = 13;
const DIGITS_MAX = 19;
/** Digits with a blank or a dash between them, but no part of a longer word or a decimal fraction. */
const RUN = /(?<![\w.])\d(?:[ -]?\d){12,}(?![\w]|\.\d)/g;

/** First digits and lengths of the networks (ISO/IEC 7812; Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro). */
const NETWORK =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17}|(?:50|5[6-9]|6[37])\d{11,17})$/;

/** The text with `instead` for each number of a payment card: by its network's digits and length, and by its checksum. */
export function redactCardNumbers(text: string, instead: string): string {
  return text.replace(RUN, (run: string, at: number) =>
    redactRun(run, (from, to) => inPlace(text, at + from, at + to, instead)),
  );
}

/**
 * Whether the digits from `at` on, with a blank or a dash between some of them, may hold the number of a card, by the least
 * that RUN and NETWORK ask for. The message lies in `bytes[from, to)`.
 */
export function mayHoldCardNumber(bytes: Uint8Array, at: number, from: number, to: number): boolean {
  let canBegin = at === from || !isInWord(bytes[at - 1]!);
  let wasGap = false;
  // From the first number on that may begin a card's.
  let digits = 0;
  for (let next = at; next < to; next++) {
    const byte = bytes[next]!;
    const isGap = byte === BLANK || byte === DASH;
    if (isGap ? wasGap : byte < ZERO || byte > NINE) return false;
    if (digits > 0) digits += isGap ? 0 : 1;
    else if (canBegin && byte >= TWO && byte <= SIX) digits = 1;
    if (digits >= DIGITS_MIN) return true;
    canBegin = wasGap = isGap;
  }
  return false;
}

/** A run may hold other numbers in front of the card's and behind it. */
function redactRun(run: string, insteadOf: (from: number, to: number) => string): string {
  let left = "";
  let at = 0;
  for (let from = 0; from < run.length; from++) {
    if (from > 0 && isDigit(run, from - 1)) continue;
    const to = cardEnd(run, from);
    if (to < 0) continue;
    left += run.slice(at, from) + insteadOf(from, to);
    at = to;
    from = to;
  }
  return left + run.slice(at);
}

/** Where the longest card number that begins at `from` ends, or -1. */
function cardEnd(run: string, from: number): number {
  let digits = "";
  let end = -1;
  for (let at = from; at < run.length && digits.length < DIGITS_MAX; at++) {
    if (!isDigit(run, at)) continue;
    digits += run[at];
    if (digits.length >= DIGITS_MIN && !isDigit(run, at + 1) && NETWORK.test(digits) && hasChecksum(digits))
      end = at + 1;
  }
  return end;
}

/** Luhn's: every second digit from the right counts twice. */
function hasChecksum(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const counted = i % 2 === 0 ? digit : digit * 2;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}

/** A letter, a digit, `_` or a dot. */
function isInWord(byte: number): boolean {
  const lower = byte | 32;
  return (lower >= 97 && lower <= 122) || (byte >= ZERO && byte <= NINE) || byte === UNDERSCORE || byte === DOT;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** In quotes where the number is a value of JSON: it stays JSON. */
function inPlace(text: string, from: number, to: number, instead: string): string {
  const isValue =
    text.startsWith("{") &&
    /[[:,][ \t]*$/.test(text.slice(Math.max(0, from - 16), from)) &&
    /^[ \t]*[\]},]/.test(text.slice(to, to + 16));
  const quotes = isValue ? text.slice(0, from).replace(/\\[^]/g, "").split('"').length - 1 : 1;
  return quotes % 2 === 0 ? `"${instead}"` : instead;
}
