import type { Batch } from "../record.ts";

/**
 * Turns records of one event hour into the bytes of one object. A pure function of the calls made to it, so that a
 * replay after a crash writes the same rows to the same key.
 */
export interface ObjectEncoder {
  /** Bytes of memory that wait here: what a flush would free. */
  readonly bufferedBytes: number;
  /** Adds records `from` (inclusive) to `to` (exclusive), all of one event hour. Copies what it keeps. */
  append(batch: Batch, from: number, to: number): void;
  /** Ends the open row group or block early, because the memory is needed elsewhere. */
  flush(): void;
  /** Encoded bytes that are ready, in order. Valid until the next call of this encoder: write or copy them before. */
  take(): Promise<Buffer[]> | Buffer[];
  /** Ends the object: the last bytes (of a Parquet file: with its footer). No call but `release` may follow. */
  finish(): Promise<Buffer[]> | Buffer[];
  /** Gives back what is held, `finish`'s bytes included, whether the object was finished or is given up. */
  release(): void;
}
