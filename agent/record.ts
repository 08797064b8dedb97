/**
 * The words that every stage shares. Bytes, not objects: a record is a slice of a buffer plus numbers in typed arrays;
 * what is the same for a whole file is held once, in its `Origin`.
 *
 *   file      one inode of a log, known by a random 64-bit id
 *   chain     the files of one container attempt in order of rotation: one stream of bytes for the shipper
 *   cursor    how far an output has read a chain: a file, an offset in it, and the records still open there
 *   batch     records of one file in the order in which they were completed
 *   shipment  what one output ships in one go: chains with the byte ranges to read
 */
import type { RowsOrigin, TableRows } from "../parquet/rows.ts";

/** What is the same for every record of a file: computed once when the file is discovered, stored beside its link. */
export interface Origin extends RowsOrigin {
  readonly source: "application" | "dataplane" | "host" | "control-plane";
  /** CRI container id (64 hex digits), for json_lines' `kubernetes.docker_id`. */
  readonly containerId: string | null;
  /** Fluent Bit's tag of the file. */
  readonly tag: string;
  /** The path the input matched. */
  readonly path: string;
  /** How its records are as objects where they are no pod's: see `RecordShape`. */
  readonly record?: RecordShape;
  /** What the Kubernetes API says beyond the table's columns; absent where it said nothing. */
  readonly podDetails?: PodDetails;
}

/** Of a file whose records came with fields of their own, or from a container outside of Kubernetes. */
export interface RecordShape {
  /** The field that holds the stream: `stream`, with `_p` beside it, or `source`, as Docker's fluentd driver calls it. */
  readonly stream: "stream" | "source";
  /** What all records have beside message and stream; nothing else is added. */
  readonly fields: Readonly<LogRecord>;
}

export interface PodDetails {
  readonly ip: string | null;
  /** Of the container: `docker.io/library/nginx@sha256:…`. */
  readonly imageId: string | null;
  readonly annotations: Readonly<Record<string, string>> | null;
  readonly ownerReferences: readonly unknown[] | null;
  /** Of its namespace; null where it is not asked for. */
  readonly namespace: Readonly<Record<"labels" | "annotations", Readonly<Record<string, string>> | null>> | null;
  /** Streams that the pod asks not to be shipped. */
  readonly exclude: readonly ("stdout" | "stderr")[];
  /** Names of the parsers that the pod suggests for its streams; absent where it suggests none. */
  readonly parsers?: Readonly<Partial<Record<"stdout" | "stderr", string>>>;
}

/** Values of `Batch.stream`: places in STREAM_NAMES of config/table.ts. */
export const STREAM = { none: 0, stdout: 1, stderr: 2 } as const;

/** Values of `Batch.cut`: a whole record, one cut at its size limit (the next row goes on), one whose file ended inside it. */
export const CUT = { none: 0, limit: 1, end: 2 } as const;

/**
 * Records of one file. The arrays may be longer than `count`, and are reused: a consumer copies what it keeps before
 * it returns. `bytes.subarray(start[i], end[i])` is valid UTF-8.
 */
export interface Batch extends TableRows {
  readonly origin: Origin;
  /**
   * Null, or per row: null where the bytes and numbers above are all of it, else the record as filters made it, in place of
   * what would be made of them. The bytes of such a row are those of its text `log`, empty if it has none.
   */
  readonly records: readonly (LogRecord | null)[] | null;
  /**
   * Null or absent, or per row: what the input says beside the message, of a row without such a record. The columns have the
   * message alone; where a record is asked for, it is made of both. They may be read from the bytes when
   * they are asked for: a consumer that keeps them copies them.
   */
  readonly fields?: readonly (MessageFields | null)[] | null;
  /** Not null: in the rows without such a record JSON in the message is to be merged, where records are written as JSON. */
  readonly merge: MergeLog | null;
  /**
   * Null or absent, or by `rowClass`: what filters made of all rows of a class that have neither such a record nor fields,
   * with `log` in its place; null where they made nothing. It is all that such a row is: nothing is merged into it.
   */
  readonly templates?: Templates | null;
}

/** The record of many rows, which is the same but for the text `log`. */
export type Template = Readonly<LogRecord>;
export type Templates = readonly (Template | null)[];

/** Rows of one class have the same record but for `log`: those of a stream, and of them those that go on in the next row. */
export function rowClass({ stream, cut }: Pick<Batch, "stream" | "cut">, row: number): number {
  return stream[row]! * 2 + (cut[row] === CUT.limit ? 1 : 0);
}

/** The template of a row; null if the row has none, or is more than it. */
export function templateOf(batch: Batch, row: number): Template | null {
  const template = batch.templates?.[rowClass(batch, row)] ?? null;
  return template === null || (batch.records?.[row] ?? batch.fields?.[row] ?? null) !== null ? null : template;
}

/** Fluent Bit's `merge_log`: what becomes of a JSON object in `log`. */
export interface MergeLog {
  /** Its fields stand under this name; null: among the others. */
  readonly key: string | null;
  /** Line ends behind its texts are left out. */
  readonly trim: boolean;
  /** `log` stays. */
  readonly keep: boolean;
}

/** A message and the fields that came with it. */
export interface MessageFields {
  /** The message's name among them. */
  readonly key: string;
  /** In their order; at `key` is the message's place. */
  readonly fields: Readonly<LogRecord>;
}

/** A record as an object: fields by name in Fluent Bit's order, its time apart. Values are what JSON can say. */
export type LogRecord = Record<string, unknown>;

/** A record to be filled with names from a log, `__proto__` among them. */
export function emptyRecord(): LogRecord {
  return Object.create(null) as LogRecord;
}
