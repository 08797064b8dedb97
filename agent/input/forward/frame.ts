import { KIND, KIND_NAMES, MalformedError, MsgpackReader } from "./msgpack.ts";

/**
 * One message of a sender (github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1):
 *
 *   [tag, time, record, option?]             Message
 *   [tag, [[time, record], …], option?]      Forward
 *   [tag, <entries, one behind the other>, option?]   PackedForward; CompressedPackedForward where the option says so
 */
export interface Frame {
  readonly tag: string;
  /** What is to be acknowledged; null: nothing. */
  readonly chunk: Buffer | null;
  readonly compression: "gzip" | "zstd" | null;
  /** Where the entries lie. */
  readonly bytes: Buffer;
  /** How many there are; null: as many as there are bytes for. */
  readonly count: number | null;
  /** The only one, whose time and record are no array. */
  readonly isMessage: boolean;
}

/** Longer ones are no tags, and would not do as a part of a name. */
const TAG_BYTES_MAX = 1024;

/** Reads a whole frame; null for nil, which senders use as a sign of life. Throws MalformedError. */
export function readFrame(bytes: Buffer): Frame | null {
  const reader = new MsgpackReader(bytes);
  const kind = reader.head();
  if (kind === KIND.nil) return null;
  if (kind !== KIND.array || reader.size < 2)
    throw new MalformedError(`a message is an array of tag and records, this is ${KIND_NAMES[kind]}`);
  const parts = reader.size;
  const tag = readTag(reader);
  const from = reader.at;
  switch (reader.head()) {
    case KIND.array: {
      const count = reader.size;
      const entries = reader.at;
      reader.at = from;
      reader.skip();
      const content = bytes.subarray(entries, reader.at);
      return { tag, ...readOption(reader, parts > 2), compression: null, bytes: content, count, isMessage: false };
    }
    case KIND.text:
    case KIND.bytes: {
      const content = reader.content();
      return { tag, ...readOption(reader, parts > 2), bytes: content, count: null, isMessage: false };
    }
    case KIND.number:
    case KIND.extension: {
      if (parts < 3) throw new MalformedError("a message has tag, time and record; the record is missing");
      reader.at = from;
      reader.skip();
      reader.skip();
      const content = bytes.subarray(from, reader.at);
      return { tag, ...readOption(reader, parts > 3), compression: null, bytes: content, count: 1, isMessage: true };
    }
    default:
      throw new MalformedError(`behind the tag stands ${KIND_NAMES[reader.kind]}, neither a time nor records`);
  }
}

function readTag(reader: MsgpackReader): string {
  const kind = reader.head();
  if (kind !== KIND.text && kind !== KIND.bytes) throw new MalformedError(`the tag is ${KIND_NAMES[kind]}, not a text`);
  if (reader.size > TAG_BYTES_MAX) throw new MalformedError(`the tag has more than ${TAG_BYTES_MAX} bytes`);
  return reader.content().toString("utf8");
}

/** Docker 18 sends nil for no option. */
function readOption(reader: MsgpackReader, isThere: boolean): Pick<Frame, "chunk" | "compression"> {
  const option: { chunk: Buffer | null; compression: Frame["compression"] } = { chunk: null, compression: null };
  if (!isThere || reader.head() === KIND.nil) return option;
  if (reader.kind !== KIND.map) throw new MalformedError(`the option is ${KIND_NAMES[reader.kind]}, not a map`);
  for (let left = reader.size; left > 0; left--) {
    const name = reader.key();
    const from = reader.at;
    const kind = reader.head();
    const isText = kind === KIND.text || kind === KIND.bytes;
    if (name === "chunk") {
      if (!isText) throw new MalformedError(`option chunk is ${KIND_NAMES[kind]}, not a text`);
      option.chunk = reader.content();
    } else if (name === "compressed" && isText) option.compression = compressionOf(reader.content().toString("utf8"));
    else if (name === "fluent_signal" && reader.scalar !== 0)
      throw new MalformedError("it holds metrics or traces; only logs are taken: match them away from this output");
    else {
      reader.at = from;
      reader.skip();
    }
  }
  return option;
}

function compressionOf(name: string): Frame["compression"] {
  if (name === "text") return null;
  if (name === "gzip" || name === "zstd") return name;
  throw new MalformedError(`its compression ${JSON.stringify(name.slice(0, 20))} is not known; send gzip or zstd`);
}

/** Values in one record: far more than a log record has, and what they take in memory stays small. */
const VALUES_MAX = 100_000;

/**
 * Goes through the records of a frame. Times are whole seconds, EventTime (extension 0: seconds and nanoseconds, 4 bytes
 * each), or fractions; Fluent Bit's `[time, metadata]` is taken as its time.
 */
export class Entries {
  readonly reader: MsgpackReader;
  /** Of the record that `next` found: whole seconds since 1970, and the nanoseconds after them. */
  seconds = 0;
  nanos = 0;
  readonly #frame: Frame;
  #read = 0;
  #extra = 0;

  /** `bytes`: those of the frame, unpacked. */
  constructor(frame: Frame, bytes: Buffer) {
    this.#frame = frame;
    this.reader = new MsgpackReader(bytes);
  }

  /** Throws MalformedError unless all records can be read. Makes nothing of them. */
  check(): void {
    while (this.next())
      if (this.reader.skipContent() > VALUES_MAX)
        throw new MalformedError(`a record has more than ${VALUES_MAX} values`);
  }

  /** Goes to the next record; false behind the last. The reader stands behind the head of its map, which is to be read. */
  next(): boolean {
    const { reader } = this;
    const { count, isMessage } = this.#frame;
    for (; this.#extra > 0; this.#extra--) reader.skip();
    if (count === null ? reader.at >= reader.end : this.#read >= count) return false;
    this.#read++;
    if (!isMessage) {
      if (reader.head() !== KIND.array || reader.size < 2)
        throw new MalformedError(`an entry is an array of time and record, this is ${KIND_NAMES[reader.kind]}`);
      this.#extra = reader.size - 2;
    }
    const { seconds, nanos } = readTime(reader);
    this.seconds = seconds;
    this.nanos = nanos;
    if (reader.head() !== KIND.map) throw new MalformedError(`a record is ${KIND_NAMES[reader.kind]}, not a map`);
    return true;
  }
}

function readTime(reader: MsgpackReader, isNested = false): { seconds: number; nanos: number } {
  const kind = reader.head();
  if (kind === KIND.number && typeof reader.scalar === "number" && Number.isFinite(reader.scalar)) {
    const seconds = Math.floor(reader.scalar);
    return { seconds, nanos: Math.floor((reader.scalar - seconds) * 1e9) };
  }
  if (kind === KIND.extension && reader.type === 0 && reader.size === 8) {
    const content = reader.content();
    const nanos = content.readUInt32BE(4);
    return { seconds: content.readUInt32BE(0), nanos: nanos < 1e9 ? nanos : 0 };
  }
  if (kind === KIND.array && reader.size > 0 && !isNested) {
    let left = reader.size - 1;
    const time = readTime(reader, true);
    for (; left > 0; left--) reader.skip();
    return time;
  }
  throw new MalformedError(`a time is ${KIND_NAMES[kind]}, neither seconds nor an EventTime`);
}
