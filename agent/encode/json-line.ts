import { fieldsOfFile, isStandardField, parseObject, plainRecord, recordOf, trimmed } from "../log-record.ts";
import { type Batch, CUT, type MergeLog, type Origin, STREAM, rowClass, type Template, templateOf } from "../record.ts";
import type { TimeField } from "./time-field.ts";

/** Writes records as lines, newline included. */
export interface LineWriter {
  /** What the line that was written last ends with, newline included: one buffer for many lines. */
  readonly suffix: Buffer;
  /** The rows that follow are of this batch. */
  begin(batch: Batch): void;
  /** Why a row has no line, or null. */
  lack(row: number): string | null;
  /** The most that a row can come to; to be asked for before each `write`. */
  bytesMax(row: number): number;
  /** Writes a row; returns the end. The target has room for `bytesMax`. */
  write(target: Buffer, at: number, row: number): number;
  /**
   * What stands around a row's message where that is all of its line: escaped, between these two, without the newline. One object
   * for many rows. Null: the line is more, and `write` makes it.
   */
  frame(row: number): Frame | null;
}

/**
 * Records in Fluent Bit's shape, as its `cri` parser and its `kubernetes` filter make them:
 *
 *   {<time>,"stream":"stdout","_p":"F","log":"…","kubernetes":{"pod_name":"…",…}}
 *
 * or as filters made them. `_p` is "P" where the record goes on in the next line of its stream, else "F". What a record has not is left out. The
 * message is copied byte by byte and escaped by a table; what is constant per file is made once. JSON that is merged is
 * copied as it was written, so that its numbers keep their digits, unless it has fields that the record has too.
 */
export class RecordLines implements LineWriter {
  readonly #time: TimeField | null;
  readonly #suffixes = new WeakMap<
    Origin,
    { readonly plain: Buffer; readonly merged: Buffer; readonly frames: Frame[] }
  >();
  readonly #frames = new WeakMap<Template, Form>();
  #batch!: Batch;
  /** Of the row that `bytesMax` was asked about. */
  #form: Form = PLAIN;
  suffix: Buffer = NEWLINE;

  constructor(time: TimeField | null) {
    this.#time = time;
  }

