import { createTableEncoder, type ParquetOptions } from "../../../parquet/encoder.ts";
import type { ObjectEncoder } from "../encoder.ts";
import { withRecordTexts } from "./record-text.ts";

/** Encodes records as one Parquet file of the table: `log` is what the other columns can't hold. */
export function createParquetEncoder(options: ParquetOptions): ObjectEncoder {
  const encoder = createTableEncoder(options);
  return {
    get bufferedBytes() {
      return encoder.bufferedBytes;
    },
    append: (batch, from, to) => {
      if (from < to) encoder.append(withRecordTexts(batch, from, to), from, to);
    },
    flush: () => encoder.flush(),
    take: () => encoder.take(),
    finish: () => encoder.finish(),
    release: () => encoder.release(),
  };
}
