import type { Cell } from "./cells.ts";
import { bytesOf } from "./lines.ts";
import type { MissingLines } from "./verify.ts";
import type { Written } from "./writer.ts";

/** What a store lacks, in lines and bytes of the logs: what may be lost by the promise, and what may not. */
export interface LossAccount {
  readonly legalLines: number;
  readonly legalBytes: number;
  readonly illegalLines: number;
  /** Where, for the first few. */
  readonly illegal: readonly MissingLines[];
}

/**
 * The model: lines may be missing only
 *   - at the end of what a file held when it was truncated in place (they were not read yet), or
 *   - in fallback mode, in a file that had lost its last name before the last agent had taken up its files: whoever held
 *     it before had been ended, and its descriptor with it.
 */
export function accountForLoss(
  missing: readonly MissingLines[],
  written: Written,
  cell: Cell,
  recoveredAtMs: readonly number[],
): LossAccount {
  const partials = cell.fault === "partial writes";
  // A reload hands descriptors over.
  const ends = cell.fault === "kill -9" || cell.fault === "SIGTERM";
  const lastHeldMs = ends && recoveredAtMs.length > 1 ? recoveredAtMs.at(-1)! : 0;
  let [legalLines, legalBytes, illegalLines] = [0, 0, 0];
  const illegal: MissingLines[] = [];
  for (const range of missing) {
    const legal =
      cell.fault === "truncate" ? isBeforeTruncation(range, written) : diedUnread(range, written, cell, lastHeldMs);
    if (legal) {
      legalLines += range.to - range.from;
      legalBytes += bytesOf(range.from, range.to, partials);
      continue;
    }
    illegalLines += range.to - range.from;
    if (illegal.length < 10) illegal.push(range);
  }
  return { legalLines, legalBytes, illegalLines, illegal };
}

function isBeforeTruncation(range: MissingLines, written: Written): boolean {
  return written.truncations.some(({ pod, line }) => pod === range.pod && line === range.to);
}

function diedUnread(range: MissingLines, written: Written, cell: Cell, lastHeldMs: number): boolean {
  if (cell.mode !== "fallback") return false;
  const spans = written.spans.filter((span) => span.pod === range.pod && span.from < range.to && span.to > range.from);
  return spans.every((span) => span.deletedAtMs !== null && span.deletedAtMs < lastHeldMs);
}
