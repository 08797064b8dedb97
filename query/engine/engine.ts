import type { TableDefinition } from "../../config/tables/definition.ts";

/**
 * The port between the CLI and what runs a query. Values arrive as JavaScript values that lose nothing: a string,
 * bigint for 64-bit integers, number for double, boolean, null; a timestamp is its RFC 3339 UTC text; maps, rows and
 * arrays are JSON text with keys in their order.
 */
export type Value = string | bigint | number | boolean | null;

export interface ResultColumn {
  readonly name: string;
  readonly type: "varchar" | "bigint" | "double" | "decimal" | "boolean" | "timestamp" | "date" | "interval" | "json";
}

export interface Result {
  readonly columns: readonly ResultColumn[];
  /** Rows in order, a bounded number at a time; ends early and quietly when the query's signal is aborted. */
  readonly batches: AsyncIterable<readonly (readonly Value[])[]>;
  /** The same rows by column, of an engine that has them so; whoever reads them does not read `batches`. */
  readonly columnBatches?: AsyncIterable<ColumnBatch>;
}

/** Some rows by column, for whoever reads very many. Good until the next batch is asked for. */
export interface ColumnBatch {
  readonly length: number;
  slice(from: number, to: number): ColumnBatch;
  /** Of a bigint column without NULLs whose values are below 2^53. */
  numbers(column: number): Float64Array;
  /** Of a text column of few values; one for each row, and more may follow. */
  names(column: number): readonly (string | null)[];
  /** Of a text column. */
  texts(column: number): Texts;
}

/** Texts in UTF-8, each from its start to its end in `bytes`, the first 32 KB of it; -1 for NULL. More bytes follow the last one. */
export interface Texts {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** What a query on a service has cost so far. */
export interface Receipt {
  readonly engine: "athena";
  readonly queryId: string;
  readonly state: "succeeded" | "failed" | "cancelled" | "running";
  readonly scannedBytes: number;
  /** What the service bills for: `scannedBytes` rounded up, with its minimum. */
  readonly billedBytes: number;
  readonly usd: number;
  readonly engineMs: number;
  /** Waiting for its turn. */
  readonly queueMs: number;
  /** Whether the answer is that of an earlier run of the same text. */
  readonly reused: boolean;
}

export interface Engine {
  /**
   * Runs one lowered statement. Throws QueryError (the user's fault), CliError (credentials, quotas, limits) or Error
   * (the engine's own). An engine that costs money calls `onReceipt` while it runs; the last call, before the promise
   * settles or the batches end, says what was billed, for a stopped query too.
   */
  run(query: LoweredQuery, signal: AbortSignal, onReceipt?: (receipt: Receipt) => void): Promise<Result>;
}

/** `local` is DuckDB. */
export type EngineName = "local" | "athena";

/** A statement as an engine runs it. */
export interface LoweredQuery extends LoweredText {
  /** The files that DuckDB may read: absolute paths, in order. */
  readonly files: readonly string[];
  /** What a file stands for, for messages; itself without this. */
  readonly nameOf?: (file: string) => string;
  /** Statements that define the functions which it uses and DuckDB does not have, or has with another meaning. */
  readonly prelude: readonly string[];
  /** Whether it gives all rows as they are stored: rendering them takes longer than reading them. */
  readonly isStream?: boolean;
  /**
   * How its rows can be had from some objects after the other (`query/run.ts`): in any order, or by hour, the newest first.
   * Null where only all objects together give them.
   */
  readonly pieces?: "any" | "newest first" | null;
}

/** A statement spelt out for an engine. */
export interface LoweredText {
  /** Text for the engine. */
  readonly sql: string;
  /** The user's text, for messages that quote it. */
  readonly text: string;
  /** The table that it reads, for messages that name its columns; left out: `logs`. */
  readonly table?: TableDefinition | null;
  /** Whether rows come newest first although they are to be shown oldest first: whoever renders them reverses them. */
  readonly reversed: boolean;
  /** Where a UTF-16 offset of `sql` came from in the user's text; null if it is inside of what logq added. */
  sourceOffset(sqlOffset: number): number | null;
}

/** An error in what the user wrote: its message, and where (UTF-16 offsets in the user's text), and what to do. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly start: number | null;
  readonly end: number | null;
  readonly hint: string | null;
  /** The text that the offsets are in, where whoever reports the error does not know it. */
  readonly text: string | null;
  constructor(
    message: string,
    at: { start: number; end?: number } | null,
    hint: string | null = null,
    text: string | null = null,
  ) {
    super(message);
    this.text = text;
    this.start = at?.start ?? null;
    this.end = at?.end ?? null;
    this.hint = hint;
  }
}
