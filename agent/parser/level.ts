import { LEVELS } from "../../config/table.ts";

/** A number in JSON is a level so near the start alone: further on it may as well be a player's, or a tank's. */
const JSON_HEAD_BYTES = 256;
/** Bytes of a text that are looked at: a level stands near the start. */
const TEXT_WINDOW_BYTES = 64;
const QUOTE = 34;
const SMALL_V = 118;
const CAPITAL_V = 86;
/** How many letters of a key stand before it. */
const BEFORE_V = [2, 1, 5] as const;
const BRACE = 123;

/** Every spelling that means one of LEVELS, in lower case. */
const SPELLINGS: Record<string, (typeof LEVELS)[number]> = {
  trace: "trace", trce: "trace", finest: "trace", verbose: "trace",
  debug: "debug", dbug: "debug", dbg: "debug", fine: "debug",
  info: "info", information: "info", notice: "info", inf: "info",
  warn: "warn", warning: "warn", wrn: "warn",
  error: "error", err: "error", eror: "error", severe: "error",
  fatal: "fatal", critical: "fatal", crit: "fatal", panic: "fatal", alert: "fatal", emerg: "fatal", emergency: "fatal", dpanic: "fatal",
}; // prettier-ignore

/** A word is hashed by its letters in five bits each (six fit a double's integers easily), so that no string is made. */
const CODE_BY_HASH = new Map<number, number>();
for (const [word, level] of Object.entries(SPELLINGS)) CODE_BY_HASH.set(hashOf(word), LEVELS.indexOf(level) + 1);

function hashOf(word: string): number {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash, 31) + (word.charCodeAt(i) & 31);
  return hash;
}

/**
 * Finds the level of a message: in JSON wherever it stands (`"level":"warn"`, `"severity"`, pino's numbers), in text near
 * its start: logfmt (`level=warn`), klog (`W0812 …`), or a level's upper-case or bracketed word as most text layouts write it
 * (` WARN `, `[error]`, `ERROR:`). Remembers where the last message had it, because the next line of the same program
 * has it in the same place.
 */
export class LevelDetector {
  #jsonHint = -1;
  #textHint = -1;

  /** The level of `bytes[start, end)`: 0 if unknown, else 1 + its index in LEVELS. */
  detect(bytes: Buffer, start: number, end: number): number {
    const first = bytes[start];
    if (first === undefined || end - start < 4) return 0;
    if (first === BRACE) return this.#json(bytes, start, end);
    const limit = Math.min(end, start + TEXT_WINDOW_BYTES);
    const klog = klogLevel(bytes, start, limit);
    return klog === 0 ? this.#text(bytes, start, limit) : klog;
  }

  #text(bytes: Uint8Array, start: number, limit: number): number {
    // Continued lines (of a stack trace, an SQL statement) are indented and have no level of their own.
    if (bytes[start]! <= 32) return 0;
    const hinted = start + this.#textHint;
    if (hinted < limit && hinted >= start) {
      const code = levelAt(bytes, start, hinted, limit);
      if (code !== 0) return code;
    }
    for (let at = start; at < limit; at++) {
      if (TRIGGER[bytes[at]!] === 0) continue;
      const code = levelAt(bytes, start, at, limit);
      if (code === 0) continue;
      this.#textHint = at - start;
      return code;
    }
    return isLetter(bytes[start]!) ? colonLevel(bytes, start, limit) : 0;
  }

  #json(bytes: Buffer, start: number, end: number): number {
    const head = Math.min(end, start + JSON_HEAD_BYTES);
    if (this.#jsonHint >= 0) {
      const at = start + this.#jsonHint;
      const code = bytes[at - 1] === QUOTE ? jsonValue(bytes, at, head, true) : 0;
      if (code !== 0) return code;
    }
    // Every key has a v, and few other bytes are one: the runtime finds them faster than a loop here can look at each.
    const message = bytes.subarray(start, end);
    const find = (byte: number, from: number): number => {
      const at = message.indexOf(byte, from);
      return at < 0 ? Infinity : at;
    };
    let small = find(SMALL_V, 0);
    let capital = find(CAPITAL_V, 0);
    for (;;) {
      const v = Math.min(small, capital);
      if (v === Infinity) return 0;
      const key = keyAround(message, v);
      const isEarly = key < JSON_HEAD_BYTES;
      const code = key > 0 ? jsonValue(message, key, message.length, isEarly) : 0;
      if (code !== 0) {
        if (isEarly) this.#jsonHint = key;
        return code;
      }
      if (v === small) small = find(SMALL_V, v + 1);
      else capital = find(CAPITAL_V, v + 1);
    }
  }
}

