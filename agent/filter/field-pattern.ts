import type { RecordPath } from "../../config/record-accessor.ts";
import { fieldsOfFile, isStandardField } from "../log-record.ts";
import { STREAM_NAMES } from "../../config/table.ts";
import { CUT, type Origin } from "../record.ts";
import { fieldText } from "./field-text.ts";
import { selectMessages, type MessagePattern } from "./message-pattern.ts";
import type { Rows } from "./rows.ts";

/** A pattern to look for in one field of records. */
export interface FieldPattern {
  readonly path: RecordPath;
  readonly pattern: MessagePattern;
}

/** Moves those of `pending`, rows in their order, to the front that match, or do not, as `matching` says; returns how many they are. */
export type SelectRows = (rows: Rows, pending: Uint32Array, matching: boolean) => number;

/** For the rows of one file: what is the same for all of them is looked at once. A field that is missing, or no text, matches nothing. */
export function openFieldPattern({ path, pattern }: FieldPattern, origin: Origin): SelectRows {
  const [field] = path;
  const isMatch = (text: string | null) => text !== null && pattern.pattern.test(text);
  const streamField = origin.record?.stream ?? "stream";
  const ofFile = isMatch(fieldText(fieldsOfFile(origin), path));
  /** Of a row with few fields beside `log`. */
  function matchesUnchanged({ batch }: Rows, row: number): boolean {
    const stream = STREAM_NAMES[batch.stream[row]!]!;
    if (field === streamField) return isMatch(stream);
    if (field === "_p" && streamField === "stream")
      return stream !== null && isMatch(batch.cut[row] === CUT.limit ? "P" : "F");
    return ofFile;
  }
  /** Fields that are merged from the message are those of the record alone; a standard one is taken from the row. */
  function isMerged({ merge }: Rows): boolean {
    if (merge === null) return false;
    return field === "log" ? !merge.keep : !isStandardField(String(field), origin);
  }
  return (rows, pending, matching) => {
    const merged = isMerged(rows);
    if (field === "log" && !merged && !pending.some((row) => rows.hasOwnFields(row)))
      return selectMessages(rows, pending, pattern, matching);
    let left = 0;
    for (const row of pending) {
      const isRecord = merged || field === "log" || rows.hasOwnFields(row) || rows.template(row) !== null;
      const matches = isRecord ? isMatch(fieldText(rows.record(row), path)) : matchesUnchanged(rows, row);
      if (matches === matching) pending[left++] = row;
    }
    return left;
  };
}
