/** Masks a message: what varies in it becomes masks. */
import { BLANK, END, KINDS } from "./kinds.ts";
import { maskJson } from "./mask-json.ts";
import { maskText } from "./mask.ts";
import { REST_CODE, TEXT_BYTES_MAX, type Masked } from "./masked.ts";

/**
 * Masks the first line of a message, or all of it if it is a JSON object. `bytes` holds a line feed and 32 more bytes of any
 * value after `length`.
 */
export function maskMessage(bytes: Uint8Array, length: number, masked: Masked): void {
  masked.length = 0;
  masked.masks = 0;
  let from = 0;
  while (from < length && (KINDS[bytes[from]!]! & (BLANK | END)) !== 0) from += 1;
  if (bytes[from] === 0x7b && maskJson(bytes, from, length, masked)) return;
  masked.length = 0;
  masked.masks = 0;
  let to = Math.min(length, from + TEXT_BYTES_MAX);
  if (to < length) while ((bytes[to]! & 0xc0) === 0x80) to -= 1;
  const kept = bytes[to]!;
  bytes[to] = 0x0a;
  const end = maskText(bytes, from, to, masked);
  bytes[to] = kept;
  let rest = end;
  while (rest < length && (KINDS[bytes[rest]!]! & (BLANK | END)) !== 0) rest += 1;
  if (rest < length) masked.out[masked.length++] = REST_CODE;
}
