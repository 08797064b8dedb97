/** Rows of many origins in one buffer: what is sorted, and what comes of it. */
import type { TableRows } from "../../parquet/rows.ts";

/** Arrays of rows without what is theirs alone. */
export type RowArrays = Omit<TableRows, "origin" | "count">;

export class RowBuffer {
  count = 0;
  /** Number of each row's origin. */
  readonly origin: Uint32Array;
  readonly seconds: Float64Array;
  readonly nanos: Uint32Array;
  readonly pos: Float64Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly stream: Uint8Array;
  readonly level: Uint8Array;
  readonly cut: Uint8Array;
  bytes: Buffer;
  #used = 0;

  /** `textBytes` of messages. */
  constructor(rows: number, textBytes: number) {
    this.origin = new Uint32Array(rows);
    this.seconds = new Float64Array(rows);
    this.nanos = new Uint32Array(rows);
    this.pos = new Float64Array(rows);
    this.start = new Uint32Array(rows);
    this.end = new Uint32Array(rows);
    this.stream = new Uint8Array(rows);
    this.level = new Uint8Array(rows);
    this.cut = new Uint8Array(rows);
    this.bytes = Buffer.allocUnsafeSlow(textBytes);
  }

  /** Whether a row with such a message fits. Into an empty one any does. */
  hasRoom(textBytes: number): boolean {
    return this.count === 0 || (this.count < this.origin.length && this.#used + textBytes <= this.bytes.length);
  }

  /** Copies a row of other arrays. */
  add(rows: RowArrays, row: number, origin: number): void {
    const at = this.count;
    this.addMessage(rows.bytes, rows.start[row]!, rows.end[row]!);
    this.origin[at] = origin;
    this.seconds[at] = rows.seconds[row]!;
    this.nanos[at] = rows.nanos[row]!;
    this.pos[at] = rows.pos[row]!;
    this.stream[at] = rows.stream[row]!;
    this.level[at] = rows.level[row]!;
    this.cut[at] = rows.cut[row]!;
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
  }

  /** Adds a row that has no more than its message yet; returns its number. */
  addMessage(bytes: Buffer, start: number, end: number): number {
    const at = this.count++;
    if (this.#used + end - start > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(end - start);
    this.start[at] = this.#used;
    this.#used += bytes.copy(this.bytes, this.#used, start, end);
    this.end[at] = this.#used;
    return at;
  }
}
