import { mergeLog, plainRecord } from "../log-record.ts";
import type { Batch, LogRecord, MergeLog, Origin } from "../record.ts";

/** A batch and the bytes of the file that each of its rows stands for. */
export interface Part {
  readonly batch: Batch;
  readonly rawBytes: Uint32Array;
}

/**
 * A batch as filters see it: its rows may be dropped, get another message, time or tag, or be asked for as records. Nothing
 * is made, and nothing copied, before it is asked for; what nobody changed goes on as it came. Valid during one `apply`.
 */
export class Rows {
  readonly batch: Batch;
  readonly count: number;
  readonly rawBytes: Uint32Array;
  /** Rows that are kept. */
  kept: number;
  /**
   * Not null: `record` merges JSON in the message into the record. Where `keep` is off, a row whose message is a JSON object
   * has no field `log` then, though its message can be read still.
   */
  merge: MergeLog | null;
  #dropped: Uint8Array | null = null;
  #messages: (Buffer | null)[] | null = null;
  /** Made of rows that nobody changed. */
  #read: (LogRecord | null)[] | null = null;
  #changed: (LogRecord | null)[] | null = null;
  #seconds: Float64Array | null = null;
  #nanos: Uint32Array | null = null;
  #retagged: { readonly row: number; readonly tag: string; readonly isCopy: boolean }[] | null = null;

  constructor({ batch, rawBytes }: Part) {
    this.batch = batch;
    this.rawBytes = rawBytes;
    this.count = this.kept = batch.count;
    this.merge = batch.merge;
  }

  get origin(): Origin {
    return this.batch.origin;
  }

  /** The tag of all rows. */
  get tag(): string {
    return this.batch.origin.tag;
  }

  keeps(row: number): boolean {
    return this.#dropped === null || this.#dropped[row] === 0;
  }

