const DOT = 46;
const SLASH = 47;
const COLON = 58;
const NAME_BYTES_MAX = 320;
const LABELS_MAX = 8;
const LABEL_BYTES_MAX = 63;

/**
 * Where the domain behind the `@` at `at` ends, `to` at most, or -1: up to 8 names with a dot behind each, then at least two
 * letters. The same as `secrets.ts` says by a pattern.
 */
export function emailEnd(bytes: Uint8Array, at: number, to: number): number {
  let end = -1;
  let next = at + 1;
  for (let label = 0; label < LABELS_MAX; label++) {
    const from = next;
    while (next < to && IN_DOMAIN[bytes[next]!] === 1) next++;
    if (next === from || next - from > LABEL_BYTES_MAX || next === to || bytes[next] !== DOT) break;
    next++;
    const last = topLevelEnd(bytes, next, to);
    if (last > 0) end = last;
  }
  return end;
}

function topLevelEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = from;
  while (end < to && isLetter(bytes[end]!)) end++;
  if (end - from < 2 || end - from > LABEL_BYTES_MAX) return -1;
  return end < to && IN_DOMAIN[bytes[end]!] === 1 && bytes[end]! < 0x80 ? -1 : end;
}

/** Where the name in front of the `@` at `at` begins, not before `from`; `at` if there is none. */
export function emailStart(bytes: Uint8Array, at: number, from: number): number {
  const first = Math.max(from, at - NAME_BYTES_MAX);
  let start = at;
  while (start > first && IN_NAME[bytes[start - 1]!] === 1) start--;
  return start;
}

/** Whether the `@` at `at` may end the password of a URL, which begins with `://`, not before `from`. */
export function mayBeUrlPassword(bytes: Uint8Array, at: number, from: number): boolean {
  let start = at;
  let hasColon = false;
  for (; start > from && ENDS_USER[bytes[start - 1]!] === 0; start--) if (bytes[start - 1] === COLON) hasColon = true;
  return hasColon && start - from >= 3 && bytes[start - 1] === SLASH && bytes[start - 2] === SLASH;
}

function isLetter(byte: number): boolean {
  const lower = byte | 32;
  return lower >= 97 && lower <= 122;
}

/** Bytes beyond ASCII are parts of letters. */
const IN_DOMAIN = table("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", 1);
const IN_NAME = table("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.%+-", 1);
const ENDS_USER = table(" \t\r\n/?#\"'<>@\\", 0);

function table(characters: string, beyondAscii: 0 | 1): Uint8Array {
  const bytes = new Uint8Array(256).fill(beyondAscii, 128);
  for (const byte of Buffer.from(characters)) bytes[byte] = 1;
  return bytes;
}
