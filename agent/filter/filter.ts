import type { Origin } from "../record.ts";
import type { Rows } from "./rows.ts";

/**
 * The port to what filters do to records, and how they are run:
 *
 *   configuration  → RecordFilter   made once (create.ts): patterns compiled, keys resolved
 *   shipment, file → BatchFilter    `open`: what is the same for all records of a file is decided there
 *   batch          → apply          drops rows, changes their message, or asks for them as records
 *
 * A filter is a function of the records, their origin and the configuration, so that a repeated shipment gives the same.
 * It must not depend on where one batch ends and the next begins: a repetition may cut them elsewhere.
 */
export interface RecordFilter {
  /** As Fluent Bit calls it: the plugin's name, and its place among those of the plugin (`grep.0`). */
  readonly name: string;
  matches(tag: string): boolean;
  /** It may give records another tag. */
  readonly retags?: boolean;
  /**
   * The filter for the records of a file (of `origin.tag`, which another filter may have given them), or null if it leaves
   * all of them as they are. `shipment` is one object for all files of a shipment: a key for what is kept from one to the next.
   */
  open(origin: Origin, shipment: object): BatchFilter | null;
}

/** What a filter did to records. */
export interface FilterCounts {
  /** That came to it. */
  readonly records: number;
  readonly dropped: number;
  /** Of the log files, that the dropped ones stand for. */
  readonly droppedBytes: number;
  /** That it gave another message, time or field. */
  readonly changed: number;
}

/** Adds them up, by the filter's name. */
export function addCounts(to: Map<string, FilterCounts>, name: string, counts: FilterCounts): void {
  const { records, dropped, droppedBytes, changed } = to.get(name) ?? NO_COUNTS;
  to.set(name, {
    records: records + counts.records,
    dropped: dropped + counts.dropped,
    droppedBytes: droppedBytes + counts.droppedBytes,
    changed: changed + counts.changed,
  });
}

const NO_COUNTS: FilterCounts = { records: 0, dropped: 0, droppedBytes: 0, changed: 0 };

/** How a filter speaks of what it finds in records. */
export interface Voice {
  readonly warn: (message: string) => void;
  /** The agent is to end, with this reason: what was read by then is shipped or left to the next start. */
  readonly exit: (reason: string) => void;
}

export const SILENT: Voice = {
  warn: () => undefined,
  exit: () => undefined,
};

export interface BatchFilter {
  /** Rows that another filter dropped are there still: ask `rows.keeps(i)`. */
  apply(rows: Rows): void;
}
