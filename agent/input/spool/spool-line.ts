import { isUtf8 } from "node:buffer";
import { SPOOL_LINE_BYTES_MAX } from "../../parser/spool.ts";

/** One record for a spool. */
export interface SpoolRecord {
  /** Since 1970, and 0 to 999,999,999 nanoseconds after it. */
  readonly seconds: number;
  readonly nanos: number;
  readonly stream: "stdout" | "stderr" | null;
  /** The message goes on in the next record of this stream, to which it is joined; only of a record without fields. */
  readonly partial?: boolean;
  /** 1 + index into LEVELS of config/table.ts; left out or 0: it is looked for in the message, or in the fields. */
  readonly level?: number;
  /** The level of a message that names none. */
  readonly levelElse?: number;
  /** The message. Null: field `log` of the fields is, if it is a text. */
  readonly log: Uint8Array | null;
  /**
   * The record in the order in which Fluent Bit has it, if it is more than a message: JSON. Of a record column `log` has all
   * that other columns don't, as JSON. With a message beside it, `log` is no field of it unless it is here.
   */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /**
   * With it the fields are what came with the message, whose name and place among them this is: column `log` has the message
   * alone, outputs that write records have all.
   */
  readonly messageKey?: string;
}

/** What stands before a payload at most: seconds, nanoseconds, flags, the length of the fields. */
const PREFIX_BYTES_MAX = 64;
const PAYLOAD_BYTES_MAX = SPOOL_LINE_BYTES_MAX - PREFIX_BYTES_MAX;

/** The lines of records, as agent/parser/spool.ts describes them, one behind the other. */
export function encodeLines(records: readonly SpoolRecord[]): Buffer {
  const out = createLineBuffer(lent);
  for (const record of records) writeLines(out, record);
  return out.copy();
}

/** The same, record by record. */
export interface SpoolLines {
  add(record: SpoolRecord): void;
  /** The lines of all that was added. */
  copy(): Buffer;
}

/** Lines of records that need not be held together. */
export function createSpoolLines(): SpoolLines {
  const out = createLineBuffer(Buffer.allocUnsafe(LINES_BYTES));
  return { add: (record) => writeLines(out, record), copy: () => out.copy() };
}

/** The lines of a record: one, but for a message that is too long for it. */
function writeLines(out: LineBuffer, record: SpoolRecord): void {
  const { fields, messageKey } = record;
  const text = record.log === null ? (fields?.[messageKey ?? "log"] ?? null) : null;
  const message = record.log ?? (typeof text === "string" ? text : "");
  if (fields === null) return writeMessage(out, record, Buffer.from(message));
  const [kind, json] = jsonOf(fields, messageKey, typeof text === "string");
  const jsonBytes = Buffer.byteLength(json);
  const isEscaped = typeof message === "string" ? message.includes("\n") : message.includes(NEWLINE);
  const escaped = isEscaped ? escape(Buffer.from(message)) : message;
  const escapedBytes = typeof escaped === "string" ? Buffer.byteLength(escaped) : escaped.length;
  if (PREFIX_BYTES_MAX + jsonBytes + escapedBytes >= SPOOL_LINE_BYTES_MAX) {
    // No part of an object is one: its text, then, in pieces.
    const whole = record.log === null ? fields : { ...fields, [messageKey ?? "log"]: Buffer.from(message).toString() };
    return writeMessage(out, record, Buffer.from(JSON.stringify(whole)));
  }
  out.write(prefixOf(record, kind, isEscaped ? "e" : "-"));
  out.write(`${jsonBytes} `);
  out.write(json);
  out.write(escaped);
  out.write("\n");
}

/** Fields without the message, which stands behind them. */
function jsonOf(
  fields: Readonly<Record<string, unknown>>,
  messageKey: string | undefined,
  hasLog: boolean,
): readonly [kind: string, json: string] {
  if (messageKey !== undefined) return ["k", JSON.stringify([messageKey, { ...fields, [messageKey]: 0 }])];
  return [hasLog ? "r" : "f", JSON.stringify(hasLog ? { ...fields, log: 0 } : fields)];
}

