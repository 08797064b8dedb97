import type { Batch } from "../record.ts";
import { ByteSink } from "../../parquet/byte-sink.ts";
import { createCompressor } from "../../parquet/compressor.ts";
import type { ObjectEncoder } from "./encoder.ts";
import { RecordLines } from "./json-line.ts";
import type { TimeField } from "./time-field.ts";

export interface JsonLinesOptions {
  readonly compression: "zstd" | "gzip" | "none";
  /** The field that each line begins with; null: none. */
  readonly date: TimeField | null;
}

/**
 * Encodes records as lines of JSON in the shape that Fluent Bit's s3 output writes after its `cri` parser and its
 * `kubernetes` filter, so that what reads those can read these:
 *
 *   {"date":"2026-11-21T05:47:53.123456Z","stream":"stdout","_p":"F","log":"…","kubernetes":{"pod_name":"…",…}}
 *
 * `date` is as `json_date_key` and `json_date_format` say. Text is compressed before `append` returns, by one context per
 * object.
 */
export function createJsonLinesEncoder(options: JsonLinesOptions): ObjectEncoder {
  const compressor = options.compression === "none" ? null : createCompressor(options.compression);
  const lines = new RecordLines(options.date);
  const ready = new ByteSink();
  let isTaken = false;

  function handOver(text: Uint8Array, end: boolean): void {
    ready.appendBytes(compressor === null ? text : compressor.compress(text, end));
  }

  function take(): Buffer[] {
    if (isTaken || ready.length === 0) return [];
    isTaken = true;
    return [ready.content()];
  }

  /** What the last `take` handed out has been written by now. */
  function forgetTaken(): void {
    if (isTaken) ready.clear();
    isTaken = false;
  }

  return {
    get bufferedBytes() {
      return isTaken ? 0 : ready.length;
    },
    append(batch: Batch, from: number, to: number): void {
      forgetTaken();
      lines.begin(batch);
      let length = 0;
      for (let row = from; row < to; row++) {
        const bytesMax = lines.bytesMax(row);
        if (length > 0 && length + bytesMax > TEXT_BYTES) {
          handOver(text.subarray(0, length), false);
          length = 0;
        }
        if (bytesMax > text.length) text = Buffer.allocUnsafeSlow(bytesMax);
        length = lines.write(text, length, row);
      }
      if (length > 0) handOver(text.subarray(0, length), false);
    },
    flush() {},
    take,
    finish() {
      forgetTaken();
      if (compressor !== null) handOver(EMPTY, true);
      return take();
    },
    release() {
      compressor?.close();
      ready.release();
    },
  };
}

const EMPTY = Buffer.alloc(0);
const TEXT_BYTES = 256 * 1024;
/** Scratch of one `append`, shared by all encoders. Grows for a long message: to 6 MiB for one of 1 MiB. */
let text = Buffer.allocUnsafeSlow(TEXT_BYTES);
