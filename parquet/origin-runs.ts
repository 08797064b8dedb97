import type { RowsOrigin } from "./rows.ts";

/** Which origin the rows of the open row group have, as runs: the columns that are constant per file cost per run. */
export class OriginRuns {
  /** Distinct ones, in order of their first row. */
  origins: RowsOrigin[] = [];
  /** Per run: index into `origins`, and rows. */
  indexes: number[] = [];
  rows: number[] = [];
  rowCount = 0;
  #indexOf = new Map<RowsOrigin, number>();

  get heldBytes(): number {
    return this.origins.length * ORIGIN_BYTES + this.indexes.length * RUN_BYTES;
  }

  add(origin: RowsOrigin, rows: number): void {
    this.rowCount += rows;
    let index = this.#indexOf.get(origin);
    if (index === undefined) {
      index = this.origins.push(origin) - 1;
      this.#indexOf.set(origin, index);
    }
    const last = this.indexes.length - 1;
    if (this.indexes[last] === index) {
      this.rows[last]! += rows;
      return;
    }
    this.indexes.push(index);
    this.rows.push(rows);
  }

  clear(): void {
    this.origins = [];
    this.indexes = [];
    this.rows = [];
    this.rowCount = 0;
    this.#indexOf = new Map();
  }
}

/** An entry of the map and its slot in the list, and two numbers: about what the heap holds for them. */
const ORIGIN_BYTES = 64;
const RUN_BYTES = 16;
