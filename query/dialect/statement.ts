import type { TableDefinition } from "../../config/tables/definition.ts";
import type { Select, Syntax } from "./syntax.ts";
import type { Sugar } from "./sugar.ts";
import type { TrinoScanOptions } from "./trino-scan.ts";

/** What the dialect found in a user's text, before anything is listed or read. */
export interface Statement {
  /** The user's text, untouched. */
  readonly text: string;
  /** The table that is read; null if there is none, and no store is needed (`select 1`). */
  readonly table: TableDefinition | null;
  /**
   * `rows`: the outermost query is a plain row query over the table (no aggregate, GROUP BY, DISTINCT, set operation …);
   * `table`: anything else. Decides the default output format.
   */
  readonly kind: "rows" | "table";
  /** Whether the outermost query has its own ORDER BY, its own LIMIT or FETCH. */
  readonly ordered: boolean;
  readonly limited: boolean;
  /** What the text itself says of time. */
  readonly window: TextWindow;
  /** What lowering needs; nobody else reads it. */
  readonly parsed: Parsed;
}

interface Parsed {
  readonly syntax: Syntax;
  /** SELECTs that get `FROM logs` by the FROM rule. */
  readonly implicit: ReadonlySet<Select>;
  readonly sugar: readonly Sugar[];
  /** Comments, odd spaces and closing semicolons, as offsets: none of them reaches an engine. */
  readonly blanks: readonly { readonly start: number; readonly end: number }[];
}

/**
 * `none`: the text does not constrain a time column (ts, ts_ns, dt or hour of `logs`). `range`: its top-level AND-ed conjuncts do, against
 * literals or now(). `unclear`: it does in a way that cannot be turned into one range (an OR, a sub-select …).
 */
export type TextWindow =
  | { readonly kind: "none" }
  | { readonly kind: "range"; readonly range: TimeRange }
  | { readonly kind: "unclear"; readonly start: number; readonly end: number };

/** Nanoseconds since 1970 (bigint), `from` inclusive, `to` exclusive; null is open. */
export interface TimeRange {
  readonly from: bigint | null;
  readonly to: bigint | null;
}

export interface LowerOptions {
  /** The files of the pruned partitions. */
  readonly files: readonly string[];
  /** The exact range of the scan. */
  readonly range: TimeRange;
  /** The stored columns that the files have at least, and the statement refers to at most; null for all. */
  readonly columns?: ReadonlySet<string> | null;
  /** Further condition of the scan in the table's columns (from scope flags, values already encoded), or null. */
  readonly where: string | null;
  /** For a row query without its own LIMIT: rows to fetch, newest first, shown oldest first; null for all, unsorted. */
  readonly limit: number | null;
  /** Whether all rows come, oldest first (`limit` is null then, and the text has no order and no limit of its own). */
  readonly oldestFirst?: boolean;
}

export interface TrinoLowerOptions extends TrinoScanOptions {
  /** As in LowerOptions. */
  readonly limit: number | null;
}
