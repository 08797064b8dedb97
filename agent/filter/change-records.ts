import type { LogRecord } from "../record.ts";
import type { BatchFilter } from "./filter.ts";

/** A filter that makes another record of each, null: it stays as it is; "drop": it is left out. */
export function changingRecords(change: (record: LogRecord) => LogRecord | "drop" | null): BatchFilter {
  return {
    apply(rows) {
      for (let row = 0; row < rows.count; row++) {
        if (!rows.keeps(row)) continue;
        const changed = change(rows.record(row));
        if (changed === "drop") rows.drop(row);
        else if (changed !== null) rows.setRecord(row, changed);
      }
    },
  };
}
