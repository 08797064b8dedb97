/**
 * Sorted runs of rows in a file, one behind the other. A row is 32 bytes and its message:
 *
 *   0 length of the message   4 origin   8 seconds (double)   16 position (double)   24 nanoseconds   28 stream, level, cut
 */
import { readSync, writeSync } from "node:fs";
import type { RowBuffer } from "./row-buffer.ts";

const HEAD_BYTES = 32;
const WRITE_BYTES = 256 * 1024;

export interface Run {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Writes rows in this order to a file from `at` on. */
export function writeRun(file: number, at: number, rows: RowBuffer, order: Iterable<number>): Run {
  let out = Buffer.allocUnsafe(WRITE_BYTES);
  let used = 0;
  let to = at;
  const flush = (): void => {
    writeFully(file, out.subarray(0, used), to);
    to += used;
    used = 0;
  };
  for (const row of order) {
    const [start, end] = [rows.start[row]!, rows.end[row]!];
    const bytes = HEAD_BYTES + end - start;
    if (used + bytes > out.length) flush();
    if (bytes > out.length) out = Buffer.allocUnsafe(bytes);
    out.writeUInt32LE(end - start, used);
    out.writeUInt32LE(rows.origin[row]!, used + 4);
    out.writeDoubleLE(rows.seconds[row]!, used + 8);
    out.writeDoubleLE(rows.pos[row]!, used + 16);
    out.writeUInt32LE(rows.nanos[row]!, used + 24);
    out.writeUInt32LE(rows.stream[row]! | (rows.level[row]! << 8) | (rows.cut[row]! << 16), used + 28);
    rows.bytes.copy(out, used + HEAD_BYTES, start, end);
    used += bytes;
  }
  flush();
  return { from: at, to };
}

/** Reads a run row by row; the fields are those of the row at hand. */
export class RunReader {
  origin = 0;
  seconds = 0;
  nanos = 0;
  pos = 0;
  readonly #file: number;
  readonly #to: number;
  /** The part of the run that is at hand, and where in the file the next one begins. */
  #window: Buffer;
  #length = 0;
  #next: number;
  /** Of the row at hand, and of the one behind it. */
  #at = 0;
  #end = 0;

  constructor(file: number, { from, to }: Run, windowBytes: number) {
    this.#file = file;
    this.#next = from;
    this.#to = to;
    this.#window = Buffer.allocUnsafeSlow(Math.max(windowBytes, HEAD_BYTES));
  }

  /** Goes to the next row: false if there is none. */
  advance(): boolean {
    if (this.#end === this.#length && this.#next === this.#to) return false;
    this.#require(HEAD_BYTES);
    this.#require(HEAD_BYTES + this.#window.readUInt32LE(this.#end));
    const at = this.#end;
    const window = this.#window;
    this.#at = at;
    this.#end = at + HEAD_BYTES + window.readUInt32LE(at);
    this.origin = window.readUInt32LE(at + 4);
    this.seconds = window.readDoubleLE(at + 8);
    this.pos = window.readDoubleLE(at + 16);
    this.nanos = window.readUInt32LE(at + 24);
    return true;
  }

  get messageBytes(): number {
    return this.#end - this.#at - HEAD_BYTES;
  }

  copyTo(rows: RowBuffer): void {
    const row = rows.addMessage(this.#window, this.#at + HEAD_BYTES, this.#end);
    rows.origin[row] = this.origin;
    rows.seconds[row] = this.seconds;
    rows.nanos[row] = this.nanos;
    rows.pos[row] = this.pos;
    rows.stream[row] = this.#window[this.#at + 28]!;
    rows.level[row] = this.#window[this.#at + 29]!;
    rows.cut[row] = this.#window[this.#at + 30]!;
  }

  /** Has so many bytes at hand from the end of the row at hand on. */
  #require(bytes: number): void {
    const rest = this.#length - this.#end;
    if (rest >= bytes) return;
    const kept = this.#window;
    if (bytes > kept.length) this.#window = Buffer.allocUnsafeSlow(bytes);
    kept.copy(this.#window, 0, this.#end, this.#length);
    const more = Math.min(this.#window.length - rest, this.#to - this.#next);
    readFully(this.#file, this.#window.subarray(rest, rest + more), this.#next);
    this.#next += more;
    this.#length = rest + more;
    this.#end = 0;
    if (this.#length < bytes) throw new RangeError(`a run of sorted rows ends at byte ${this.#to}, in a row`);
  }
}

function writeFully(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, at + done);
}

function readFully(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const read = readSync(file, bytes, done, bytes.length - done, at + done);
    if (read === 0) throw new RangeError(`the file of sorted rows ends at byte ${at + done}`);
    done += read;
  }
}
