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

/**
 * Reads the record that `entries` is at. Of a container's (`container_id`, `container_name`, `source`, `log` and more that
 * is the same for all its records) the message is kept as bytes, and what is the same apart.
 */
export function readRecord({ reader, seconds, nanos }: Entries): ForwardRecord {
  const { record, log } = readFields(reader);
  const time = { seconds, nanos };
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

/** The fields in their order; `log` holds its place if it is a text, whose bytes stand beside them. */
function readFields(reader: MsgpackReader): { record: LogRecord; log: Buffer | null } {
  let log: Buffer | null = null;
  const record: LogRecord = {};
  for (let left = reader.size; left > 0; left--) {
    const name = reader.key();
    const kind = reader.head();
    if (name === "log" && (kind === KIND.text || kind === KIND.bytes)) {
      log = reader.content();
      record[name] = "";
    } else setField(record, name, reader.valueOfHead(1));
  }
  return { record, log };
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
