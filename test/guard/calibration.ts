import { constants, zstdCompressSync } from "node:zlib";

/*
 * What the guard measures the machine by: the two things that the agent's time goes to, zstd at level 1 and a loop over
 * bytes, on bytes that are always the same.
 */
const BYTES = 8_000_000;
const ROUNDS = 14;

const text = Buffer.alloc(BYTES);
let random = 1;
for (let at = 0; at < BYTES; at++) {
  // Text that zstd packs about as well as logs: a word that repeats, then a digit or two that don't.
  random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
  text[at] = at % 11 < 8 ? 97 + ((at >> 6) % 26) : 48 + ((random >>> 16) % 10);
}
let sum = 0;
for (let round = 0; round < ROUNDS; round++) {
  sum += zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }).length;
  for (let at = 0; at < BYTES; at++) sum = (Math.imul(sum, 31) + text[at]!) | 0;
}
process.stdout.write(`${sum}\n`);
