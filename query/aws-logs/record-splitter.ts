/** Cuts the text of `{"Records":[{…},{…}]}` into the texts of its records, whatever the chunks it comes in. */
export interface RecordSplitter {
  push(chunk: Buffer): void;
  /** Whether the text ended where it should; if not, a record was cut off, or it is no such text. */
  end(): "whole" | "torn" | "no records";
}

/** What a longer record is worth is not the memory that it takes; CloudTrail's are 1 MB at most. */
const RECORD_BYTES_MAX = 8 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const KEY = Buffer.from("Records");

export function splitRecords(onRecord: (text: Buffer) => void, onTooLong: () => void): RecordSplitter {
  let depth = 0;
  let inString = false;
  let escaped = false;
  /** Of the text at depth 1: it may be the key. */
  let key = "";
  let isInRecords = false;
  let hasRecords = false;
  let parts: Buffer[] = [];
  let bytes = 0;

  const isRecord = (): boolean => isInRecords && depth >= 3;

  function keep(part: Buffer): void {
    bytes += part.length;
    if (bytes <= RECORD_BYTES_MAX) parts.push(part);
    else parts = [];
  }

  function finish(): void {
    if (bytes > RECORD_BYTES_MAX) onTooLong();
    else onRecord(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    parts = [];
    bytes = 0;
  }

  function push(chunk: Buffer): void {
    let start = isRecord() ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        else if (depth === 1 && key.length <= KEY.length) key += String.fromCharCode(byte);
      } else if (byte === QUOTE) {
        inString = true;
        if (depth === 1) key = "";
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        depth++;
        if (depth === 2) isInRecords = byte === OPEN_LIST && key === "Records";
        hasRecords ||= isInRecords;
        if (depth === 3 && isInRecords) start = at;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        depth--;
        if (depth === 2 && isInRecords && start >= 0) {
          keep(chunk.subarray(start, at + 1));
          finish();
          start = -1;
        } else if (depth === 1) isInRecords = false;
      }
    }
    if (start >= 0) keep(Buffer.from(chunk.subarray(start)));
  }

  return {
    push,
    end: () => (!hasRecords ? "no records" : depth === 0 ? "whole" : "torn"),
  };
}
