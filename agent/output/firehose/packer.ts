import { ByteSink } from "../../../parquet/byte-sink.ts";
import { createCompressor } from "../../../parquet/compressor.ts";
import type { LineWriter } from "../../encode/json-line.ts";
import type { Batch } from "../../record.ts";
import { RecordBatch } from "./record-batch.ts";

/** A record has so many bytes at most, before base64. */
export const RECORD_BYTES_MAX = 1000 * 1024;
/** Of text that is compressed: what can't be compressed grows by less than the difference. */
const COMPRESSED_TEXT_BYTES_MAX = RECORD_BYTES_MAX - 8 * 1024;

export interface PackOptions {
  readonly deliveryStream: string;
  readonly compression: "gzip" | "zstd" | "none";
  /** Whether a record takes as many lines as fit in, or one. */
  readonly aggregate: boolean;
}

/**
 * Packs lines into Firehose's records, and those into requests. Firehose bills a record as a multiple of 5 KB, so one
 * takes as many lines as fit in. Compressed, each is a gzip member or a zstd frame of its own, made of no more text than
 * it could hold uncompressed: what reads records need not be made for larger ones.
 */
export class Packer {
  readonly batches: RecordBatch[] = [];
  readonly #lines: LineWriter;
  readonly #options: PackOptions;
  readonly #textBytesMax: number;
  readonly #text = new ByteSink(RECORD_BYTES_MAX);
  /** Lines that may be too long for what is left. */
  readonly #scratch = new ByteSink();
  /** Of the record that is open, and the one of its last line. */
  readonly #sources = new Set<string>();
  #lastSource: string | null = null;

  constructor(lines: LineWriter, options: PackOptions) {
    this.#lines = lines;
    this.#options = options;
    this.#textBytesMax = options.compression === "none" ? RECORD_BYTES_MAX : COMPRESSED_TEXT_BYTES_MAX;
  }

  /** Bytes of the requests so far, and of the record that is open. */
  get bytes(): number {
    return this.batches.reduce((sum, batch) => sum + batch.bytes, this.#text.length);
  }

  /** Adds the batch's rows, which are of `source`. `refuse` hears of each that is too long for a record, and is left out. */
  append(batch: Batch, source: string, refuse: (row: number, reason: string) => void): void {
    const [lines, text, scratch] = [this.#lines, this.#text, this.#scratch];
    lines.begin(batch);
    for (let row = 0; row < batch.count; row++) {
      const lack = lines.lack(row);
      if (lack !== null) {
        refuse(row, lack);
        continue;
      }
      const bytesMax = lines.bytesMax(row);
      if (text.length + bytesMax <= this.#textBytesMax) {
        text.reserve(bytesMax);
        if (source !== this.#lastSource) this.#note(source);
        text.length = lines.write(text.bytes, text.length, row);
      } else {
        scratch.clear();
        scratch.reserve(bytesMax);
        scratch.length = lines.write(scratch.bytes, 0, row);
        const reason = this.#addLine(scratch.content(), source);
        if (reason !== null) refuse(row, reason);
      }
      if (!this.#options.aggregate) this.#closeRecord();
    }
  }

  /** Ends the last record. */
  finish(): void {
    this.#closeRecord();
    this.#text.release();
    this.#scratch.release();
  }

  /** Gives all memory back. */
  release(): void {
    this.#text.release();
    this.#scratch.release();
    for (const batch of this.batches) batch.release();
  }

  /** Returns why it can't be added, or null. */
  #addLine(line: Buffer, source: string): string | null {
    if (line.length > this.#textBytesMax) return this.#addLongLine(line, source);
    if (this.#text.length + line.length > this.#textBytesMax) this.#closeRecord();
    this.#note(source);
    this.#text.appendBytes(line);
    return null;
  }

  /** A record of its own, if it fits in at all. */
  #addLongLine(line: Buffer, source: string): string | null {
    // First what is open: what is compressed is valid until something else is.
    this.#closeRecord();
    const data = compressed(line, this.#options.compression);
    if (data.length > RECORD_BYTES_MAX)
      return `${data.length} bytes are too many for a record of Firehose, which has ${RECORD_BYTES_MAX} at most`;
    this.#addData(data, [source]);
    return null;
  }

  #closeRecord(): void {
    if (this.#text.length === 0) return;
    this.#addData(compressed(this.#text.content(), this.#options.compression), this.#sources);
    this.#text.clear();
    this.#sources.clear();
    this.#lastSource = null;
  }

  #note(source: string): void {
    this.#sources.add(source);
    this.#lastSource = source;
  }

  #addData(data: Buffer, sources: Iterable<string>): void {
    let batch = this.batches.at(-1);
    if (batch === undefined || !batch.hasRoom(data.length))
      this.batches.push((batch = new RecordBatch(this.#options.deliveryStream)));
    batch.add(data, sources);
  }
}

function compressed(text: Buffer, compression: PackOptions["compression"]): Buffer {
  if (compression === "none") return text;
  const compressor = createCompressor(compression);
  try {
    const bytes = compressor.compress(text, true);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } finally {
    compressor.close();
  }
}