  drop(row: number): void {
    this.#dropped ??= new Uint8Array(this.count);
    if (this.#dropped[row] === 0) this.kept--;
    this.#dropped[row] = 1;
  }

  /** Whether the row's bytes in `batch` are its message still, and there is no record beside them. */
  isPlain(row: number): boolean {
    return (this.#messages?.[row] ?? null) === null && this.#recordMade(row) === null;
  }

  /** The message (`log`), valid UTF-8: not to be written to, and to be copied if it is kept. */
  message(row: number): Buffer {
    const { bytes, start, end } = this.batch;
    return this.#messages?.[row] ?? bytes.subarray(start[row], end[row]);
  }

  /** The message as text. */
  text(row: number): string {
    const replaced = this.#messages?.[row];
    if (replaced !== null && replaced !== undefined) return replaced.toString("utf8");
    return this.batch.bytes.toString("utf8", this.batch.start[row], this.batch.end[row]);
  }

  /** The message with one character for each byte: cheaper than `text`, and as good where only ASCII is looked for. */
  latin1(row: number): string {
    const replaced = this.#messages?.[row];
    if (replaced !== null && replaced !== undefined) return replaced.toString("latin1");
    return this.batch.bytes.toString("latin1", this.batch.start[row], this.batch.end[row]);
  }

  /** Gives the row another message, valid UTF-8, which it keeps: `log` of its record too. */
  setMessage(row: number, bytes: Buffer): void {
    const record = this.#recordMade(row);
    if (record !== null) this.#change(row, { ...record, log: bytes.toString("utf8") });
    if (this.#read !== null) this.#read[row] = null;
    this.#messages ??= blank(this.count);
    this.#messages[row] = bytes;
  }

  /** The row as a record: reading it marks nothing. Objects inside it may be shared with other rows: replace, never change them. */
  record(row: number): LogRecord {
    const made = this.#recordMade(row);
    if (made !== null) return made;
    this.#read ??= blank(this.count);
    return (this.#read[row] ??= plainRecord(this.batch, row, this.text(row), this.merge));
  }

  /** Whether the row is a record that filters made. */
  changed(row: number): boolean {
    return this.#recordMade(row) !== null;
  }

  /** The row is this record from now on; it may be the one that `record` gave, changed. */
  setRecord(row: number, record: LogRecord): void {
    this.#change(row, record);
    if (this.#read !== null) this.#read[row] = null;
    const { log } = record;
    if (typeof log === "string" ? this.text(row) === log : this.message(row).length === 0) return;
    this.#messages ??= blank(this.count);
    this.#messages[row] = typeof log === "string" ? Buffer.from(log) : EMPTY;
  }

  /** From here on JSON in the message of each row is merged into its record (Fluent Bit's `merge_log`). */
  mergeLog(merge: MergeLog): void {
    for (let row = 0; row < this.count; row++) {
      const record = this.keeps(row) ? this.#recordMade(row) : null;
      if (record !== null) this.setRecord(row, mergeLog(record, merge));
    }
    this.#read = null;
    this.merge = merge;
  }

  seconds(row: number): number {
    return (this.#seconds ?? this.batch.seconds)[row]!;
  }

  nanos(row: number): number {
    return (this.#nanos ?? this.batch.nanos)[row]!;
  }

  /** Event time: whole seconds since 1970, and nanoseconds after it. */
  setTime(row: number, seconds: number, nanos: number): void {
    this.#seconds ??= this.batch.seconds.slice(0, this.count);
    this.#nanos ??= this.batch.nanos.slice(0, this.count);
    this.#seconds[row] = seconds;
    this.#nanos[row] = nanos;
  }

  /**
   * The row, as it is when this filter is done, goes to the first filter again under another tag, past this one; here it is
   * dropped, unless it is to be kept under both.
   */
  setTag(row: number, tag: string, keep: boolean): void {
    this.#retagged ??= [];
    this.#retagged.push({ row, tag, isCopy: keep });
    if (!keep) this.drop(row);
  }

  /** Rows that got another tag since this was asked last, by it. A copy stands for no bytes of the file. */
  takeRetagged(): Part[] {
    if (this.#retagged === null) return NO_PARTS;
    const byTag = Map.groupBy(this.#retagged, ({ tag }) => tag);
    this.#retagged = null;
    return [...byTag].flatMap(([tag, moves]) => {
      const parts = this.#parts(moves.map(({ row }) => row));
      const copies = new Set(moves.filter(({ isCopy }) => isCopy).map(({ row }) => this.batch.pos[row]!));
      return parts.map(({ batch, rawBytes }) => ({
        batch: { ...batch, origin: retagged(batch.origin, tag) },
        rawBytes: rawBytes.map((bytes, row) => (copies.has(batch.pos[row]!) ? 0 : bytes)),
      }));
    });
  }

  /** What is left, as batches of one event hour each: one, but where times were changed; none, if nothing is left. */
  parts(): Part[] {
    if (this.kept === 0) return NO_PARTS;
    const isUntouched =
      this.kept === this.count && this.#messages === null && this.#changed === null && this.#seconds === null;
    const { batch, merge, rawBytes } = this;
    if (isUntouched) return [{ batch: merge === batch.merge ? batch : { ...batch, merge }, rawBytes }];
    const rows: number[] = [];
    for (let row = 0; row < this.count; row++) if (this.keeps(row)) rows.push(row);
    return this.#parts(rows);
  }

  #recordMade(row: number): LogRecord | null {
    return (this.#changed ?? this.batch.records)?.[row] ?? null;
  }

  #change(row: number, record: LogRecord): void {
    this.#changed ??= this.batch.records === null ? blank(this.count) : [...this.batch.records];
    this.#changed[row] = record;
  }

  #parts(rows: readonly number[]): Part[] {
    if (this.#seconds === null) return [this.#select(rows)];
    return [...Map.groupBy(rows, (row) => Math.floor(this.seconds(row) / 3600)).values()].map((hour) =>
      this.#select(hour),
    );
  }

  #select(rows: readonly number[]): Part {
    const { batch } = this;
    const seconds = Float64Array.from(rows, (row) => this.seconds(row));
    const nanos = Uint32Array.from(rows, (row) => this.nanos(row));
    const all = this.#changed ?? batch.records;
    const records = all === null ? null : rows.map((row) => all[row]!);
    const hasRecords = records?.some((record) => record !== null) === true;
    const selected = {
      ...selectRows(batch, rows),
      seconds,
      nanos,
      records: hasRecords ? records : null,
      merge: this.merge,
    };
    const rawBytes = Uint32Array.from(rows, (row) => this.rawBytes[row]!);
    return { batch: this.#messages === null ? selected : { ...selected, ...this.#copyMessages(rows) }, rawBytes };
  }

  #copyMessages(rows: readonly number[]): Pick<Batch, "bytes" | "start" | "end"> {
    const messages = rows.map((row) => this.message(row));
    const end = new Uint32Array(rows.length);
    const start = new Uint32Array(rows.length);
    let length = 0;
    for (const [index, message] of messages.entries()) {
      start[index] = length;
      end[index] = length += message.length;
    }
    return { bytes: Buffer.concat(messages, length), start, end };
  }
}

/** Some rows of a batch, as one that shares its bytes. */
export function selectRows(batch: Batch, rows: readonly number[]): Batch {
  return {
    origin: batch.origin,
    bytes: batch.bytes,
    count: rows.length,
    start: Uint32Array.from(rows, (row) => batch.start[row]!),
    end: Uint32Array.from(rows, (row) => batch.end[row]!),
    pos: Float64Array.from(rows, (row) => batch.pos[row]!),
    seconds: Float64Array.from(rows, (row) => batch.seconds[row]!),
    nanos: Uint32Array.from(rows, (row) => batch.nanos[row]!),
    stream: Uint8Array.from(rows, (row) => batch.stream[row]!),
    level: Uint8Array.from(rows, (row) => batch.level[row]!),
    cut: Uint8Array.from(rows, (row) => batch.cut[row]!),
    records: batch.records === null ? null : rows.map((row) => batch.records![row]!),
    merge: batch.merge,
  };
}

const EMPTY = Buffer.alloc(0);
const NO_PARTS: Part[] = [];
const RETAGGED = new WeakMap<Origin, Map<string, Origin>>();

/** One object for each origin and tag: encoders and outputs keep what they make of an origin. */
function retagged(origin: Origin, tag: string): Origin {
  let byTag = RETAGGED.get(origin);
  if (byTag === undefined) RETAGGED.set(origin, (byTag = new Map<string, Origin>()));
  let made = byTag.get(tag);
  if (made === undefined) byTag.set(tag, (made = { ...origin, tag }));
  return made;
}

function blank<T>(count: number): (T | null)[] {
  return Array.from<T | null>({ length: count }).fill(null);
}
