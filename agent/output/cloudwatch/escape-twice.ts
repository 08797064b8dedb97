import { escaped } from "../../encode/json-line.ts";

/*
 * A record is a JSON text, and an event has it as a JSON string: the bytes of its message are escaped twice. Done one after the
 * other that takes three times as long as at one go.
 */

/** What comes to how many bytes: as it is in the message of an event, and in the body of a request. */
export interface Sizes {
  once: number;
  twice: number;
}

/** What each byte becomes, in so many places. */
const PLACES = 8;
const TEXTS = new Uint8Array(256 * PLACES);
/** How long that is, and how long it is escaped once. Bytes of UTF-8 sequences are copied. */
const LENGTHS = new Uint8Array(256).fill(1);
const LENGTHS_ONCE = new Uint8Array(256).fill(1);
for (let byte = 0; byte < 0x80; byte++) {
  const once = escaped(Buffer.of(byte));
  const twice = escaped(once);
  TEXTS.set(twice, byte * PLACES);
  LENGTHS[byte] = twice.length;
  LENGTHS_ONCE[byte] = once.length;
}
/** What a byte comes to at most. */
export const MOST: Readonly<Sizes> = { once: 6, twice: 7 };

/** Measures what `writeTwice` will write. */
export function measureTwice(source: Buffer, from: number, to: number, sizes: Sizes): void {
  let [once, twice] = [0, 0];
  for (let i = from; i < to; i++) {
    const byte = source[i]!;
    once += LENGTHS_ONCE[byte]!;
    twice += LENGTHS[byte]!;
  }
  [sizes.once, sizes.twice] = [once, twice];
}

/** Writes the bytes escaped twice, and says what they came to; the target has room for it, and for one byte more. */
export function writeTwice(target: Buffer, at: number, source: Buffer, from: number, to: number, sizes: Sizes): void {
  let end = at;
  let once = to - from;
  let i = from;
  while (i < to) {
    for (; i + 4 <= to; i += 4) {
      const a = source[i]!;
      const b = source[i + 1]!;
      const c = source[i + 2]!;
      const d = source[i + 3]!;
      if ((LENGTHS[a]! | LENGTHS[b]! | LENGTHS[c]! | LENGTHS[d]!) !== 1) break;
      target[end] = a;
      target[end + 1] = b;
      target[end + 2] = c;
      target[end + 3] = d;
      end += 4;
    }
    for (const stop = Math.min(i + 4, to); i < stop; i++) {
      const byte = source[i]!;
      const length = LENGTHS[byte]!;
      if (length === 1) {
        target[end++] = byte;
        continue;
      }
      // What is written too much is written over.
      const text = byte * PLACES;
      target[end] = TEXTS[text]!;
      target[end + 1] = TEXTS[text + 1]!;
      target[end + 2] = TEXTS[text + 2]!;
      target[end + 3] = TEXTS[text + 3]!;
      for (let place = 4; place < length; place++) target[end + place] = TEXTS[text + place]!;
      end += length;
      once += LENGTHS_ONCE[byte]! - 1;
    }
  }
  [sizes.once, sizes.twice] = [once, end - at];
}