/** Where a key begins that may name a level and has this v: behind its quote, in `level`, `lvl`, `severity`, `loglevel`; else 0. */
function keyAround(bytes: Uint8Array, v: number): number {
  for (const before of BEFORE_V) if (bytes[v - before - 1] === QUOTE) return v - before;
  return 0;
}

/** Fields of a record that say its level, in lower case. */
const LEVEL_FIELDS = new Set(["level", "lvl", "severity", "loglevel"]);
/** As klog and MongoDB write them. */
const LETTERS = "TDIWEF";

/** The level that the fields of a parsed record name, as `detect` gives it: by their first `level`, `lvl`, `severity` or `loglevel`. */
export function levelOfFields(fields: Readonly<Record<string, unknown>>): number {
  for (const [name, value] of Object.entries(fields)) {
    if (name.length > 8 || !LEVEL_FIELDS.has(name.toLowerCase())) continue;
    const level = levelOfValue(value);
    if (level !== 0) return level;
  }
  return kubernetesLevel(fields);
}

/** Kubernetes' JSON (component-base/logs/json) names no level: information has its verbosity `v`, errors have none. */
function kubernetesLevel({ ts, caller, msg, v }: Readonly<Record<string, unknown>>): number {
  if (typeof ts !== "number" || typeof caller !== "string" || typeof msg !== "string") return 0;
  return LEVELS.indexOf(typeof v === "number" ? "info" : "error") + 1;
}

function levelOfValue(value: unknown): number {
  if (typeof value !== "string" && typeof value !== "number") return 0;
  const word = String(value).trim();
  if (/^[1-6]0$/.test(word)) return Number(word) / 10;
  if (word.length === 1) return LETTERS.indexOf(word.toUpperCase()) + 1;
  const level = SPELLINGS[word.toLowerCase()];
  return level === undefined ? 0 : LEVELS.indexOf(level) + 1;
}

/** The level if a JSON key that names one starts at `at`, after its quote: level, lvl, severity, loglevel. */
function jsonValue(bytes: Uint8Array, at: number, limit: number, takesNumbers: boolean): number {
  const length = keyLength(bytes, at);
  if (length === 0 || bytes[at + length] !== QUOTE) return 0;
  let value = at + length + 1;
  while (value < limit && (bytes[value] === 32 || bytes[value] === 58)) value++;
  if (bytes[value] === QUOTE) return wordLevel(bytes, value + 1, limit);
  if (!takesNumbers) return 0;
  // pino's and bunyan's numbers: 10 trace to 60 fatal.
  const tens = bytes[value]! - 48;
  const isLonger = bytes[value + 2]! >= 48 && bytes[value + 2]! <= 57;
  if (tens >= 1 && tens <= LEVELS.length && bytes[value + 1] === 48 && !isLonger) return tens;
  return 0;
}

/** Length of the key that names a level at `at`, or 0. Case does not matter. */
function keyLength(bytes: Uint8Array, at: number): number {
  const a = bytes[at]! | 32;
  const b = bytes[at + 1]! | 32;
  if (a === 108 && b === 101) return matches(bytes, at, "level") ? 5 : 0;
  if (a === 108 && b === 118) return matches(bytes, at, "lvl") ? 3 : 0;
  if (a === 115 && b === 101) return matches(bytes, at, "severity") ? 8 : 0;
  if (a === 108 && b === 111) return matches(bytes, at, "loglevel") ? 8 : 0;
  return 0;
}

