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
  const messageBytes = records.reduce((sum, { log }) => sum + (log?.length ?? 0), 0);
  const short = Buffer.allocUnsafe(messageBytes + records.length * PREFIX_BYTES_MAX);
  const parts: Buffer[] = [];
  let [start, at] = [0, 0];
  for (const record of records) {
    const { log } = record;
    if (log !== null && record.fields === null && log.length <= PAYLOAD_BYTES_MAX / 2 && !log.includes(NEWLINE_BYTE)) {
      // Most records, without an object for each.
      at += short.write(prefixOf(record, "m", record.partial === true ? "p" : "-"), at, "latin1");
      short.set(log, at);
      at += log.length;
      short[at++] = NEWLINE_BYTE;
    } else {
      parts.push(short.subarray(start, at), ...linesOf(record));
      start = at;
    }
  }
  const last = short.subarray(start, at);
  return parts.length === 0 ? last : Buffer.concat([...parts, last]);
}

/** The lines of a record: one, but for a message that is too long for it. */
function linesOf(record: SpoolRecord): Buffer[] {
  const { fields, messageKey } = record;
  const text = record.log === null ? (fields?.[messageKey ?? "log"] ?? null) : null;
  const message = Buffer.from(record.log ?? (typeof text === "string" ? text : ""));
  if (fields === null) return messageLines(record, message);
  const { kind, json } = jsonOf(fields, messageKey, typeof text === "string");
  const escaped = escape(message);
  const head = Buffer.from(`${prefixOf(record, kind, escaped === message ? "-" : "e")}${json.length} `);
  if (head.length + json.length + escaped.length < SPOOL_LINE_BYTES_MAX)
    return [Buffer.concat([head, json, escaped, NEWLINE])];
  // No part of an object is one: its text, then, in pieces.
  const whole = record.log === null ? fields : { ...fields, [messageKey ?? "log"]: message.toString() };
  return messageLines(record, Buffer.from(JSON.stringify(whole)));
}

/** Fields without the message, which stands behind them. */
function jsonOf(
  fields: Readonly<Record<string, unknown>>,
  messageKey: string | undefined,
  hasLog: boolean,
): { kind: string; json: Buffer } {
  if (messageKey !== undefined)
    return { kind: "k", json: Buffer.from(JSON.stringify([messageKey, { ...fields, [messageKey]: 0 }])) };
  return { kind: hasLog ? "r" : "f", json: Buffer.from(JSON.stringify(hasLog ? { ...fields, log: 0 } : fields)) };
}

const NEWLINE_BYTE = 10;
const NEWLINE = Buffer.from([NEWLINE_BYTE]);
const BACKSLASH = 92;
const LEVEL_ELSE = "abcdef";

function messageLines(record: SpoolRecord, message: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let rest = message;
  do {
    const piece = rest.length <= PAYLOAD_BYTES_MAX / 2 ? rest : rest.subarray(0, pieceEnd(rest));
    rest = rest.subarray(piece.length);
    const escaped = escape(piece);
    const [whole, goesOn] = flagsOf(record.partial === true, escaped !== piece);
    const head = prefixOf(record, "m", rest.length > 0 ? goesOn : whole);
    lines.push(Buffer.concat([Buffer.from(head), escaped, NEWLINE]));
  } while (rest.length > 0);
  return lines;
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
    room -= byte === BACKSLASH || byte === 10 ? 2 : 1;
    if (room < 0) break;
  }
  if (end === message.length) return end;
  let start = end;
  while (start > end - 4 && (message[start]! & 0xc0) === 0x80) start--;
  return isUtf8(message.subarray(0, start)) ? start : end;
}

/** The same bytes if there is no newline: they are read as they are then, backslashes too. */
function escape(message: Buffer): Buffer {
  if (!message.includes(10)) return message;
  const escaped = Buffer.allocUnsafe(message.length * 2);
  let length = 0;
  for (const byte of message) {
    if (byte === 10 || byte === BACKSLASH) escaped[length++] = BACKSLASH;
    escaped[length++] = byte === 10 ? 110 : byte;
  }
  return escaped.subarray(0, length);
}
