/** A message whose variable parts are masks: what the masker writes, and how it is read. */

/** Kinds of masks. In a masked text the mask at place `n` is the character `n + 1`, a control character: messages have none. */
export const MASKS = [
  "num",
  "hex",
  "id",
  "uuid",
  "ip",
  "mac",
  "time",
  "path",
  "url",
  "email",
  "str",
  "obj",
  "list",
  "bool",
  "*",
] as const;

type MaskName = (typeof MASKS)[number];

/** The character of a mask. */
export function maskCode(name: MaskName): number {
  return MASKS.indexOf(name) + 1;
}

/** Something follows that is not looked at: further lines, or what is beyond the longest message. */
export const REST_CODE = 0x1f;

/** A message is looked at up to here, one that is a JSON object up to `JSON_BYTES_MAX`. */
export const TEXT_BYTES_MAX = 2048;
export const JSON_BYTES_MAX = 16_384;
/** Masks of one message whose values are remembered. */
export const SPANS_MAX = 64;

/** The masked text of one message at a time, and where its masks' values stand in the message. */
export interface Masked {
  readonly out: Buffer;
  length: number;
  /** By mask: offsets in the message; only the first `SPANS_MAX`. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  masks: number;
}

/** An empty one, to be used again and again. */
export function createMasked(): Masked {
  return {
    out: Buffer.alloc(2 * JSON_BYTES_MAX),
    length: 0,
    starts: new Int32Array(SPANS_MAX),
    ends: new Int32Array(SPANS_MAX),
    masks: 0,
  };
}

const COMMA = 0x2c;
const SPACE = 0x20;

/**
 * Writes a mask for the bytes from `start` to `end`. One that follows its like after a comma becomes part of it, so that
 * lists of any length are the same text.
 */
export function addMask(masked: Masked, code: number, start: number, end: number): void {
  const { out } = masked;
  let at = masked.length;
  if (at > 1 && out[at - 1] === SPACE) at -= 1;
  if (at > 1 && out[at - 1] === COMMA && out[at - 2] === code) {
    masked.length = at - 1;
    if (masked.masks <= SPANS_MAX) masked.ends[masked.masks - 1] = end;
    return;
  }
  out[masked.length++] = code;
  if (masked.masks < SPANS_MAX) {
    masked.starts[masked.masks] = start;
    masked.ends[masked.masks] = end;
  }
  masked.masks += 1;
}
