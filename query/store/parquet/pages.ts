/** The pages of a column chunk, decompressed. */
import { CODEC, PAGE } from "../../../parquet/format.ts";
import type { Decompressor } from "../../../parquet/decompressor.ts";
import { eachField, readInteger } from "./thrift.ts";

export interface Page {
  readonly isDictionary: boolean;
  /** Levels and values. */
  readonly values: number;
  readonly encoding: number;
  /** Valid until the next page. */
  readonly bytes: Buffer;
}

/** Throws RangeError where the bytes are no pages of version 1, uncompressed or by zstd. */
export function* pagesOf(stored: Buffer, codec: number, decompressor: Decompressor): Generator<Page> {
  if (codec !== CODEC.none && codec !== CODEC.zstd) throw new RangeError(`pages are compressed by codec ${codec}`);
  for (let at = 0; at < stored.length;) {
    const { type, rawBytes, storedBytes, values, encoding, end } = readHeader(stored, at);
    at = end + storedBytes;
    if (type !== PAGE.data && type !== PAGE.dictionary) throw new RangeError(`a page of type ${type}`);
    if (rawBytes < 0 || rawBytes > PAGE_BYTES_MAX || storedBytes < 0 || at > stored.length)
      throw new RangeError(`a page ends at byte ${at} of ${stored.length}`);
    let bytes = stored.subarray(end, at);
    if (codec === CODEC.zstd) {
      const raw = scratch(rawBytes);
      if (decompressor.decompress(bytes, raw) !== rawBytes) throw new RangeError(`a page is not of ${rawBytes} bytes`);
      bytes = raw;
    } else if (storedBytes !== rawBytes) throw new RangeError(`a page is of ${storedBytes} bytes, not ${rawBytes}`);
    yield { isDictionary: type === PAGE.dictionary, values, encoding, bytes };
  }
}

function readHeader(bytes: Buffer, at: number) {
  let [type, rawBytes, storedBytes, values, encoding] = [-1, -1, -1, -1, -1];
  const end = eachField(bytes, at, (id, _, start) => {
    if (id === 1) type = readInteger(bytes, start);
    else if (id === 2) rawBytes = readInteger(bytes, start);
    else if (id === 3) storedBytes = readInteger(bytes, start);
    else if (id === 5 || id === 7)
      eachField(bytes, start, (inner, _type, valueAt) => {
        if (inner === 1) values = readInteger(bytes, valueAt);
        else if (inner === 2) encoding = readInteger(bytes, valueAt);
      });
  });
  return { type, rawBytes, storedBytes, values, encoding, end };
}

/** The encoder's largest hold one message of 1 MiB, or the labels of a row group. */
const PAGE_BYTES_MAX = 64 * 1024 * 1024;

/** Pages are read one after the other. One that is much longer than others is not kept. */
let kept: Buffer = Buffer.alloc(0);
const KEPT_BYTES_MAX = 2 * 1024 * 1024;

function scratch(bytes: number): Buffer {
  if (bytes > KEPT_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes);
  if (kept.length < bytes) kept = Buffer.allocUnsafeSlow(Math.max(bytes, 300 * 1024));
  return kept.subarray(0, bytes);
}
