import { mergeLog, plainRecord } from "../log-record.ts";
import {
  type Batch,
  type LogRecord,
  type MergeLog,
  type MessageFields,
  type Origin,
  rowClass,
  type Template,
  type Templates,
} from "../record.ts";
import { Messages } from "./messages.ts";
import { Region } from "./region.ts";
import { Scratch } from "./scratch.ts";
import { pickUint32, selectRows } from "./select-rows.ts";

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
  #region: Region | null = null;
  #dropped: Uint8Array | null = null;
  #messages: Messages | null = null;
  /** Made of rows that nobody changed. */
  #read: (LogRecord | null)[] | null = null;
  #changed: (LogRecord | null)[] | null = null;
  #fields: (MessageFields | null)[] | null = null;
  #templates: Templates | null;
  #seconds: Float64Array | null = null;
  #nanos: Uint32Array | null = null;
  #level: Uint8Array | null = null;
  /** By row: the turn in which it was changed last. */
  #turns: Uint32Array | null = null;
  #turn = 1;
  #changedRows = 0;
  readonly #scratch: Scratch;
  #retagged: { readonly row: number; readonly tag: string; readonly isCopy: boolean }[] | null = null;

  /** `scratch`: for what is made of it, parts included. */
  constructor({ batch, rawBytes }: Part, scratch = new Scratch()) {
    this.#scratch = scratch;
    this.batch = batch;
    this.rawBytes = rawBytes;
    this.count = this.kept = batch.count;
    this.merge = batch.merge;
    this.#templates = batch.templates ?? null;
  }

  /** Where the messages lie in the batch's bytes, made once for all filters. */
  get region(): Region {
    return (this.#region ??= new Region(this.batch));
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
    this.#dropped ??= this.#scratch.uint8(this.count).fill(0);
    if (this.#dropped[row] === 0) this.kept--;
    this.#dropped[row] = 1;
  }

  /** Whether the row's bytes in `batch` are its message still, and there is no record beside them. */
  isPlain(row: number): boolean {
    return this.#messages?.has(row) !== true && this.#recordMade(row) === null;
  }

  /** The message (`log`), valid UTF-8: not to be written to, and to be copied if it is kept. */
  message(row: number): Buffer {
    const { bytes, start, end } = this.batch;
    return this.#messages?.get(row) ?? bytes.subarray(start[row], end[row]);
  }

  /** The message as text. */
  text(row: number): string {
    const replaced = this.#messages?.get(row) ?? null;
    if (replaced !== null) return replaced.toString("utf8");
    return this.batch.bytes.toString("utf8", this.batch.start[row], this.batch.end[row]);
  }

  /** The message with one character for each byte: cheaper than `text`, and as good where only ASCII is looked for. */
  latin1(row: number): string {
    const replaced = this.#messages?.get(row) ?? null;
    if (replaced !== null) return replaced.toString("latin1");
    return this.batch.bytes.toString("latin1", this.batch.start[row], this.batch.end[row]);
  }

  /** Gives the row another message, valid UTF-8, which is copied: `log` of its record too. */
  setMessage(row: number, bytes: Buffer): void {
    const record = this.#recordMade(row);
    if (record !== null) this.#change(row, { ...record, log: bytes.toString("utf8") });
    if (this.#read !== null) this.#read[row] = null;
    this.#messages ??= new Messages(this.count, this.#scratch);
    this.#messages.set(row, bytes);
    this.#mark(row);
  }

  /** The row as a record: reading it marks nothing. Objects inside it may be shared with other rows: replace, never change them. */
  record(row: number): LogRecord {
    const made = this.#recordMade(row);
    if (made !== null) return made;
    this.#read ??= blank(this.count);
    return (this.#read[row] ??= plainRecord(this.#asMade(), row, this.text(row), this.merge));
  }

  /** What came with the message of a row that is no record that filters made; null if nothing did. */
  fields(row: number): MessageFields | null {
    if (this.#recordMade(row) !== null) return null;
    return (this.#fields ?? this.batch.fields)?.[row] ?? null;
  }

  /** Whether fields came with some messages of the batch. */
  get hasFields(): boolean {
    return (this.#fields ?? this.batch.fields ?? null) !== null;
  }

  /** Whether the row is more than a message of its file: a record that filters made, or fields came with it. */
  hasOwnFields(row: number): boolean {
    return this.changed(row) || this.fields(row) !== null;
  }

  /** The template of the row's class, also where the row is more than it. */
  template(row: number): Template | null {
    return this.#templates?.[rowClass(this.batch, row)] ?? null;
  }

  /** Whether the record of the row is that of its class, but for `log`. */
  isAlike(row: number): boolean {
    if (this.#recordMade(row) !== null || this.fields(row) !== null) return false;
    return this.merge === null || this.template(row) !== null || !this.#isObject(row);
  }

  /**
   * The rows that are alike (`isAlike`) are these templates from now on, by `rowClass`; null: as they were. Each other row
   * of these classes must have a record or fields.
   */
  setTemplates(templates: Templates): void {
    if (templates.every((template) => template === null)) return;
    for (let row = 0; row < this.count; row++) {
      if (!this.keeps(row) || templates[rowClass(this.batch, row)] === null) continue;
      if (this.isAlike(row)) this.#mark(row);
    }
    this.#templates = templates.map((template, index) => template ?? this.#templates?.[index] ?? null);
    this.#read = null;
  }

  /** Makes a record of each row that has a template: for who changes records one by one. */
  makeRecords(): void {
    if (this.#templates === null) return;
    for (let row = 0; row < this.count; row++)
      if (this.keeps(row) && this.template(row) !== null && this.isAlike(row)) this.#make(row, this.record(row));
    this.#templates = null;
    this.#read = null;
  }

  /** Other fields come with the row's message. */
  setFields(row: number, fields: MessageFields): void {
    this.#fields ??= [...(this.batch.fields ?? blank<MessageFields>(this.count))];
    this.#fields[row] = fields;
    if (this.#read !== null) this.#read[row] = null;
    this.#mark(row);
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
    this.#messages ??= new Messages(this.count, this.#scratch);
    this.#messages.set(row, typeof log === "string" ? Buffer.from(log) : EMPTY);
  }

  /**
   * From here on JSON in the message of each row is merged into its record (Fluent Bit's `merge_log`), but not of those
   * that `isMeant` says no of: they are records by now.
   */
  mergeLog(merge: MergeLog, isMeant: (row: number) => boolean = () => true): void {
    this.makeRecords();
    for (let row = 0; row < this.count; row++) {
      const record = this.keeps(row) && isMeant(row) ? this.#recordMade(row) : null;
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

  /** As in `Batch.level`. */
  setLevel(row: number, level: number): void {
    this.#level ??= this.batch.level.slice(0, this.count);
    this.#level[row] = level;
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
      this.kept === this.count &&
      this.#messages === null &&
      this.#changed === null &&
      this.#fields === null &&
      this.#templates === (this.batch.templates ?? null) &&
      this.#seconds === null &&
      this.#level === null;
    const { batch, merge, rawBytes } = this;
    if (isUntouched) return [{ batch: merge === batch.merge ? batch : { ...batch, merge }, rawBytes }];
    if (this.kept === this.count && this.#seconds === null) return [this.#whole()];
    const rows = this.#scratch.uint32(this.kept);
    for (let row = 0, index = 0; row < this.count; row++) if (this.keeps(row)) rows[index++] = row;
    return this.#parts(rows);
  }

  /** How many rows were changed since this was asked last. */
  takeChanged(): number {
    const changed = this.#changedRows;
    this.#changedRows = 0;
    this.#turn++;
    return changed;
  }

  #mark(row: number): void {
    this.#turns ??= this.#scratch.uint32(this.count).fill(0);
    if (this.#turns[row] === this.#turn) return;
    this.#turns[row] = this.#turn;
    this.#changedRows++;
  }

  /** Bytes that the kept rows stand for. */
  keptBytes(): number {
    let bytes = 0;
    for (let row = 0; row < this.count; row++) if (this.keeps(row)) bytes += this.rawBytes[row]!;
    return bytes;
  }

  #recordMade(row: number): LogRecord | null {
    return (this.#changed ?? this.batch.records)?.[row] ?? null;
  }

  #change(row: number, record: LogRecord): void {
    this.#make(row, record);
    this.#mark(row);
  }

  #make(row: number, record: LogRecord): void {
    this.#changed ??= this.batch.records === null ? blank(this.count) : [...this.batch.records];
    this.#changed[row] = record;
  }

  /** Whether the message may be an object in JSON. */
  #isObject(row: number): boolean {
    const message = this.#messages?.get(row) ?? null;
    const bytes = message ?? this.batch.bytes;
    const end = message === null ? this.batch.end[row]! : message.length;
    let at = message === null ? this.batch.start[row]! : 0;
    while (at < end && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at++;
    return at < end && bytes[at] === 0x7b;
  }

  /** What records are made of. */
  #asMade(): Batch {
    if (this.#fields === null && this.#templates === (this.batch.templates ?? null)) return this.batch;
    return { ...this.batch, fields: this.#fields ?? this.batch.fields ?? null, templates: this.#templates };
  }

  /** All rows, as they are now: what is as it was is not copied. */
  #whole(): Part {
    const batch = this.#withChanges();
    const bytes = this.#messages === null ? null : this.#messagesOf(this.#messages, null);
    return { batch: { ...batch, ...bytes, records: withSome(batch.records) }, rawBytes: this.rawBytes };
  }

  /** All but other messages. */
  #withChanges(): Batch {
    const { batch, merge } = this;
    return {
      ...batch,
      seconds: this.#seconds ?? batch.seconds,
      nanos: this.#nanos ?? batch.nanos,
      level: this.#level ?? batch.level,
      records: this.#changed ?? batch.records,
      fields: this.#fields ?? batch.fields ?? null,
      merge,
      ...(this.#templates === (batch.templates ?? null) ? null : { templates: this.#templates }),
    };
  }

  #parts(rows: ArrayLike<number>): Part[] {
    if (this.#seconds === null) return [this.#select(rows)];
    return [...Map.groupBy(Array.from(rows), (row) => Math.floor(this.seconds(row) / 3600)).values()].map((hour) =>
      this.#select(hour),
    );
  }

  #select(rows: ArrayLike<number>): Part {
    const scratch = this.#scratch;
    const selected = selectRows(this.#withChanges(), rows, scratch);
    const bytes = this.#messages === null ? null : this.#messagesOf(this.#messages, rows);
    const records = withSome(selected.records);
    return { batch: { ...selected, ...bytes, records }, rawBytes: pickUint32(this.rawBytes, rows, scratch) };
  }

  /** The batch's own bytes, for the rows whose message is in there still, and the other messages behind them. `rows`: null for all. */
  #messagesOf(messages: Messages, rows: ArrayLike<number> | null): Pick<Batch, "bytes" | "start" | "end"> {
    const { base, limit } = this.region;
    const count = rows?.length ?? this.count;
    const start = this.#scratch.uint32(count);
    const end = this.#scratch.uint32(count);
    for (let index = 0; index < count; index++) {
      const row = rows === null ? index : rows[index]!;
      const isReplaced = messages.has(row);
      start[index] = isReplaced ? limit - base + messages.start[row]! : this.batch.start[row]! - base;
      end[index] = isReplaced ? limit - base + messages.end[row]! : this.batch.end[row]! - base;
    }
    const content = messages.content();
    const bytes = this.#scratch.bytes(limit - base + content.length);
    this.batch.bytes.copy(bytes, 0, base, limit);
    content.copy(bytes, limit - base);
    return { bytes, start, end };
  }
}

function withSome(records: Batch["records"]): Batch["records"] {
  return records?.some((record) => record !== null) === true ? records : null;
}

/** By a loop: `reduce` with a function takes as long as all else that a filter does. */
export function sumOf(numbers: Uint32Array): number {
  let sum = 0;
  for (const each of numbers) sum += each;
  return sum;
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
