import { fieldsOfFile, isStandardField } from "../../log-record.ts";
import { templateOf, type Batch, type LogRecord, type Origin, type Template } from "../../record.ts";
import { ESCAPE_BYTES_MAX, frameOf, writeEscaped, type Frame } from "../json-line.ts";

/**
 * Rows `from` to `to` of the batch as column `log` is to have them: where filters made a record that the other columns can't
 * hold, `log` is what they can't hold, as JSON, with the record's own `log`; else it is the record's message. Valid until
 * the next call.
 */
export function withRecordTexts(batch: Batch, from = 0, to = batch.count): Batch {
  const { records, templates = null, origin, bytes } = batch;
  if (records === null && templates === null) return batch;
  const frames = new Map(
    templates?.map((template) => [template, template === null ? null : frameIn(template, origin)]),
  );
  const start = new Uint32Array(to);
  const end = new Uint32Array(to);
  let length = 0;
  for (let row = from; row < to; row++) {
    start[row] = length;
    const record = records?.[row] ?? null;
    const frame = frames.get(templateOf(batch, row)) ?? null;
    if (record !== null && !isMessageAlone(record, origin)) {
      const text = JSON.stringify(ownFields(record, origin));
      reserve(length, text.length * UTF8_BYTES_MAX);
      length += texts.write(text, length);
    } else if (frame !== null) length = writeFramed(length, frame, batch, row);
    else {
      reserve(length, batch.end[row]! - batch.start[row]!);
      length += bytes.copy(texts, length, batch.start[row], batch.end[row]);
    }
    end[row] = length;
  }
  return { ...batch, bytes: texts, start, end, records: null, templates: null };
}

function writeFramed(at: number, { head, tail }: Frame, batch: Batch, row: number): number {
  const [start, end] = [batch.start[row]!, batch.end[row]!];
  reserve(at, 1 + head.length + (end - start) * ESCAPE_BYTES_MAX + tail.length);
  texts[at] = 0x7b;
  const message = at + 1 + head.copy(texts, at + 1);
  const after = writeEscaped(texts, message, batch.bytes, start, end);
  return after + tail.copy(texts, after);
}

function reserve(length: number, more: number): void {
  if (texts.length >= length + more) return;
  const grown = Buffer.allocUnsafeSlow(Math.max(TEXTS_BYTES_MIN, 2 * texts.length, length + more));
  texts.copy(grown, 0, 0, length);
  texts = grown;
}

/** Scratch of one call, shared by all: column `log` copies what it takes. */
let texts = Buffer.alloc(0);
const TEXTS_BYTES_MIN = 64 * 1024;
/** What a UTF-16 code unit comes to at most. */
const UTF8_BYTES_MAX = 3;
const FRAMES = new WeakMap<Template, Map<Origin, Frame | null>>();

/** What stands around the messages of a template's rows; null: nothing. */
function frameIn(template: Template, origin: Origin): Frame | null {
  let byOrigin = FRAMES.get(template);
  if (byOrigin === undefined) FRAMES.set(template, (byOrigin = new Map<Origin, Frame | null>()));
  let frame = byOrigin.get(origin);
  if (frame === undefined) {
    frame = isMessageAlone(template, origin) ? null : frameOf(ownFields(template, origin));
    byOrigin.set(origin, frame);
  }
  return frame;
}

function isMessageAlone(record: Readonly<LogRecord>, origin: Origin): boolean {
  const fields = ownFields(record, origin);
  return Object.keys(fields).every((name) => name === "log") && typeof (fields["log"] ?? "") === "string";
}

/** Fields that no other column has. */
function ownFields(record: Readonly<LogRecord>, origin: Origin): LogRecord {
  return Object.fromEntries(Object.entries(record).filter(([name, value]) => !isInColumns(name, value, origin)));
}

function isInColumns(name: string, value: unknown, origin: Origin): boolean {
  if (name === "log") return false;
  const made = fieldsOfFile(origin)[name];
  if (made === undefined && !name.startsWith("kubernetes")) return isStandardField(name, origin);
  // One from the quarantine is equal, but not the same.
  return made !== undefined && (value === made || JSON.stringify(value) === JSON.stringify(made));
}
