import { giveBackBuffer, takeBuffer } from "../../../parquet/byte-sink.ts";
import type { Batch, Origin } from "../../record.ts";
import type { QuarantinedRecord } from "../../state/quarantine.ts";
import type { BatchSource } from "../output.ts";
import type { StreamRequest } from "../send.ts";
import { giveBackChunk, takeChunk } from "./chunks.ts";
import { eventTextBytesMax, writeEvent, type Message } from "./event.ts";
import { EVENT_OVERHEAD_BYTES, REQUEST_BYTES_MAX, REQUEST_EVENTS_MAX, REQUEST_SPAN_MS_MAX } from "./limits.ts";

/** A log stream and its group. */
export interface StreamName {
  readonly group: string;
  readonly stream: string;
}

const TAIL = Buffer.from("]}");

/**
 * The body of one PutLogEvents, written as the events come, into chunks until it is sent: the SDK would make
 * it of objects, at three times the CPU and twice the memory. Within the limits of the service; what is not in order of
 * time is put in order at the end.
 */
export class EventBatch implements StreamRequest {
  readonly name: StreamName;
  readonly sources = new Set<string>();
  /** As the service counts them. */
  bytes = 0;
  readonly #head: Buffer;
  #chunks: Buffer[] = [];
  /** Bytes written of each chunk. */
  #filled: number[] = [];
  #bodyBytes: number;
  /** COLUMNS numbers an event, as many objects that live for a second cost the collector more than all else costs. */
  #rows = takeRows(ROWS_MIN * COLUMNS);
  #events = 0;
  readonly #sources: { readonly origin: Origin; readonly chain: string }[] = [];
  #oldestMs = Infinity;
  #newestMs = -Infinity;
  #isOrdered = true;

  constructor(name: StreamName) {
    this.name = name;
    const { group, stream } = name;
    const head = `{"logGroupName":${JSON.stringify(group)},"logStreamName":${JSON.stringify(stream)},"logEvents":[`;
    this.#head = Buffer.from(head);
    // The comma behind the last event gives its place to the tail.
    this.#bodyBytes = this.#head.length + TAIL.length - 1;
  }

  get events(): number {
    return this.#events;
  }