function matches(bytes: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if ((bytes[at + i]! | 32) !== word.charCodeAt(i)) return false;
  return true;
}

/** klog's header: a letter of IWEF and the date MMDD, then a blank (kubernetes/klog: `Lmmdd hh:mm:ss.uuuuuu`). */
function klogLevel(bytes: Uint8Array, start: number, limit: number): number {
  const letter = bytes[start];
  if (letter !== 73 && letter !== 87 && letter !== 69 && letter !== 70) return 0;
  if (start + 6 > limit || bytes[start + 5] !== 32) return 0;
  for (let i = 1; i <= 4; i++) {
    const digit = bytes[start + i]! - 48;
    if (digit < 0 || digit > 9) return 0;
  }
  return letter === 73 ? 3 : letter === 87 ? 4 : letter === 69 ? 5 : 6;
}

/** What a byte may be the start of in a text line: a level in capitals, a bracketed one, or the value of a key. */
const TRIGGER = new Uint8Array(256);
const CAPITAL = 1;
const BRACKET = 2;
const EQUALS = 3;
for (const word of Object.keys(SPELLINGS)) TRIGGER[word.toUpperCase().charCodeAt(0)] = CAPITAL;
TRIGGER[91] = BRACKET;
TRIGGER[60] = BRACKET;
TRIGGER[61] = EQUALS;

/** The level whose word starts at `at`, where a trigger stands: in capitals (`WARN`), in brackets (`[error]`), after `level=`. */
function levelAt(bytes: Uint8Array, start: number, at: number, limit: number): number {
  const trigger = TRIGGER[bytes[at]!];
  if (trigger === CAPITAL) {
    if (at > start && isWordByte(bytes[at - 1]!)) return 0;
    const end = capitalsEnd(bytes, at, limit);
    return end - at >= 3 && (end >= limit || !isWordByte(bytes[end]!)) ? wordLevel(bytes, at, end) : 0;
  }
  if (trigger === BRACKET) {
    const end = lettersEnd(bytes, at + 1, limit);
    return bytes[end] === bytes[at]! + 2 ? wordLevel(bytes, at + 1, end) : 0;
  }
  return trigger === EQUALS ? keyLevel(bytes, start, at, limit) : 0;
}

/** `error: …` at the start of a message. */
function colonLevel(bytes: Uint8Array, start: number, limit: number): number {
  const end = lettersEnd(bytes, start, limit);
  return bytes[end] === 58 ? wordLevel(bytes, start, end) : 0;
}

/** `level=warn`, `lvl="warn"`, `severity=warn`: the key stands before the sign. */
function keyLevel(bytes: Uint8Array, start: number, equals: number, limit: number): number {
  let key = equals;
  while (key > start && isLetter(bytes[key - 1]!)) key--;
  const length = equals - key;
  if (length < 3 || length > 8 || keyLength(bytes, key) !== length) return 0;
  return wordLevel(bytes, bytes[equals + 1] === QUOTE ? equals + 2 : equals + 1, limit);
}

function capitalsEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at;
  while (end < limit && bytes[end]! >= 65 && bytes[end]! <= 90) end++;
  return end;
}

function lettersEnd(bytes: Uint8Array, at: number, limit: number): number {
  let end = at;
  while (end < limit && isLetter(bytes[end]!)) end++;
  return end;
}

/** The level whose spelling is the whole word at `at`, or 0. */
function wordLevel(bytes: Uint8Array, at: number, limit: number): number {
  let hash = 0;
  let end = at;
  while (end < limit && end - at < 12 && isLetter(bytes[end]!)) {
    hash = Math.imul(hash, 31) + (bytes[end]! & 31);
    end++;
  }
  if (end - at < 3) return 0;
  return CODE_BY_HASH.get(hash) ?? 0;
}

function isLetter(byte: number): boolean {
  const lower = byte | 32;
  return lower >= 97 && lower <= 122;
}

function isWordByte(byte: number): boolean {
  return isLetter(byte) || (byte >= 48 && byte <= 57) || byte === 95;
}
