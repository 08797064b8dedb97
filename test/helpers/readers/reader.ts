/** One row of the table, as an independent Parquet reader sees it. */
export interface StoredRow {
  /** Column `ts`, in milliseconds since 1970. */
  readonly tsMs: number;
  readonly tsNs: bigint;
  readonly pos: number;
  readonly stream: string | null;
  readonly log: string;
  readonly cut: string | null;
  readonly file: string;
  readonly podId: string | null;
  readonly container: string | null;
}

/** Reads every row of one object, a row group or less in memory at a time. Throws the reader's own errors. */
export type ReadRows = (path: string, visit: (row: StoredRow) => void) => Promise<void>;

export const ROW_COLUMNS = ["ts", "ts_ns", "pos", "stream", "log", "cut", "file", "pod_id", "container"];
