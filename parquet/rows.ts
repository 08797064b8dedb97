/** Rows of the table as the encoder takes them. Bytes, not objects: a message is a slice of a buffer. */

/** What is the same for every record of a file, and for many rows. */
export interface RowsOrigin {
  /** `node/pod_id/container/<id>`: column `file`. */
  readonly file: string;
  readonly source: string;
  readonly node: string;
  readonly namespace: string | null;
  readonly workload: string | null;
  readonly pod: string | null;
  readonly container: string | null;
  readonly podId: string | null;
  readonly image: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
}

/**
 * Rows of one origin. The arrays may be longer than `count`, and are reused: a consumer copies what it keeps before
 * it returns. `bytes.subarray(start[i], end[i])` is valid UTF-8.
 */
export interface TableRows {
  readonly origin: RowsOrigin;
  readonly bytes: Buffer;
  readonly count: number;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  /** Byte offset in the file where each record starts (exact below 2^53). Not always ascending: stderr may overtake an open stdout record. */
  readonly pos: Float64Array;
  /** Event time: whole seconds since 1970, and 0 to 999,999,999 nanoseconds after it. */
  readonly seconds: Float64Array;
  readonly nanos: Uint32Array;
  /** Index into STREAM_NAMES of config/table.ts. */
  readonly stream: Uint8Array;
  /** 0 unknown, else 1 + index into LEVELS of config/table.ts. */
  readonly level: Uint8Array;
  /** Index into CUT_NAMES of config/table.ts. */
  readonly cut: Uint8Array;
}
