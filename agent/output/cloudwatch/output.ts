import { ByteSink } from "../../../parquet/byte-sink.ts";
import { escaped, type Frame, type LineWriter } from "../../encode/json-line.ts";
import { parseObject } from "../../log-record.ts";
import type { Batch, Origin } from "../../record.ts";
import { contentOf, quarantinedRecord, type QuarantinedRecord } from "../../state/quarantine.ts";
import { REPLAYED, type BatchSource, type Delivery, type Outcome, type Output, type Sealed } from "../output.ts";
import { sendDivided } from "../divide.ts";
import { Fault, type RetryOptions } from "../retry.ts";
import { sendAll } from "../send.ts";
import { EventBatch, type StreamName } from "./event-batch.ts";
import { messageBytes, messageBytesMax, type Message } from "./event.ts";
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
  const frames = new WeakMap<Frame, Around>();
  return {
    id: options.id,
    recorded: options.recorded,
    isStream: true,
    begin: (_, signal) => new CloudWatchDelivery(options, { said, ends, frames }, signal),
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
  /** What stands around messages alike, as it stands in a body. */
  readonly frames: WeakMap<Frame, Around>;
}

type Around = Pick<Message, "head" | "tail" | "aroundBytes">;

/** `key`: of both names, for maps. */
type KeyedName = StreamName & { readonly key: string };

class CloudWatchDelivery implements Delivery {
  readonly #options: CloudWatchOutputOptions;
  readonly #kept: Kept;
  readonly #signal: AbortSignal;
  readonly #text = new ByteSink();
  /** The request of each stream that takes more. */
  readonly #open = new Map<string, EventBatch>();
  readonly #batches: EventBatch[] = [];
  readonly #message: { -readonly [Name in keyof Message]: Message[Name] } = { ...NO_MESSAGE };
  /** Of the last message that was framed. */
  #frame: Frame | null = null;
  readonly #names = new Map<Origin, KeyedName>();
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
    let open = this.#open.get(name.key);
    let sent = 0;
    for (let row = 0; row < batch.count; row++) {
      const lack = lines.lack(row);
      if (lack !== null) {
        this.#refuse(source.chain, quarantinedRecord(batch, row, source.rawBytes[row]!, lack));
        continue;
      }
      const message = this.#messageOf(batch, row);
      const ms = batch.seconds[row]! * 1000 + Math.floor(batch.nanos[row]! / 1e6);
      let bytes = messageBytesMax(message);
      if (bytes + EVENT_OVERHEAD_BYTES > this.#options.eventBytesMax || open?.hasRoom(bytes, ms) === false)
        bytes = messageBytes(message);
      if (bytes + EVENT_OVERHEAD_BYTES > this.#options.eventBytesMax) {
        this.#refuseLarge(batch, row, source, bytes);
        continue;
      }
      if (open?.hasRoom(bytes, ms) !== true) open = this.#begin(name);
      open.add(message, ms, batch, row, source);
      sent++;
    }
    this.#sent.set(source.chain, (this.#sent.get(source.chain) ?? 0) + sent);
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

  /** Of a row. An event must have a character: an empty message is sent as a blank. */
  #messageOf(batch: Batch, row: number): Message {
    const { lines, logKey } = this.#options;
    const message = this.#message;
    const frame = lines.frame(row);
    if (frame !== null) {
      if (frame !== this.#frame) Object.assign(message, this.#aroundOf(frame), { isInString: true });
      this.#frame = frame;
      message.bytes = batch.bytes;
      message.start = batch.start[row]!;
      message.end = batch.end[row]!;
      return message;
    }
    this.#frame = null;
    const text = this.#text;
    text.clear();
    text.reserve(lines.bytesMax(row) + 1);
    const length = Math.max(1, lines.write(text.bytes, 0, row) - 1);
    if (text.bytes[0] === 0x0a) text.bytes[0] = 0x20;
    // Metadata is escaped once for each file.
    const tail = logKey === null ? this.#endOf(lines.suffix) : NOTHING;
    const aroundBytes = logKey === null ? lines.suffix.length - 1 : 0;
    const own = { bytes: text.bytes, start: 0, end: length - aroundBytes, isInString: false };
    return Object.assign(message, own, { head: NOTHING, tail, aroundBytes });
  }

  #aroundOf(frame: Frame): Around {
    const { frames } = this.#kept;
    let around = frames.get(frame);
    if (around === undefined) {
      const { head, tail } = frame;
      around = { head: escaped(head), tail: escaped(tail), aroundBytes: head.length + tail.length };
      frames.set(frame, around);
    }
    return around;
  }

  #endOf(suffix: Buffer): Buffer {
    const { ends } = this.#kept;
    let escapedEnd = ends.get(suffix);
    if (escapedEnd === undefined) ends.set(suffix, (escapedEnd = escaped(suffix.subarray(0, -1))));
    return escapedEnd;
  }

  #contentOf(message: string): Pick<QuarantinedRecord, "log" | "record"> {
    const { logKey } = this.#options;
    if (logKey === null) return contentOf(parseObject(message) ?? {});
    const text = message === " " ? "" : message;
    return logKey === "log" ? { log: text } : { log: "", record: { [logKey]: text } };
  }

  #begin(name: KeyedName): EventBatch {
    const open = new EventBatch(name);
    this.#batches.push(open);
    this.#open.set(name.key, open);
    return open;
  }

  #nameOf(origin: Origin): KeyedName {
    let name = this.#names.get(origin);
    if (name === undefined) {
      const { group, stream } = this.#options.nameOf(origin);
      this.#names.set(origin, (name = { group, stream, key: `${group}:${stream}` }));
    }
    return name;
  }

  #bytes(): number {
    let bytes = 0;
    for (const batch of this.#batches) bytes += batch.bodyBytes;
    return bytes;
  }
}

const NOTHING = Buffer.alloc(0);
const NO_MESSAGE: Message = {
  bytes: NOTHING,
  start: 0,
  end: 0,
  isInString: false,
  head: NOTHING,
  tail: NOTHING,
  aroundBytes: 0,
};
const TOO_OLD = "too old for CloudWatch Logs (14 days)";
const EXPIRED = "older than the retention of its log group";
const TOO_NEW = "too far in the future for CloudWatch Logs (2 hours)";
