import { ByteSink } from "../../../parquet/byte-sink.ts";
import { escaped, type LineWriter } from "../../encode/json-line.ts";
import { parseObject } from "../../log-record.ts";
import type { Batch, Origin } from "../../record.ts";
import { contentOf, quarantinedRecord, type QuarantinedRecord } from "../../state/quarantine.ts";
import { REPLAYED, type BatchSource, type Delivery, type Outcome, type Output, type Sealed } from "../output.ts";
import { sendDivided } from "../divide.ts";
import { Fault, type RetryOptions } from "../retry.ts";
import { sendAll } from "../send.ts";
import { EventBatch, type Message, type StreamName } from "./event-batch.ts";
import { EVENT_OVERHEAD_BYTES } from "./limits.ts";
import type { CloudWatchRequests, Rejected } from "./requests.ts";

/** Requests in flight at a time, of one stream or of several. */
const IN_FLIGHT_MAX = 4;
/** Bodies of one shipment: what a crash repeats at most, and the memory that is held. */
const SHIPMENT_BYTES_MAX = 4 * 1024 * 1024;
/** How often a stream is made that is not found right after it was. */
const CREATIONS_MAX = 3;

export interface CloudWatchOutputOptions {
  readonly id: string;
  readonly recorded: unknown;
  /** The one field of a record that is sent; null: all of it, as JSON. */
  readonly logKey: string | null;
  readonly eventBytesMax: number;
  readonly lines: LineWriter;
  readonly nameOf: (origin: Origin) => StreamName;
  /** Requests that are repeated until `isHopeless` says so of a fault. */
  readonly requests: (signal: AbortSignal, retry: Pick<RetryOptions, "said" | "isHopeless">) => CloudWatchRequests;
}

/** Sends records as events to log streams, at least once. Groups and streams are made when a request does not find them. */
export function createCloudWatchOutput(options: CloudWatchOutputOptions): Output {
  const said = new Map<string, Set<string>>();
  const ends = new WeakMap<Buffer, Buffer>();
  return {
    id: options.id,
    recorded: options.recorded,
    isStream: true,
    begin: (_, signal) => new CloudWatchDelivery(options, { said, ends }, signal),
    isDelivered: () => Promise.resolve(true),
    forbid: () => Promise.resolve(false),
    clean: () => Promise.resolve(),
  };
}

/** What outlives a shipment. */
interface Kept {
  /** By log group: what one refuses is said once, however well the others fare. */
  readonly said: Map<string, Set<string>>;
  /** Metadata, as it ends a file's lines, and as it stands in a body. */
  readonly ends: WeakMap<Buffer, Buffer>;
}

class CloudWatchDelivery implements Delivery {
  readonly #options: CloudWatchOutputOptions;
  readonly #kept: Kept;
  readonly #signal: AbortSignal;
  readonly #text = new ByteSink();
  /** The request of each stream that takes more. */
  readonly #open = new Map<string, EventBatch>();
  readonly #batches: EventBatch[] = [];
  /** What the last message ends with, and its metadata, which is escaped once for each file. */
  #suffix: Buffer = NOTHING;
  #end: Pick<Message, "endLength" | "escapedEnd"> = { endLength: 0, escapedEnd: NOTHING };
  readonly #names = new Map<Origin, StreamName>();
  /** By source: records that are sent, and those that are refused. */
  readonly #sent = new Map<string, number>();
  readonly #refused = new Map<string, QuarantinedRecord[]>();

  constructor(options: CloudWatchOutputOptions, kept: Kept, signal: AbortSignal) {
    this.#options = options;
    this.#kept = kept;
    this.#signal = signal;
  }

  get isFull(): boolean {
    return this.#bytes() >= SHIPMENT_BYTES_MAX;
  }

  accept(batch: Batch, source: BatchSource): Promise<boolean> {
    const canRefuse = source.chain !== REPLAYED && source.continued !== true;
    if (canRefuse && this.isFull) return Promise.resolve(false);
    const name = this.#nameOf(batch.origin);
    const { lines } = this.#options;
    lines.begin(batch);
    for (let row = 0; row < batch.count; row++) {
      const lack = lines.lack(row);
      if (lack !== null) {
        this.#refuse(source.chain, quarantinedRecord(batch, row, source.rawBytes[row]!, lack));
        continue;
      }
      const message = this.#messageOf(row);
      const ms = batch.seconds[row]! * 1000 + Math.floor(batch.nanos[row]! / 1e6);
      if (message.length + EVENT_OVERHEAD_BYTES > this.#options.eventBytesMax) {
        this.#refuseLarge(batch, row, source, message.length);
        continue;
      }
      this.#batchFor(name, message.length, ms).add(message, ms, batch, row, source);
      this.#sent.set(source.chain, (this.#sent.get(source.chain) ?? 0) + 1);
    }
    return Promise.resolve(true);
  }

