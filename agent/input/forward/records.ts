import type { LogRecord } from "../../record.ts";
import type { SpoolRecord } from "../spool/spool-line.ts";
import type { Entries } from "./frame.ts";
import { KIND, setField, type MsgpackReader } from "./msgpack.ts";

/** A sender's record, and what it has in common with others. */
export interface ForwardRecord {
  readonly spooled: SpoolRecord;
  /** Not null: a container's, as Docker's fluentd driver and FireLens send them; fields that all of its records have. */
  readonly container: Readonly<Record<string, string>> | null;
}

/** Reads the record that entries are at. */
export type ReadRecord = (entries: Entries) => ForwardRecord;

/**
 * For the records of one connection. Of a container's (`container_id`, `container_name`, `source`, `log` and more that is the
 * same for all its records) the message is kept as bytes, and what is the same apart: read once, then its bytes are compared.
 */
export function createRecordReader(): ReadRecord {
  const shapes: Shape[] = [];
  return (entries) => {
    const { reader, seconds, nanos } = entries;
    const from = reader.at;
    const pairs = reader.size;
    for (const shape of shapes) {
      const log = pairs === shape.pairs ? readLike(reader, from, shape) : null;
      if (log === null) continue;
      const spooled = { seconds, nanos, stream: shape.stream, log, fields: null };
      return { spooled, container: shape.container };
    }
    const { record, log, place } = readFields(reader, pairs);
    const made = toForwardRecord(record, log, { seconds, nanos });
    if (made.container !== null && made.spooled.partial === false)
      remember(shapes, shapeOf(made, { pairs, from, place, reader }));
    return made;
  };
}

/** A container's record but for its message: what stands before and behind it. */
interface Shape {
  readonly pairs: number;
  readonly before: Buffer;
  readonly behind: Buffer;
  readonly stream: SpoolRecord["stream"];
  readonly container: NonNullable<ForwardRecord["container"]>;
}

/** stdout and stderr of two containers; a connection has one, as a rule. */
const SHAPES_MAX = 4;

function remember(shapes: Shape[], shape: Shape): void {
  if (shapes.length >= SHAPES_MAX) shapes.shift();
  shapes.push(shape);
}

/** The message of a record that is else the same, whose end the reader is at then; null, with the reader where it was, if it is not. */
function readLike(reader: MsgpackReader, from: number, { before, behind }: Shape): Buffer | null {
  const { bytes, end } = reader;
  const value = from + before.length;
  if (value < end && bytes.compare(before, 0, before.length, from, value) === 0) {
    reader.at = value;
    const kind = reader.head();
    const log = kind === KIND.text || kind === KIND.bytes ? reader.content() : null;
    const last = reader.at + behind.length;
    if (log !== null && last <= end && bytes.compare(behind, 0, behind.length, reader.at, last) === 0) {
      reader.at = last;
      return log;
    }
  }
  reader.at = from;
  return null;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

interface Seen {
  readonly pairs: number;
  readonly from: number;
  readonly place: Place;
  readonly reader: MsgpackReader;
}

function shapeOf({ spooled, container }: ForwardRecord, { pairs, from, place, reader }: Seen): Shape {
  return {
    pairs,
    before: Buffer.from(reader.bytes.subarray(from, place.start)),
    behind: Buffer.from(reader.bytes.subarray(place.end, reader.at)),
    stream: spooled.stream,
    container: container!,
  };
}

function toForwardRecord(
  record: LogRecord,
  log: Buffer | null,
  time: Pick<SpoolRecord, "seconds" | "nanos">,
): ForwardRecord {
  const container = log === null ? null : containerFields(record);
  if (container !== null) {
    const stream = (record["source"] ?? null) as SpoolRecord["stream"];
    return { spooled: { ...time, stream, log, fields: null, partial: isPartial(record) }, container };
  }
  if (log === null) return { spooled: { ...time, stream: null, log: null, fields: record }, container: null };
  if (Object.keys(record).length === 1)
    return { spooled: { ...time, stream: null, log, fields: null }, container: null };
  record["log"] = log.toString("utf8");
  return { spooled: { ...time, stream: null, log: null, fields: record }, container: null };
}

/** The fields in their order; `log` holds its place if it is a text, whose bytes stand beside them, and where they were found. */
function readFields(reader: MsgpackReader, pairs: number): { record: LogRecord; log: Buffer | null; place: Place } {
  let log: Buffer | null = null;
  let place = { start: reader.at, end: reader.at };
  const record: LogRecord = {};
  for (let left = pairs; left > 0; left--) {
    const name = reader.key();
    const start = reader.at;
    const kind = reader.head();
    if (name === "log" && (kind === KIND.text || kind === KIND.bytes)) {
      log = reader.content();
      place = { start, end: reader.at };
      record[name] = "";
    } else setField(record, name, reader.valueOfHead(1));
  }
  return { record, log, place };
}

const PARTIAL = ["partial_message", "partial_id", "partial_ordinal", "partial_last"] as const;
const OWN_FIELDS: ReadonlySet<string> = new Set(["log", "source", ...PARTIAL]);
const SHARED_BYTES_MAX = 16 * 1024;

/** Null if it is no container's record, or has more of its own than a message, a stream and where Docker cut it. */
function containerFields(record: LogRecord): Record<string, string> | null {
  const { container_id: id, source = null } = record;
  if (typeof id !== "string" || id === "" || (source !== null && source !== "stdout" && source !== "stderr"))
    return null;
  const shared: Record<string, string> = {};
  let length = 0;
  for (const name in record) {
    if (OWN_FIELDS.has(name)) continue;
    const value = record[name];
    if (typeof value !== "string") return null;
    shared[name] = value;
    length += name.length + value.length;
  }
  return length > SHARED_BYTES_MAX ? null : shared;
}

/** Docker cuts messages at 16 KB: every part but the last one says that it goes on. */
function isPartial(record: LogRecord): boolean {
  return record["partial_message"] === "true" && record["partial_last"] !== "true";
}