  /** Bytes of the body. */
  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** Whether one more event fits in, of so many bytes and at that time. An empty batch takes each that the service takes. */
  hasRoom(bytes: number, ms: number): boolean {
    const oldest = Math.min(this.#oldestMs, ms);
    const newest = Math.max(this.#newestMs, ms);
    return (
      this.events < REQUEST_EVENTS_MAX &&
      this.bytes + bytes + EVENT_OVERHEAD_BYTES <= REQUEST_BYTES_MAX &&
      newest - oldest <= REQUEST_SPAN_MS_MAX
    );
  }

  /** Adds row `row` of a batch. */
  add(message: Message, ms: number, batch: Batch, row: number, source: BatchSource): void {
    const chunk = this.#chunkFor(eventTextBytesMax(message));
    const start = this.#filled.at(-1)!;
    const { end, messageBytes } = writeEvent(chunk, start, message, ms);
    this.#filled[this.#filled.length - 1] = end;
    this.#bodyBytes += end - start;
    this.#keep(start, end - start, ms, batch, row, source);
    this.bytes += messageBytes + EVENT_OVERHEAD_BYTES;
    this.#isOrdered &&= ms >= this.#newestMs;
    this.#oldestMs = Math.min(this.#oldestMs, ms);
    this.#newestMs = Math.max(this.#newestMs, ms);
  }

  /**
   * The body of the request in pieces, its events in order of time. Nothing can be added any more. Valid until `release`.
   * One buffer of all of it would be the same memory once more.
   */
  body(): readonly Buffer[] {
    if (!this.#isOrdered) this.#order();
    const last = this.#chunks.length - 1;
    // In the place of the last comma, and of the byte behind it, which each chunk has.
    TAIL.copy(this.#chunks[last]!, this.#filled[last]! - 1);
    return this.#chunks.map((chunk, index) => chunk.subarray(0, this.#filled[index]! + (index === last ? 1 : 0)));
  }

  /** A body with events `from` to `to` (exclusive) alone. */
  part(from: number, to: number): readonly Buffer[] {
    const body = this.body();
    if (from === 0 && to === this.events) return body;
    return [this.#head, Buffer.concat(body).subarray(this.#startOf(from), this.#startOf(to) - 1), TAIL];
  }

  /** The record of an event by its place in the body, and the chain it is of. Not after `release`. */
  recordAt(
    index: number,
    reason: string,
    contentOf: (message: string) => Pick<QuarantinedRecord, "log" | "record">,
  ): [string, QuarantinedRecord] {
    const rows = this.#rows;
    const at = index * COLUMNS;
    const start = rows[at + 8]!;
    // Without the comma.
    const text = this.#chunks[rows[at]!]!.toString("utf8", start, start + rows[at + 9]! - 1);
    const { message } = JSON.parse(text) as { message: string };
    const { origin, chain } = this.#sources[rows[at + 7]!]!;
    const codes = rows[at + 6]!;
    const record = {
      reason,
      origin,
      pos: rows[at + 2]!,
      rawBytes: rows[at + 3]!,
      seconds: rows[at + 4]!,
      nanos: rows[at + 5]!,
      stream: codes & 0xff,
      level: (codes >>> 8) & 0xff,
      cut: codes >>> 16,
      ...contentOf(message),
    };
    return [chain, record];
  }

  /** Gives the memory back. */
  release(): void {
    for (const chunk of this.#chunks) giveBackChunk(chunk);
    this.#chunks = [];
    giveBackRows(this.#rows);
    this.#rows = EMPTY;
    this.#events = 0;
  }

  /** Where an event begins in the body. */
  #startOf(index: number): number {
    let start = this.#head.length;
    for (let at = 0; at < index * COLUMNS; at += COLUMNS) start += this.#rows[at + 9]!;
    return start;
  }

  /** Enough to quarantine the record, and to find the event: its chunk, its start there and its length. */
  #keep(start: number, length: number, ms: number, batch: Batch, row: number, { chain, rawBytes }: BatchSource): void {
    const last = this.#sources.at(-1);
    if (last?.origin !== batch.origin || last.chain !== chain) {
      this.#sources.push({ origin: batch.origin, chain });
      this.sources.add(chain);
    }
    const at = this.#events++ * COLUMNS;
    if (at + COLUMNS > this.#rows.length) {
      const grown = takeRows(this.#rows.length * 2);
      grown.set(this.#rows);
      giveBackRows(this.#rows);
      this.#rows = grown;
    }
    const rows = this.#rows;
    rows[at] = this.#chunks.length - 1;
    rows[at + 1] = ms;
    rows[at + 2] = batch.pos[row]!;
    rows[at + 3] = rawBytes[row]!;
    rows[at + 4] = batch.seconds[row]!;
    rows[at + 5] = batch.nanos[row]!;
    rows[at + 6] = batch.stream[row]! | (batch.level[row]! << 8) | (batch.cut[row]! << 16);
    rows[at + 7] = this.#sources.length - 1;
    rows[at + 8] = start;
    rows[at + 9] = length;
  }

  /** The last chunk, if it has room for so many bytes and one more, or a new one. The first one has the body's head. */
  #chunkFor(bytes: number): Buffer {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#filled.at(-1)! + bytes < last.length) return last;
    const head = last === undefined ? this.#head : NOTHING;
    const chunk = takeChunk(head.length + bytes + 1);
    this.#chunks.push(chunk);
    this.#filled.push(head.copy(chunk));
    return chunk;
  }

  /** Copies the events to other chunks, in order of time. */
  #order(): void {
    const [rows, chunks] = [this.#rows, this.#chunks];
    const msOf = (index: number): number => rows[index * COLUMNS + 1]!;
    const order = Array.from({ length: this.#events }, (_, index) => index);
    order.sort((a, b) => msOf(a) - msOf(b) || a - b);
    const ordered = takeRows(rows.length);
    [this.#chunks, this.#filled] = [[], []];
    for (const [place, index] of order.entries()) {
      const at = index * COLUMNS;
      const [start, length] = [rows[at + 8]!, rows[at + 9]!];
      const chunk = this.#chunkFor(length);
      const last = this.#chunks.length - 1;
      ordered.set(rows.subarray(at, at + COLUMNS), place * COLUMNS);
      ordered[place * COLUMNS] = last;
      const filled = this.#filled[last]!;
      ordered[place * COLUMNS + 8] = filled;
      chunks[rows[at]!]!.copy(chunk, filled, start, start + length);
      this.#filled[last] = filled + length;
    }
    for (const chunk of chunks) giveBackChunk(chunk);
    giveBackRows(rows);
    this.#rows = ordered;
    this.#isOrdered = true;
  }
}

const NOTHING = Buffer.alloc(0);
/** Numbers kept of an event, and room for how many events there is at first. */
const COLUMNS = 10;
const ROWS_MIN = 64;
const EMPTY = new Float64Array(0);

/** Room for so many numbers, which are whatever they were. Left to the collector they would wait for it by tens of MB. */
function takeRows(numbers: number): Float64Array {
  return new Float64Array(takeBuffer(numbers * 8).buffer);
}

function giveBackRows(rows: Float64Array): void {
  if (rows.length > 0) giveBackBuffer(Buffer.from(rows.buffer));
}
