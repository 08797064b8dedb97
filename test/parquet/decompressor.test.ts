import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { createDecompressor } from "../../parquet/decompressor.ts";

const TEXT = Buffer.from("a line of a log\n".repeat(5000));

test("frames one after the other, after broken ones and such of another length too", () => {
  const decompressor = createDecompressor();
  const frame = zstdCompressSync(TEXT);
  const into = Buffer.alloc(TEXT.length);
  const check = (): void => {
    into.fill(0);
    expect(decompressor.decompress(frame, into)).toBe(TEXT.length);
    expect(into.equals(TEXT)).toBe(true);
  };
  check();
  check();
  expect(() => decompressor.decompress(Buffer.from("no frame at all"), into)).toThrow(/frame descriptor/);
  check();
  expect(() => decompressor.decompress(frame.subarray(0, frame.length - 5), into)).toThrow(/unexpected end/i);
  check();
  expect(() => decompressor.decompress(frame, into.subarray(0, 100))).toThrow(/larger than/);
  expect(decompressor.decompress(zstdCompressSync(TEXT.subarray(0, 99)), into)).toBe(99);
  check();
  decompressor.close();
});
