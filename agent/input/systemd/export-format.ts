import { isUtf8 } from "node:buffer";

/** One entry of a journal: its fields in their order, those that begin with `__` say where it lies. */
export interface JournalEntry {
  readonly fields: readonly JournalField[];
  /** Of its text. */
  readonly bytes: number;
}

export interface JournalField {
  readonly name: string;
  /** A text, and bytes if they are none: memory of its own either way, so that what was read is free at once. */
  readonly value: string | Buffer;
}

/** Of a field's value: what is longer is cut. journald's own limit is 768 MiB. */
const VALUE_BYTES_MAX = 4 * 1024 * 1024;
/** Of an entry: further fields are left out. */
const ENTRY_BYTES_MAX = 16 * 1024 * 1024;
const LENGTH_BYTES = 8;
const NEWLINE = 10;
const EQUALS = 61;

export interface ExportParser {
  /** Takes the next bytes, which the caller may use again; returns the entries that are complete by now. */
  push(chunk: Buffer): JournalEntry[];
}

/**
 * Reads systemd's Journal Export Format (https://systemd.io/JOURNAL_EXPORT_FORMATS/): `NAME=value\n`, or for what is no text
 * `NAME\n`, eight bytes of length in little endian, the value, `\n`; an empty line ends an entry. Unlike journalctl's JSON it
 * has fields in their order, several of one name, and any bytes. Holds no more than one value and what is complete.
 */
export function createExportParser(): ExportParser {
  let rest: Buffer = EMPTY;
  /** Bytes to be left out; Infinity: up to the end of the line. */
  let skip = 0;
  let fields: JournalField[] = [];
  let bytes = 0;

  function add(name: string, value: Buffer): void {
    bytes += name.length + value.length + 2;
    if (bytes <= ENTRY_BYTES_MAX) fields.push({ name, value: copyOf(value.subarray(0, VALUE_BYTES_MAX)) });
  }

  /** Returns where the next field starts, or -1 if this one is not complete. */
  function field(data: Buffer, at: number): number {
    const newline = data.indexOf(NEWLINE, at);
    if (newline < 0) {
      if (data.length - at <= VALUE_BYTES_MAX) return -1;
      const equals = data.indexOf(EQUALS, at);
      add(data.toString("latin1", at, equals), data.subarray(equals + 1));
      skip = Infinity;
      return data.length;
    }
    const equals = data.indexOf(EQUALS, at);
    if (equals >= 0 && equals < newline) {
      add(data.toString("latin1", at, equals), data.subarray(equals + 1, newline));
      return newline + 1;
    }
    const start = newline + 1 + LENGTH_BYTES;
    if (data.length < start) return -1;
    const length = Number(data.readBigUInt64LE(newline + 1));
    const end = start + length + 1;
    if (data.length < Math.min(end, start + VALUE_BYTES_MAX)) return -1;
    add(data.toString("latin1", at, newline), data.subarray(start, start + length));
    skip = Math.max(0, end - data.length);
    return Math.min(end, data.length);
  }

  function skipped(data: Buffer): number {
    if (skip !== Infinity) {
      const count = Math.min(skip, data.length);
      skip -= count;
      return count;
    }
    const newline = data.indexOf(NEWLINE);
    if (newline < 0) return data.length;
    skip = 0;
    return newline + 1;
  }

  return {
    push(chunk) {
      const entries: JournalEntry[] = [];
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = skip > 0 ? skipped(data) : 0;
      while (at < data.length) {
        if (data[at] === NEWLINE) {
          if (fields.length > 0) entries.push({ fields, bytes });
          fields = [];
          bytes = 0;
          at++;
          continue;
        }
        const next = field(data, at);
        if (next < 0) break;
        at = next;
      }
      rest = at === data.length ? EMPTY : Buffer.from(data.subarray(at));
      return entries;
    },
  };
}

function copyOf(value: Buffer): string | Buffer {
  return isUtf8(value) ? value.toString("utf8") : Buffer.from(value);
}

const EMPTY = Buffer.alloc(0);
