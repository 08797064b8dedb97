import { fieldsOfFile, isStandardField } from "../../log-record.ts";
import type { Batch, LogRecord, Origin } from "../../record.ts";

/**
 * The batch as column `log` is to have it: where filters made a record that the other columns can't hold, `log` is what
 * they can't hold, as JSON, with the record's own `log`; else it is the record's message.
 */
export function withRecordTexts(batch: Batch): Batch {
  const { records, bytes, count } = batch;
  if (records === null) return batch;
  const texts = Array.from({ length: count }, (_, row) => {
    const record = records[row] ?? null;
    if (record === null || isMessageAlone(record, batch.origin))
      return bytes.subarray(batch.start[row], batch.end[row]);
    return Buffer.from(JSON.stringify(ownFields(record, batch.origin)));
  });
  const start = new Uint32Array(count);
  const end = new Uint32Array(count);
  let length = 0;
  for (const [row, text] of texts.entries()) {
    start[row] = length;
    end[row] = length += text.length;
  }
  return { ...batch, bytes: Buffer.concat(texts, length), start, end, records: null };
}

function isMessageAlone(record: LogRecord, origin: Origin): boolean {
  const fields = ownFields(record, origin);
  return Object.keys(fields).every((name) => name === "log") && typeof (fields["log"] ?? "") === "string";
}

/** Fields that no other column has. */
function ownFields(record: LogRecord, origin: Origin): LogRecord {
  return Object.fromEntries(Object.entries(record).filter(([name, value]) => !isInColumns(name, value, origin)));
}

function isInColumns(name: string, value: unknown, origin: Origin): boolean {
  if (name === "log") return false;
  const made = fieldsOfFile(origin)[name];
  if (made === undefined && !name.startsWith("kubernetes")) return isStandardField(name, origin);
  // One from the quarantine is equal, but not the same.
  return made !== undefined && (value === made || JSON.stringify(value) === JSON.stringify(made));
}
