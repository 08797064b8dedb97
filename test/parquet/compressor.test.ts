import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createCompressor } from "../../parquet/compressor.ts";

const DECOMPRESS = { gzip: gunzipSync, zstd: zstdDecompressSync };

/** Bytes that do not compress: the output is longer than the input. */
function noise(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  let state = 1;
  for (let i = 0; i < bytes; i++) buffer[i] = (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 23;
  return buffer;
}

describe.each(["gzip", "zstd"] as const)("%s", (format) => {
  test("gives back what does not compress, longer than any buffer at hand", () => {
    const input = noise(3_000_000);
    const output = createCompressor(format).compress(input, true);
    expect(DECOMPRESS[format](output).equals(input)).toBe(true);
  });

  test("joins pieces of all sizes to one stream", () => {
    const compressor = createCompressor(format);
    const pieces = [0, 1, 100_000, 3, 1_000_000, 0, 64 * 1024, 7].map(noise);
    const outputs = pieces.map((piece) => Buffer.from(compressor.compress(piece, false)));
    outputs.push(Buffer.from(compressor.compress(Buffer.alloc(0), true)));
    expect(DECOMPRESS[format](Buffer.concat(outputs)).equals(Buffer.concat(pieces))).toBe(true);
  });

  test("keeps two streams apart", () => {
    const texts = ["left ", "right "].map((word) => Buffer.from(word.repeat(50_000)));
    const compressors = texts.map(() => createCompressor(format));
    const outputs: Buffer[][] = [[], []];
    for (const end of [false, false, true]) {
      compressors.forEach((each, i) => outputs[i]!.push(Buffer.from(each.compress(texts[i]!, end))));
    }
    outputs.forEach((parts, i) => {
      const text = DECOMPRESS[format](Buffer.concat(parts)).toString();
      expect(text).toBe(texts[i]!.toString().repeat(3));
    });
  });
});

test("zstd frames are independent: the same bytes give the same frame", () => {
  const compressor = createCompressor("zstd");
  const page = Buffer.from("a page of lines\n".repeat(10_000));
  const first = Buffer.from(compressor.compress(page, true));
  compressor.compress(noise(500_000), true);
  const again = Buffer.from(compressor.compress(page, true));
  expect(again.equals(first)).toBe(true);
  expect(zstdDecompressSync(again).equals(page)).toBe(true);
});
