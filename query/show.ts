/** Writes a result: at most so many rows, in the order people read, in bounded memory. */
import { CliError } from "./cli-error.ts";
import type { Result, ResultColumn } from "./engine/engine.ts";
import { nearestName } from "./nearest.ts";
import { createRenderer, type Format, type Row, type Style } from "./render/renderer.ts";
import { inZone } from "./zone.ts";

export interface ShowOptions {
  readonly format: Format;
  readonly style: Style;
  readonly zone: string;
  /** Rows to show at most; null for all. */
  readonly rowsMax: number | null;
  /** Whether rows come newest first and are shown oldest first. They wait in memory, at most `rowsMax` + 1 of them. */
  readonly reversed: boolean;
  /** Columns to show, in this order; null for all. */
  readonly fields: readonly string[] | null;
  /** Told which columns are shown, before the first row. */
  readonly onColumns?: ((columns: readonly ResultColumn[]) => void) | undefined;
  write(text: string): Promise<void>;
}

export interface Shown {
  readonly rows: number;
  /** Whether there were more than `rowsMax`. */
  readonly truncated: boolean;
}

/** Rows handed to the renderer at a time. */
const CHUNK_ROWS = 500;

/** Throws CliError for a field that the result does not have. */
export async function show(result: Result, options: ShowOptions, signal: AbortSignal): Promise<Shown> {
  const { columns, convert } = projection(result.columns, options.fields, options.zone);
  const renderer = createRenderer(options.format, columns, options.style);
  options.onColumns?.(columns);
  const rowsMax = options.rowsMax ?? Infinity;
  let rows = 0;
  let truncated = false;
  const held: Row[] = [];

  for await (const batch of result.batches) {
    if (signal.aborted) return { rows, truncated };
    truncated = rows + batch.length > rowsMax;
    const kept = truncated ? batch.slice(0, rowsMax - rows) : batch;
    rows += kept.length;
    if (options.reversed) held.push(...kept);
    else for (const chunk of chunks(kept)) await options.write(renderer.rows(chunk.map(convert)));
    if (truncated) break;
  }
  if (signal.aborted) return { rows, truncated };
  for (const chunk of chunks(held.toReversed())) await options.write(renderer.rows(chunk.map(convert)));
  await options.write(renderer.end());
  return { rows, truncated };
}

export interface Projection {
  readonly columns: readonly ResultColumn[];
  /** A row of the result as it is shown. */
  readonly convert: (row: Row) => Row;
}

/** What is shown of a result: these columns (null: all), times in the zone. Throws CliError for a column that it has not. */
export function projection(
  columns: readonly ResultColumn[],
  fields: readonly string[] | null,
  zone: string,
): Projection {
  const picked = pickColumns(columns, fields);
  return { columns: picked.map(({ column }) => column), convert: rowConverter(picked, zone) };
}

interface PickedColumn {
  readonly column: ResultColumn;
  readonly index: number;
}

function pickColumns(columns: readonly ResultColumn[], fields: readonly string[] | null): PickedColumn[] {
  if (fields === null) return columns.map((column, index) => ({ column, index }));
  return fields.map((field) => {
    const index = columns.findIndex((column) => column.name.toLowerCase() === field.toLowerCase());
    if (index >= 0) return { column: columns[index]!, index };
    const names = columns.map((column) => column.name);
    const near = nearestName(field, names);
    const question = near === null ? "" : `did you mean ${near}? `;
    throw new CliError(
      `--fields ${field}: the result has no such column`,
      `${question}It has ${names.join(", ")}; to compute one write it in the query: select ${field}`,
    );
  });
}

function rowConverter(picked: readonly PickedColumn[], zone: string): (row: Row) => Row {
  return (row) =>
    picked.map(({ column, index }) => {
      const value = row[index] ?? null;
      return column.type === "timestamp" && typeof value === "string" ? inZone(value, zone) : value;
    });
}

function chunks(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / CHUNK_ROWS) }, (_, i) =>
    rows.slice(i * CHUNK_ROWS, (i + 1) * CHUNK_ROWS),
  );
}
