import { levelOfFields } from "../parser/level.ts";
import type { Parsed } from "../parser/parser.ts";
import type { LogRecord } from "../record.ts";
import type { Rows } from "./rows.ts";

/** A parsed time may be so far from the record's, as with every time that is read (the assembler's rule). */
const BEFORE_SECONDS_MAX = 400 * 86_400;
const BEHIND_SECONDS_MAX = 86_400;

/** The row is this record from now on, with the time and the level that its parsed text says, where it says one. */
export function setParsed(rows: Rows, row: number, record: LogRecord, { fields, time }: Parsed): void {
  const seconds = rows.seconds(row);
  rows.setRecord(row, record);
  const level = levelOfFields(fields);
  if (level !== 0) rows.setLevel(row, level);
  if (time !== null && isNear(time.seconds, seconds)) rows.setTime(row, time.seconds, time.nanos);
}

function isNear(seconds: number, recordSeconds: number): boolean {
  const age = recordSeconds - seconds;
  return age <= BEFORE_SECONDS_MAX && age >= -BEHIND_SECONDS_MAX;
}
