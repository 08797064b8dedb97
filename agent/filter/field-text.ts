import { valueAt, type RecordPath } from "../../config/record-accessor.ts";
import type { LogRecord } from "../record.ts";

/**
 * The text of a field, or null if it is missing or no text: patterns match nothing else. As in Fluent Bit, a field that
 * is neither map nor list is what every key below it leads to: `$log['level']` is `log` where that is text.
 */
export function fieldText(record: Readonly<LogRecord>, path: RecordPath): string | null {
  const top = valueAt(record, path.slice(0, 1));
  const value = typeof top === "string" ? top : valueAt(record, path);
  return typeof value === "string" ? value : null;
}
