import { STREAM_NAMES } from "../../../config/table.ts";
import type { Origin } from "../../record.ts";
import type { BatchFilter } from "../filter.ts";

/** Leaves out what a file's pod asks not to be shipped (`fluentbit.io/exclude`), as it was when the file was found; null: nothing. */
export function openExclusion({ podDetails }: Origin): BatchFilter | null {
  const excluded = podDetails?.exclude ?? [];
  if (excluded.length === 0) return null;
  return {
    apply(rows) {
      const { stream } = rows.batch;
      for (let row = 0; row < rows.count; row++) {
        const name = STREAM_NAMES[stream[row]!] ?? null;
        // A record that says no stream may be of either.
        if (name === null ? excluded.length === 2 : excluded.includes(name)) rows.drop(row);
      }
    },
  };
}