const NEWLINE = 10;
const BACKSLASH = 92;
const LEVEL_ELSE = "abcdef";

function writeMessage(out: LineBuffer, record: SpoolRecord, message: Buffer): void {
  let rest = message;
  do {
    const piece = rest.length <= PAYLOAD_BYTES_MAX / 2 ? rest : rest.subarray(0, pieceEnd(rest));
    rest = rest.subarray(piece.length);
    const escaped = escape(piece);
    const [whole, goesOn] = flagsOf(record.partial === true, escaped !== piece);
    out.write(prefixOf(record, "m", rest.length > 0 ? goesOn : whole));
    out.write(escaped);
    out.write("\n");
  } while (rest.length > 0);
}

/** Of the last piece, and of those before it. */
function flagsOf(isPartial: boolean, isEscaped: boolean): readonly [string, string] {
  if (isPartial) return isEscaped ? ["q", "q"] : ["p", "p"];
  return isEscaped ? ["e", "x"] : ["-", "c"];
}

function prefixOf(
  { seconds, nanos, stream, level = 0, levelElse = 0 }: SpoolRecord,
  kind: string,
  flag: string,
): string {
  const letter = stream === null ? "-" : stream[3];
  const time = `${Math.max(0, Math.trunc(seconds))}.${String(nanos).padStart(9, "0")}`;
  const levelLetter = level > 0 ? String(level) : levelElse > 0 ? LEVEL_ELSE[levelElse - 1]! : "-";
  return `${time} ${letter}${levelLetter}${kind}${flag} `;
}

/** How much of a message fits a line, escaped; of what is UTF-8 whole characters. */
function pieceEnd(message: Buffer): number {
  let room = PAYLOAD_BYTES_MAX;
  let end = 0;
  for (; end < message.length; end++) {
    const byte = message[end]!;
    room -= byte === BACKSLASH || byte === NEWLINE ? 2 : 1;
    if (room < 0) break;
  }
  if (end === message.length) return end;
  let start = end;
  while (start > end - 4 && (message[start]! & 0xc0) === 0x80) start--;
  return isUtf8(message.subarray(0, start)) ? start : end;
}

/** The same bytes if there is no newline: they are read as they are then, backslashes too. */
function escape(message: Buffer): Buffer {
  if (!message.includes(NEWLINE)) return message;
  const escaped = Buffer.allocUnsafe(message.length * 2);
  let length = 0;
  for (const byte of message) {
    if (byte === NEWLINE || byte === BACKSLASH) escaped[length++] = BACKSLASH;
    escaped[length++] = byte === NEWLINE ? 110 : byte;
  }
  return escaped.subarray(0, length);
}

/** Bytes that grow: no object for each line, and none of its parts. */
interface LineBuffer {
  write(part: string | Uint8Array): void;
  copy(): Buffer;
}

const LENT_BYTES = 256 * 1024;
const LINES_BYTES = 4096;
/** Lent to one batch of lines after another; what has outgrown it is not kept. */
const lent = Buffer.allocUnsafeSlow(LENT_BYTES);

function createLineBuffer(first: Buffer): LineBuffer {
  let bytes = first;
  let length = 0;
  return {
    write: (part) => {
      // No character of UTF-16 takes more than three bytes.
      const most = typeof part === "string" ? part.length * 3 : part.length;
      if (length + most > bytes.length) {
        const more = Buffer.allocUnsafeSlow(2 * (length + most));
        bytes.copy(more, 0, 0, length);
        bytes = more;
      }
      if (typeof part === "string") length += bytes.write(part, length);
      else {
        bytes.set(part, length);
        length += part.length;
      }
    },
    copy: () => {
      const copy = Buffer.allocUnsafeSlow(length);
      bytes.copy(copy, 0, 0, length);
      return copy;
    },
  };
}