  begin(batch: Batch): void {
    this.#batch = batch;
    if (!this.#suffixes.has(batch.origin)) this.#suffixes.set(batch.origin, suffixesOf(batch.origin));
  }

  lack(): null {
    return null;
  }

  bytesMax(row: number): number {
    const batch = this.#batch;
    this.#form = isAllPlain(batch) ? PLAIN : this.#formOf(batch, row);
    const { text, frame } = this.#form;
    if (text !== null) return 1 + (this.#time?.bytesMax ?? 0) + text.length * UTF8_BYTES_MAX + 1;
    const messageBytes = batch.end[row]! - batch.start[row]!;
    if (frame !== null) {
      const fixedBytes = 1 + (this.#time?.bytesMax ?? 0) + frame.head.length + frame.suffix.length;
      return fixedBytes + messageBytes * ESCAPE_BYTES_MAX;
    }
    const suffix = this.#suffixes.get(batch.origin)!.plain;
    const frameBytes = 1 + (this.#time?.bytesMax ?? 0) + HEAD_BYTES_MAX + suffix.length;
    if (this.#form.object === null) return frameBytes + messageBytes * ESCAPE_BYTES_MAX;
    return frameBytes + messageBytes * (ESCAPE_BYTES_MAX + 1) + this.#form.before.length + MERGE_BYTES_MAX;
  }

  write(target: Buffer, at: number, row: number): number {
    const batch = this.#batch;
    target[at] = 0x7b;
    let end = at + 1;
    if (this.#time !== null) end = this.#time.write(target, end, batch.seconds[row]!, batch.nanos[row]!);
    if (this.#form.text !== null) return this.#writeText(target, end, this.#form.text);
    const suffixes = this.#suffixes.get(batch.origin)!;
    if (this.#form.object !== null) {
      this.suffix = suffixes.merged;
      return this.#writeMerged(target, end, row, this.#form.object);
    }
    this.suffix = this.#form.frame?.suffix ?? suffixes.plain;
    end += (this.#form.frame?.head ?? headOf(batch, row)).copy(target, end);
    end = writeEscaped(target, end, batch.bytes, batch.start[row]!, batch.end[row]!);
    return end + this.suffix.copy(target, end);
  }

  frame(row: number): Frame | null {
    const batch = this.#batch;
    if (this.#time !== null) return null;
    if (!isAllPlain(batch)) {
      const template = templateOf(batch, row);
      return template === null ? null : this.#formOfTemplate(template).frame!.line;
    }
    const { plain, frames } = this.#suffixes.get(batch.origin)!;
    return (frames[rowClass(batch, row)] ??= lineIn(headOf(batch, row), plain));
  }

  #formOf(batch: Batch, row: number): Form {
    const template = templateOf(batch, row);
    return template === null ? formOf(batch, row) : this.#formOfTemplate(template);
  }

  #formOfTemplate(template: Template): Form {
    let form = this.#frames.get(template);
    if (form === undefined) {
      const { head, tail } = frameOf(template);
      const suffix = Buffer.concat([tail, NEWLINE]);
      this.#frames.set(template, (form = { ...PLAIN, frame: { head, suffix, line: lineIn(head, suffix) } }));
    }
    return form;
  }

  /** The text of a record in JSON, whose first brace is there already. */
  #writeText(target: Buffer, at: number, text: string): number {
    this.suffix = NEWLINE;
    // The comma behind the time, where there is nothing more.
    let end = text === "{}" && target[at - 1] === 0x2c ? at - 1 : at;
    end += target.write(text.slice(1), end);
    target[end] = 0x0a;
    return end + 1;
  }

  /** The fields of the message's JSON object among those of the record. */
  #writeMerged(
    target: Buffer,
    at: number,
    row: number,
    object: { readonly start: number; readonly end: number },
  ): number {
    const batch = this.#batch;
    const { before, after } = this.#form;
    const head = headOf(batch, row);
    let end = at;
    if (batch.merge!.keep) {
      end += head.copy(target, end);
      end = writeEscaped(target, end, batch.bytes, batch.start[row]!, batch.end[row]!);
      end += target.write('",', end);
    } else end += head.copy(target, end, 0, head.length - LOG_FIELD.length);
    end += before.copy(target, end);
    end += batch.bytes.copy(target, end, object.start, object.end);
    end += after.copy(target, end);
    return end + this.suffix.copy(target, end);
  }
}

/** The messages alone, as they were written, or another field of the records: what `log_key` asks for. */
export class MessageLines implements LineWriter {
  readonly suffix = NEWLINE;
  readonly #key: string;
  #batch!: Batch;
  /** Of the row that `bytesMax` was asked about; null: its bytes as they are. */
  #text: string | null = null;

  constructor(key = "log") {
    this.#key = key;
  }

  begin(batch: Batch): void {
    this.#batch = batch;
  }

  lack(row: number): string | null {
    if (this.#isMessage(row) || Object.hasOwn(recordOf(this.#batch, row), this.#key)) return null;
    return `the record has no field ${this.#key}, which log_key names`;
  }

  bytesMax(row: number): number {
    this.#text = null;
    if (this.#isMessage(row)) return this.#batch.end[row]! - this.#batch.start[row]! + 1;
    const value = recordOf(this.#batch, row)[this.#key] ?? null;
    this.#text = typeof value === "string" ? value : JSON.stringify(value);
    return this.#text.length * UTF8_BYTES_MAX + 1;
  }

  write(target: Buffer, at: number, row: number): number {
    const { bytes, start, end } = this.#batch;
    const length = this.#text === null ? bytes.copy(target, at, start[row], end[row]) : target.write(this.#text, at);
    target[at + length] = 0x0a;
    return at + length + 1;
  }

  frame(): null {
    return null;
  }

  #isMessage(row: number): boolean {
    const { records, fields, merge } = this.#batch;
    if ((records?.[row] ?? null) !== null) return false;
    const key = fields?.[row]?.key;
    if (key !== undefined) return key === this.#key;
    // What is merged without being kept has no `log`.
    return this.#key === "log" && (merge?.keep !== false || templateOf(this.#batch, row) !== null);
  }
}

/** How a row is written: as a text of JSON; or with the part of its bytes that is an object's fields; or in a frame; or plain. */
interface Form {
  readonly text: string | null;
  readonly object: { readonly start: number; readonly end: number } | null;
  /** What stands around the object's fields. */
  readonly before: Buffer;
  readonly after: Buffer;
  /** What stands around the message where filters made a template of its record; `line`: in a line without a time. */
  readonly frame: { readonly head: Buffer; readonly suffix: Buffer; readonly line: Frame } | null;
}

export interface Frame {
  readonly head: Buffer;
  readonly tail: Buffer;
}

/** A record in JSON with text `log` left out: what stands before that, without the first brace, and after it. */
export function frameOf(template: Template): Frame {
  const fields = Object.entries(template);
  const at = fields.findIndex(([name]) => name === "log");
  const [before, after] = [fields.slice(0, at), fields.slice(at + 1)].map((some) =>
    JSON.stringify(Object.fromEntries(some)).slice(1, -1),
  ) as [string, string];
  const head = `${before === "" ? "" : `${before},`}${LOG_FIELD}`;
  return { head: Buffer.from(head), tail: Buffer.from(`"${after === "" ? "" : `,${after}`}}`) };
}

function isAllPlain({ records, fields = null, merge, templates = null }: Batch): boolean {
  return records === null && fields === null && merge === null && templates === null;
}

function formOf(batch: Batch, row: number): Form {
  if ((batch.records?.[row] ?? batch.fields?.[row] ?? null) !== null)
    return { ...PLAIN, text: JSON.stringify(recordOf(batch, row)) };
  return batch.merge === null ? PLAIN : mergedForm(batch, row, batch.merge);
}

function mergedForm(batch: Batch, row: number, merge: MergeLog): Form {
  const start = batch.start[row]!;
  const end = batch.end[row]!;
  const log = batch.bytes.toString("utf8", start, end);
  const object = parseObject(log);
  if (object === null) return PLAIN;
  const names = Object.keys(object);
  const isAsWritten =
    names.length > 0 &&
    !/[\r\n]/.test(log) &&
    // Those would come in the place of the record's own.
    !(merge.key === null ? names : [merge.key]).some((name) => isStandardField(name, batch.origin)) &&
    !(merge.trim && Object.values(object).some((value) => trimmed(value) !== value));
  if (!isAsWritten) return { ...PLAIN, text: JSON.stringify(plainRecord(batch, row, log, merge)) };
  const inside = { start: batch.bytes.indexOf(0x7b, start) + 1, end: batch.bytes.lastIndexOf(0x7d, end - 1) };
  if (merge.key === null) return { text: null, object: inside, before: EMPTY, after: EMPTY, frame: null };
  return {
    text: null,
    object: inside,
    before: Buffer.from(`${JSON.stringify(merge.key)}:{`),
    after: CLOSE,
    frame: null,
  };
}

const EMPTY = Buffer.alloc(0);
const OPEN = Buffer.from("{");
const CLOSE = Buffer.from("}");
const PLAIN: Form = { text: null, object: null, before: EMPTY, after: EMPTY, frame: null };
/** What a UTF-16 code unit comes to at most. */
const UTF8_BYTES_MAX = 3;
/** `",` and `}` */
const MERGE_BYTES_MAX = 4;
const LOG_FIELD = '"log":"';
const NEWLINE = Buffer.from("\n");

/** Between time and message, by stream and by whether the record goes on. */
const HEADS: Buffer[] = [];
/** The same where the stream is field `source`; by stream. */
const SOURCE_HEADS: Buffer[] = [];
for (const { stream, name } of [
  { stream: STREAM.none, name: null },
  { stream: STREAM.stdout, name: "stdout" },
  { stream: STREAM.stderr, name: "stderr" },
]) {
  const before = name === null ? '"log":"' : `"stream":"${name}","_p":"F","log":"`;
  SOURCE_HEADS[stream] = Buffer.from(name === null ? before : `"source":"${name}","log":"`);
  HEADS[stream * 2] = Buffer.from(before);
  HEADS[stream * 2 + 1] = Buffer.from(before.replace('"F"', '"P"'));
}
const HEAD_BYTES_MAX = Math.max(...HEADS.map((head) => head.length));

/** Per byte: 0 is copied; 1 becomes \u00XX; else a backslash and this byte. Bytes of UTF-8 sequences are copied. */
const ESCAPES = new Uint8Array(256).fill(1, 0, 0x20);
for (const [char, escape] of [
  ['"', '"'],
  ["\\", "\\"],
  ["\b", "b"],
  ["\f", "f"],
  ["\n", "n"],
  ["\r", "r"],
  ["\t", "t"],
]) {
  ESCAPES[char!.charCodeAt(0)] = escape!.charCodeAt(0);
}
export const ESCAPE_BYTES_MAX = 6;
const HEX = Buffer.from("0123456789abcdef");

/**
 * Writes the bytes as the inside of a JSON string; returns the end. The target has room for the longest escapes. Four
 * bytes at a time where nothing is to be escaped: a third less time than one by one.
 */
export function writeEscaped(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
  let end = at;
  let i = from;
  while (i < to) {
    for (; i + 4 <= to; i += 4) {
      const a = source[i]!;
      const b = source[i + 1]!;
      const c = source[i + 2]!;
      const d = source[i + 3]!;
      if ((ESCAPES[a]! | ESCAPES[b]! | ESCAPES[c]! | ESCAPES[d]!) !== 0) break;
      target[end] = a;
      target[end + 1] = b;
      target[end + 2] = c;
      target[end + 3] = d;
      end += 4;
    }
    for (const stop = Math.min(i + 4, to); i < stop; i++) end = writeByte(target, end, source[i]!);
  }
  return end;
}

/** The bytes as the inside of a JSON string, in a buffer of their own. */
export function escaped(source: Buffer): Buffer {
  const target = Buffer.allocUnsafeSlow(source.length * ESCAPE_BYTES_MAX);
  return Buffer.from(target.subarray(0, writeEscaped(target, 0, source, 0, source.length)));
}

function writeByte(target: Buffer, end: number, byte: number): number {
  const escape = ESCAPES[byte]!;
  if (escape === 0) {
    target[end] = byte;
    return end + 1;
  }
  target[end] = 0x5c;
  if (escape !== 1) {
    target[end + 1] = escape;
    return end + 2;
  }
  target.write("u00", end + 1, "latin1");
  target[end + 4] = HEX[byte >>> 4]!;
  target[end + 5] = HEX[byte & 15]!;
  return end + 6;
}

function headOf(batch: Batch, row: number): Buffer {
  if (batch.origin.record?.stream === "source") return SOURCE_HEADS[batch.stream[row]!]!;
  return HEADS[batch.stream[row]! * 2 + (batch.cut[row] === CUT.limit ? 1 : 0)]!;
}

function lineIn(head: Buffer, suffix: Buffer): Frame {
  return { head: Buffer.concat([OPEN, head]), tail: suffix.subarray(0, -1) };
}

/** What follows every message of a file, and every merged object: its Kubernetes metadata; and whole lines, by class of row. */
function suffixesOf(origin: Origin): { readonly plain: Buffer; readonly merged: Buffer; readonly frames: Frame[] } {
  const text = JSON.stringify(fieldsOfFile(origin)).slice(1, -1);
  const fields = text === "" ? "" : `,${text}`;
  return { plain: Buffer.from(`"${fields}}\n`), merged: Buffer.from(`${fields}}\n`), frames: [] };
}
