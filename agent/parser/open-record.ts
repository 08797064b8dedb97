import type { Origin } from "../record.ts";

/** A record is cut at this many bytes of message (the default of the design). */
export const RECORD_BYTES_MAX = 1024 * 1024;
/** It is cut, too, at this many pieces: they are what a position says of it. */
export const RECORD_FRAGMENTS_MAX = 256;
/** And at this many bytes in the files, prefixes included: the next shipment reads them again. */
const RECORD_RAW_BYTES_MAX = 2 * RECORD_BYTES_MAX;

/** Lines of an open record that follow each other: which file, and their bytes in there, without the last newline. */
export interface Fragment {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** What has come of a record that is not complete: its text so far, and where it lies. One is used again and again. */
export class OpenRecord {
  /** The array changes, its items never do. */
  readonly fragments: Fragment[] = [];
  /** Of its first line. */
  origin: Origin | null = null;
  pos = 0;
  seconds = 0;
  nanos = 0;
  /** Of its last line, in seconds. */
  lastSeconds = 0;
  lines = 0;
  bytes: Buffer = EMPTY;
  length = 0;
  /** Bytes of its lines in the files, their newlines included. */
  rawBytes = 0;
  /** Where the text of its first line starts in its file; -1: nowhere in one piece. */
  firstStart = -1;

  get isOpen(): boolean {
    return this.lines > 0;
  }

  /** Whether so many bytes of message, which lie there, are too much for it. */
  isFullWith(moreBytes: number, fragment: Fragment): boolean {
    return (
      this.length + moreBytes > RECORD_BYTES_MAX ||
      this.rawBytes + fragment.end - fragment.start >= RECORD_RAW_BYTES_MAX ||
      (this.fragments.length >= RECORD_FRAGMENTS_MAX && !this.#isNext(fragment))
    );
  }

  begin(first: Pick<OpenRecord, "origin" | "pos" | "seconds" | "nanos">): void {
    this.origin = first.origin;
    this.pos = first.pos;
    this.seconds = first.seconds;
    this.nanos = first.nanos;
  }

  /** A line, or what of one is in `fragment`: lines that follow each other in a file are one fragment. */
  addFragment(fragment: Fragment): void {
    if (this.#isNext(fragment)) this.fragments.push({ ...this.fragments.pop()!, end: fragment.end });
    else this.fragments.push(fragment);
    this.rawBytes += fragment.end - fragment.start + 1;
    this.lines++;
  }

  append(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    bytes.copy(this.bytes, this.length, from, to);
    this.length += to - from;
  }

  /** A whole line. Fluent Bit's way: a line after an empty one, or after the end of a line, needs no separator. */
  appendLine(bytes: Buffer, from: number, to: number, separator: "\n" | ""): void {
    this.#reserve(to - from + 2);
    if (separator !== "" && this.length > 0 && this.bytes[this.length - 1] !== 10) this.bytes[this.length++] = 10;
    if (separator !== "" && from === to) this.bytes[this.length++] = 10;
    bytes.copy(this.bytes, this.length, from, to);
    this.length += to - from;
  }

  /** Its text with a last part that is not added: valid until something is. */
  with(bytes: Buffer, from: number, to: number): Buffer {
    this.#reserve(to - from);
    bytes.copy(this.bytes, this.length, from, to);
    return this.bytes;
  }

  /** Makes room for so many bytes more. */
  #reserve(moreBytes: number): void {
    if (this.bytes.length >= this.length + moreBytes) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(8 * 1024, this.bytes.length * 2, this.length + moreBytes));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  clear(): void {
    this.fragments.length = 0;
    this.lines = 0;
    this.length = 0;
    this.rawBytes = 0;
    this.firstStart = -1;
  }

  #isNext({ file, start }: Fragment): boolean {
    const last = this.fragments.at(-1);
    return last !== undefined && last.file === file && last.end + 1 === start;
  }
}

const EMPTY = Buffer.alloc(0);
