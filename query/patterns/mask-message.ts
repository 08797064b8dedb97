/** Masks a message: what varies in it becomes masks. */
import { BLANK, END, KINDS } from "./kinds.ts";
import { maskJson } from "./mask-json.ts";
import { maskText } from "./mask.ts";
import { REST_CODE, TEXT_BYTES_MAX, type Masked } from "./masked.ts";

/**
 * Masks the first line of the message from `start` to `end`, or all of it if it is a JSON object. At least 32 more bytes
 * follow it, of any value; one of them is changed for a moment.
 */
export function maskMessage(bytes: Uint8Array, start: number, end: number, masked: Masked): void {
  masked.length = 0;
  masked.masks = 0;
  let from = start;
  while (from < end && (KINDS[bytes[from]!]! & (BLANK | END)) !== 0) from += 1;
  if (bytes[from] === 0x7b && maskJson(bytes, from, end, masked)) return;
  masked.length = 0;
  masked.masks = 0;
  let to = Math.min(end, from + TEXT_BYTES_MAX);
  if (to < end) while ((bytes[to]! & 0xc0) === 0x80) to -= 1;
  const kept = bytes[to]!;
  bytes[to] = 0x0a;
  let rest = maskText(bytes, from, to, masked);
  bytes[to] = kept;
  while (rest < end && (KINDS[bytes[rest]!]! & (BLANK | END)) !== 0) rest += 1;
  if (rest < end) masked.out[masked.length++] = REST_CODE;
}
