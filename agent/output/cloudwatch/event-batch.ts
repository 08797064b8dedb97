import { ByteSink } from "../../encode/byte-sink.ts";
import { writeEscaped } from "../../encode/json-line.ts";
import type { Batch } from "../../record.ts";
import type { QuarantinedRecord } from "../../state/quarantine.ts";
import type { BatchSource } from "../output.ts";
import type { StreamRequest } from "../send.ts";
import { EVENT_OVERHEAD_BYTES, REQUEST_BYTES_MAX, REQUEST_EVENTS_MAX, REQUEST_SPAN_MS_MAX } from "./limits.ts";

/** A log stream and its group. */
export interface StreamName {
  readonly group: string;
  readonly stream: string;
}

/** A message in `bytes` of which it is known how much longer escapes may make it. */
export interface Message {
  readonly bytes: Buffer;
  readonly length: number;
  readonly escapedMax: number;
}

/** What is kept of an event's record beside its message: enough to quarantine it. */
type Kept = Omit<QuarantinedRecord, "reason" | "log"> & { readonly chain: string };

/** Most requests are full, or small. */
const EXPECTED_BYTES = 2 * 1024 * 1024;
const TAIL = Buffer.from("]}");
const MESSAGE_HEAD = ',"message":"';
const EVENT_TAIL = Buffer.from('"},');
/** `{"timestamp":` and a number, `,"message":"`, `"},` */
const EVENT_TEXT_BYTES_MAX = 64;

/**
 * The body of one PutLogEvents, written as the events come, so that no copy of them is held beside it: the SDK would make
 * it of objects, at three times the CPU and twice the memory. Within the limits of the service; what is not in order of
 * time is put in order at the end.
 */
export class EventBatch implements StreamRequest {
  readonly name: StreamName;
  readonly sources = new Set<string>();
  /** As the service counts them. */
  bytes = 0;
  #sink: ByteSink;
  readonly #headBytes: number;
  #ends: number[] = [];
  #times: number[] = [];
  #kept: Kept[] = [];
  #oldestMs = Infinity;
  #newestMs = -Infinity;
  #isOrdered = true;
  #isClosed = false;

  constructor(name: StreamName) {
    this.name = name;
    this.#sink = new ByteSink(EXPECTED_BYTES);
    const { group, stream } = name;
    const head = `{"logGroupName":${JSON.stringify(group)},"logStreamName":${JSON.stringify(stream)},"logEvents":[`;
    this.#sink.appendBytes(Buffer.from(head));
    this.#headBytes = this.#sink.length;
  }

  get events(): number {
    return this.#ends.length;
  }

  /** Bytes of the body. */
  get bodyBytes(): number {
    return this.#sink.length;
  }

  /** Whether one more event fits in, of so many bytes and at that time. An empty batch takes each that the service takes. */
  hasRoom(messageBytes: number, ms: number): boolean {
    const oldest = Math.min(this.#oldestMs, ms);
    const newest = Math.max(this.#newestMs, ms);
    return (
      this.events < REQUEST_EVENTS_MAX &&
      this.bytes + messageBytes + EVENT_OVERHEAD_BYTES <= REQUEST_BYTES_MAX &&
      newest - oldest <= REQUEST_SPAN_MS_MAX
    );
  }

  /** Adds row `row` of a batch, whose message is the first `length` bytes of `message.bytes`. */
  add(message: Message, ms: number, batch: Batch, row: number, source: BatchSource): void {
    const sink = this.#sink;
    sink.reserve(message.escapedMax + EVENT_TEXT_BYTES_MAX + TAIL.length);
    sink.length += sink.bytes.write(`{"timestamp":${ms}${MESSAGE_HEAD}`, sink.length, "latin1");
    sink.length = writeEscaped(sink.bytes, sink.length, message.bytes, 0, message.length);
    sink.length += EVENT_TAIL.copy(sink.bytes, sink.length);
    this.#ends.push(sink.length);
    this.#times.push(ms);
    this.#kept.push(keptOf(batch, row, source));
    this.sources.add(source.chain);
    this.bytes += message.length + EVENT_OVERHEAD_BYTES;
    this.#isOrdered &&= ms >= this.#newestMs;
    this.#oldestMs = Math.min(this.#oldestMs, ms);
    this.#newestMs = Math.max(this.#newestMs, ms);
  }

  /** The body of the request, its events in order of time. Nothing can be added any more. */
  body(): Buffer {
    if (!this.#isClosed) {
      this.#isClosed = true;
      if (!this.#isOrdered) this.#order();
      // Where the comma behind the last event stood.
      this.#sink.length--;
      this.#sink.appendBytes(TAIL);
    }
    return this.#sink.content();
  }

  /** The record of an event by its place in the body, and the chain it is of. Not after `release`. */
  recordAt(index: number, reason: string, logOf: (message: string) => string): [string, QuarantinedRecord] {
    const start = index === 0 ? this.#headBytes : this.#ends[index - 1]!;
    const text = this.#sink.bytes.toString("utf8", start, this.#ends[index]! - 1);
    const { message } = JSON.parse(text) as { message: string };
    const { chain, ...kept } = this.#kept[index]!;
    return [chain, { reason, ...kept, log: logOf(message) }];
  }

  /** Gives the memory back. */
  release(): void {
    this.#sink.release();
    this.#kept = [];
    this.#times = [];
    this.#ends = [];
  }

  #order(): void {
    const order = this.#times.map((_, index) => index).toSorted((a, b) => this.#times[a]! - this.#times[b]! || a - b);
    const sorted = new ByteSink(EXPECTED_BYTES);
    const { bytes } = this.#sink;
    sorted.appendBytes(bytes.subarray(0, this.#headBytes));
    const ends: number[] = [];
    for (const index of order) {
      const start = index === 0 ? this.#headBytes : this.#ends[index - 1]!;
      sorted.appendBytes(bytes.subarray(start, this.#ends[index]));
      ends.push(sorted.length);
    }
    this.#sink.release();
    this.#sink = sorted;
    this.#ends = ends;
    this.#kept = order.map((index) => this.#kept[index]!);
    this.#times = order.map((index) => this.#times[index]!);
  }
}

function keptOf(batch: Batch, row: number, { chain, rawBytes }: BatchSource): Kept {
  return {
    origin: batch.origin,
    chain,
    pos: batch.pos[row]!,
    rawBytes: rawBytes[row]!,
    seconds: batch.seconds[row]!,
    nanos: batch.nanos[row]!,
    stream: batch.stream[row]!,
    level: batch.level[row]!,
    cut: batch.cut[row]!,
  };
}
