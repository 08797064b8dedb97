import { STREAM_NAMES } from "../config/table.ts";
import { type Batch, type LogRecord, type MergeLog, type Origin, rowClass, templateOf } from "./record.ts";

/**
 * A row as the record that Fluent Bit has after its `cri` parser and its `kubernetes` filter, time apart:
 * `{stream, _p, log, kubernetes: {…}}`; what it has not is left out. What filters made of it comes first.
 */
export function recordOf(batch: Batch, row: number): LogRecord {
  const made = batch.records?.[row] ?? null;
  return made ?? plainRecord(batch, row, batch.bytes.toString("utf8", batch.start[row], batch.end[row]), batch.merge);
}

/** Whether nothing but bytes and numbers of the batch make up a row. */
export function isPlain(batch: Batch, row: number): boolean {
  if (batch.merge !== null || templateOf(batch, row) !== null) return false;
  return (batch.records?.[row] ?? batch.fields?.[row] ?? null) === null;
}

/** Whether records of a file, else of a pod's, have a field without any filter. */
export function isStandardField(name: string, { record }: Pick<Origin, "record"> = {}): boolean {
  if (record === undefined) return STANDARD_FIELDS.has(name);
  return name === "log" || name === record.stream || (name === "_p" && record.stream === "stream") || Object.hasOwn(record.fields, name); // prettier-ignore
}

/** The record that is made of a row with the message `log`. */
export function plainRecord(batch: Batch, row: number, log: string, merge: MergeLog | null): LogRecord {
  const own = batch.fields?.[row] ?? null;
  const template = own === null ? (batch.templates?.[rowClass(batch, row)] ?? null) : null;
  if (template !== null) return { ...template, log };
  const record = own !== null ? { ...own.fields, [own.key]: log } : ofClass(batch.origin, rowClass(batch, row), log);
  return withFieldsOfFile(merge === null ? record : mergeLog(record, merge), batch.origin);
}

/** The record of the rows of a class (`rowClass`) of a file, to which nothing was done, with this `log`. */
export function recordOfClass(origin: Origin, classOfRow: number, log: unknown): LogRecord {
  return withFieldsOfFile(ofClass(origin, classOfRow, log), origin);
}

function withFieldsOfFile(record: LogRecord, origin: Origin): LogRecord {
  const fields = fieldsOfFile(origin);
  return fields === NO_FIELDS ? record : withFields(record, Object.entries(fields));
}

function ofClass(origin: Origin, classOfRow: number, log: unknown): LogRecord {
  const stream = STREAM_NAMES[classOfRow >> 1]!;
  if (stream === null) return { log };
  if (origin.record?.stream === "source") return { source: stream, log };
  return { stream, _p: (classOfRow & 1) === 1 ? "P" : "F", log };
}

/**
 * Fluent Bit's `merge_log`: the fields of a JSON object in `log` become fields of the record, behind those it has, or all of
 * them one under `key`. Returns the record itself if `log` is no such text.
 */
export function mergeLog(record: LogRecord, merge: MergeLog): LogRecord {
  const { log } = record;
  const object = typeof log === "string" ? parseObject(log) : isObject(log) ? log : null;
  return object === null ? record : mergeFields(record, object, merge);
}

/** The same with the fields that `log` was found to have. */
export function mergeFields(record: LogRecord, object: LogRecord, { key, trim, keep }: MergeLog): LogRecord {
  const fields = Object.entries(object).map(([name, value]): [string, unknown] => [
    name,
    trim ? trimmed(value) : value,
  ]);
  const rest = keep ? record : without(record, "log");
  if (key === null) return withFields(rest, fields);
  return fields.length === 0 ? rest : withFields(rest, [[key, Object.fromEntries(fields)]]);
}

/** The object that a text is in JSON, or null. Whole numbers beyond 2^53 keep their digits (JSON.rawJSON). */
export function parseObject(text: string): LogRecord | null {
  if (!LOOKS_LIKE_OBJECT.test(text)) return null;
  try {
    const value: unknown = LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A value without the line ends behind it, written out or as `\n` and `\r`: Fluent Bit's `merge_log_trim`. */
export function trimmed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  let end = value.length;
  for (;;) {
    if (end > 1 && value.charCodeAt(end - 1) === NEWLINE) end--;
    else if (value.endsWith("\\n", end) || value.endsWith("\\r", end)) end -= 2;
    else return end === value.length ? value : value.slice(0, end);
  }
}

/** A copy with more fields behind; one that was there already goes where the new one is. */
export function withFields(record: LogRecord, fields: readonly (readonly [string, unknown])[]): LogRecord {
  const names = new Set(fields.map(([name]) => name));
  return Object.fromEntries([...Object.entries(record).filter(([name]) => !names.has(name)), ...fields]);
}

const STANDARD_FIELDS: ReadonlySet<string> = new Set(["stream", "_p", "log", "kubernetes", "kubernetes_namespace"]);
const LOOKS_LIKE_OBJECT = /^\s*\{/;
const NEWLINE = 10;
const LONG_NUMBER = /\d{16}/;
const FIELDS_OF_FILE = new WeakMap<Origin, Readonly<LogRecord>>();

/**
 * What all records of a file have in common, as Fluent Bit's kubernetes filter writes it and in its order: `kubernetes`, and
 * `kubernetes_namespace` where that is asked for; empty if it is no pod's. Shared by all records: replace it, never change it.
 */
export function fieldsOfFile(origin: Origin): Readonly<LogRecord> {
  let made = FIELDS_OF_FILE.get(origin);
  if (made === undefined) FIELDS_OF_FILE.set(origin, (made = makeFieldsOfFile(origin)));
  return made;
}

function makeFieldsOfFile(origin: Origin): Readonly<LogRecord> {
  if (origin.record !== undefined) return Object.freeze({ ...origin.record.fields });
  if (origin.pod === null) return NO_FIELDS;
  const { podDetails } = origin;
  const kubernetes = present({
    pod_name: origin.pod,
    namespace_name: origin.namespace,
    pod_id: origin.podId,
    labels: origin.labels,
    annotations: podDetails?.annotations,
    ownerReferences: podDetails?.ownerReferences,
    host: origin.node,
    pod_ip: podDetails?.ip,
    container_name: origin.container,
    docker_id: origin.containerId,
    container_hash: podDetails?.imageId,
    container_image: origin.image,
  });
  const namespace = podDetails?.namespace;
  if (namespace === undefined || namespace === null) return Object.freeze({ kubernetes });
  return Object.freeze({ kubernetes, kubernetes_namespace: present({ name: origin.namespace, ...namespace }) });
}

function present(fields: LogRecord): Readonly<LogRecord> {
  return Object.freeze(
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)),
  );
}

const NO_FIELDS: Readonly<LogRecord> = Object.freeze({});

function without(record: LogRecord, field: string): LogRecord {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));
}

export function isObject(value: unknown): value is LogRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keepDigits(_: string, value: unknown, context?: { readonly source: string }): unknown {
  const source = context?.source ?? "";
  if (typeof value !== "number" || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
  return rawJson(source);
}

/** Not in TypeScript's library yet. */
export const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
