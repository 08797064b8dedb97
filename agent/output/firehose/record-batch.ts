import { ByteSink } from "../../../parquet/byte-sink.ts";
import type { StreamRequest } from "../send.ts";

/** PutRecordBatch takes so many records at most. */
const RECORDS_MAX = 500;
/**
 * And 4 MiB. Whether that is counted before base64 or after it the service does not say, so the whole body is kept below
 * it: right either way.
 */
const REQUEST_BYTES_MAX = 4 * 1024 * 1024;
/** A multiple of 3, so that the pieces of a record's base64 make one; and short: the texts between are garbage at once. */
const PIECE_BYTES = 6 * 1024;

/**
 * The body of one PutRecordBatch, written as the records come: no copy of them is held beside it. What the service has
 * taken can be left out, so that the rest is sent again.
 */
export class RecordBatch implements StreamRequest {
  /** Of all records that were in it. */
  readonly sources = new Set<string>();
  readonly #sink = new ByteSink(REQUEST_BYTES_MAX);
  readonly #head: Buffer;
  /** Where each record ends, with the comma behind it. */
  #ends: number[] = [];

  constructor(deliveryStream: string) {
    this.#head = Buffer.from(`{"DeliveryStreamName":${JSON.stringify(deliveryStream)},"Records":[`);
    this.#sink.appendBytes(this.#head);
  }

  get records(): number {
    return this.#ends.length;
  }

  get bytes(): number {
    return this.#sink.length;
  }

  /** Whether a record of so many bytes fits in. An empty batch takes each that the service takes. */
  hasRoom(dataBytes: number): boolean {
    const encodedBytes = BEFORE.length + Math.ceil(dataBytes / 3) * 4 + AFTER.length;
    // Its comma is the closing bracket's place.
    return this.records < RECORDS_MAX && this.bytes + encodedBytes + TAIL.length - 1 <= REQUEST_BYTES_MAX;
  }

  add(data: Buffer, sources: Iterable<string>): void {
    for (const source of sources) this.sources.add(source);
    const sink = this.#sink;
    sink.reserve(BEFORE.length + Math.ceil(data.length / 3) * 4 + AFTER.length + TAIL.length - 1);
    sink.appendBytes(BEFORE);
    for (let at = 0; at < data.length; at += PIECE_BYTES) {
      const text = data.toString("base64", at, Math.min(data.length, at + PIECE_BYTES));
      sink.length += sink.bytes.write(text, sink.length, "latin1");
    }
    sink.appendBytes(AFTER);
    this.#ends.push(sink.length);
  }

  /** The body of the request. Valid until the batch is changed. */
  body(): Buffer {
    const end = this.bytes - 1;
    TAIL.copy(this.#sink.bytes, end);
    return this.#sink.bytes.subarray(0, end + TAIL.length);
  }

  /** Leaves out the records that are not to be sent again. */
  keep(isKept: (index: number) => boolean): void {
    const { bytes } = this.#sink;
    // The last comma may be a bracket by now.
    bytes[this.bytes - 1] = AFTER.at(-1)!;
    const ends: number[] = [];
    let [start, length] = [this.#head.length, this.#head.length];
    for (const [index, end] of this.#ends.entries()) {
      if (isKept(index)) {
        bytes.copyWithin(length, start, end);
        length += end - start;
        ends.push(length);
      }
      start = end;
    }
    this.#ends = ends;
    this.#sink.length = length;
  }

  /** Gives the memory back. */
  release(): void {
    this.#ends = [];
    this.#sink.release();
  }
}

const BEFORE = Buffer.from('{"Data":"');
const AFTER = Buffer.from('"},');
const TAIL = Buffer.from("]}");