  seal(): Promise<Sealed> {
    this.#text.release();
    const records = [...this.#sent.values()].reduce((sum, count) => sum + count, 0);
    return Promise.resolve({ keys: [], records, bytes: this.#bytes() });
  }

  async publish(): Promise<Outcome> {
    let bytes = 0;
    const undelivered = await sendAll(this.#batches, {
      inFlightMax: IN_FLIGHT_MAX,
      signal: this.#signal,
      send: async (batch, isHopeless) => {
        let isBegun = false;
        // Of what is taken in part, giving up would repeat that part.
        const isLost = (fault: Fault): boolean => (!isBegun || fault.kind === "permanent") && isHopeless(fault);
        const refused = await sendDivided(batch.events, async (from, to) => {
          this.#noteRejected(batch, from, to, await this.#put(batch, from, to, isLost));
          isBegun = true;
        });
        for (const [index, { code, cause }] of refused)
          this.#noteRefused(batch, index, `refused by CloudWatch Logs: ${code}: ${(cause as Error).message}`);
        bytes += batch.bodyBytes;
        batch.release();
      },
    });
    await this.abandon();
    const isDelivered = ([chain]: readonly [string, unknown]): boolean => !undelivered.has(chain);
    const refused = [...this.#refused].filter(isDelivered).flatMap(([, records]) => records);
    const records = [...this.#sent].filter(isDelivered).reduce((sum, [, count]) => sum + count, 0);
    return { refused, undelivered, records, bytes };
  }

  abandon(): Promise<void> {
    this.#text.release();
    for (const batch of this.#batches) batch.release();
    return Promise.resolve();
  }

  async #put(batch: EventBatch, from: number, to: number, isHopeless: (fault: Fault) => boolean): Promise<Rejected> {
    const { name } = batch;
    const said = this.#kept.said.get(name.group) ?? new Set();
    this.#kept.said.set(name.group, said);
    const requests = this.#options.requests(this.#signal, { said, isHopeless });
    for (let creations = 0; creations <= CREATIONS_MAX; creations++) {
      const answer = await requests.put(name, batch.part(from, to));
      if (answer !== "missing") return answer;
      if ((await requests.createStream(name)) === "there") continue;
      await requests.createGroup(name.group);
      await requests.createStream(name);
    }
    const text = `PutLogEvents in log group ${name.group}: stream ${name.stream} is not found, although it was made`;
    throw new Fault("retryable", "ResourceNotFoundException", text, null);
  }

  /** Of a request with events `from` to `to`. */
  #noteRejected(batch: EventBatch, from: number, to: number, rejected: Rejected): void {
    const { tooOldEnd, expiredEnd, tooNewStart } = rejected;
    for (let index = 0; index < to - from; index++) {
      const reason = index < tooOldEnd ? TOO_OLD : index < expiredEnd ? EXPIRED : index >= tooNewStart ? TOO_NEW : null;
      if (reason !== null) this.#noteRefused(batch, from + index, reason);
    }
  }

  #noteRefused(batch: EventBatch, index: number, reason: string): void {
    const [chain, record] = batch.recordAt(index, reason, (message) => this.#contentOf(message));
    this.#refuse(chain, record);
    this.#sent.set(chain, this.#sent.get(chain)! - 1);
  }

  #refuseLarge(batch: Batch, row: number, source: BatchSource, bytes: number): void {
    const { eventBytesMax } = this.#options;
    const reason = `event of ${bytes + EVENT_OVERHEAD_BYTES} bytes is too large for CloudWatch Logs, which takes ${eventBytesMax}`;
    this.#refuse(source.chain, quarantinedRecord(batch, row, source.rawBytes[row]!, reason));
  }

  #refuse(chain: string, record: QuarantinedRecord): void {
    const records = this.#refused.get(chain) ?? [];
    records.push(record);
    this.#refused.set(chain, records);
  }

  /** An event must have a character: an empty message is sent as a blank. */
  #messageOf(row: number): Message {
    const { lines } = this.#options;
    const text = this.#text;
    text.clear();
    text.reserve(lines.bytesMax(row) + 1);
    const length = Math.max(1, lines.write(text.bytes, 0, row) - 1);
    if (text.bytes[0] === 0x0a) text.bytes[0] = 0x20;
    if (this.#options.logKey !== null)
      return { bytes: text.bytes, length, endLength: 0, escapedEnd: NOTHING, escapeMax: 6 };
    // Of JSON, which has no control characters any more, no byte becomes more than two.
    if (lines.suffix !== this.#suffix) {
      this.#suffix = lines.suffix;
      this.#end = this.#endOf(lines.suffix);
    }
    return { bytes: text.bytes, length, ...this.#end, escapeMax: 2 };
  }

  #endOf(suffix: Buffer): Pick<Message, "endLength" | "escapedEnd"> {
    const { ends } = this.#kept;
    let escapedEnd = ends.get(suffix);
    if (escapedEnd === undefined) ends.set(suffix, (escapedEnd = escaped(suffix.subarray(0, -1))));
    return { endLength: suffix.length - 1, escapedEnd };
  }

  #contentOf(message: string): Pick<QuarantinedRecord, "log" | "record"> {
    const { logKey } = this.#options;
    if (logKey === null) return contentOf(parseObject(message) ?? {});
    const text = message === " " ? "" : message;
    return logKey === "log" ? { log: text } : { log: "", record: { [logKey]: text } };
  }

  #batchFor(name: StreamName, messageBytes: number, ms: number): EventBatch {
    const key = `${name.group}:${name.stream}`;
    let open = this.#open.get(key);
    if (open?.hasRoom(messageBytes, ms) !== true) {
      this.#batches.push((open = new EventBatch(name)));
      this.#open.set(key, open);
    }
    return open;
  }

  #nameOf(origin: Origin): StreamName {
    let name = this.#names.get(origin);
    if (name === undefined) this.#names.set(origin, (name = this.#options.nameOf(origin)));
    return name;
  }

  #bytes(): number {
    let bytes = 0;
    for (const batch of this.#batches) bytes += batch.bodyBytes;
    return bytes;
  }
}

const NOTHING = Buffer.alloc(0);
const TOO_OLD = "too old for CloudWatch Logs (14 days)";
const EXPIRED = "older than the retention of its log group";
const TOO_NEW = "too far in the future for CloudWatch Logs (2 hours)";
