import { emptyRecord, type LogRecord } from "../record.ts";

/** Fields of `label:value`, separated by tabs, up to the end of the line (http://ltsv.org); null if there is none. */
export function readLtsv(text: string): LogRecord | null {
  const fields = emptyRecord();
  let count = 0;
  for (const field of (text.split(/[\r\n]/, 1)[0] ?? "").split("\t")) {
    const match = LABEL.exec(field);
    // What follows something else is not read, as in Fluent Bit.
    if (match === null) break;
    if (match[1] === "") continue;
    fields[match[1]!] = field.slice(match[0].length);
    count++;
  }
  return count === 0 ? null : fields;
}

const LABEL = /^([0-9A-Za-z_.-]*):/;
