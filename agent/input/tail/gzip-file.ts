import { closeSync, openSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Inflater, STEP_BYTES } from "./inflate.ts";
import type { LogFile } from "./log-file.ts";

/** What a look at a compressed file found. */
export interface GzipContent {
  /** Inflated bytes. */
  readonly size: number;
  /** The first 256 of them at most. */
  readonly head: Buffer;
  /** Why there are no more, if it is damaged. */
  readonly problem: string | null;
}

const HEAD_BYTES = 256;
/** Inflated bytes between two turns of the event loop. */
const TURN_BYTES = 4 * 1024 * 1024;
/** Inflated bytes that are held, and how many of them stay when there is no room: a reader steps back a little. */
const WINDOW_BYTES = 640 * 1024;
const KEPT_BYTES = 384 * 1024;
/** Readers that wait for the next shipment, so that it need not start at the first byte: a few files, of two outputs each. */
const IDLE_MAX = 8;

/** Reads a compressed file once, to learn how long its content is and how it starts. */
export async function inspectGzip(fd: number): Promise<GzipContent> {
  using inflater = new Inflater(fd);
  const step = Buffer.allocUnsafe(STEP_BYTES);
  let head = Buffer.alloc(0);
  let size = 0;
  for (let turn = 0; ;) {
    const bytes = inflater.step(step, 0);
    if (bytes === 0) break;
    if (head.length < HEAD_BYTES)
      head = Buffer.concat([head, step.subarray(0, Math.min(bytes, HEAD_BYTES - head.length))]);
    size += bytes;
    turn += bytes;
    if (turn < TURN_BYTES) continue;
    turn = 0;
    await nextTurn();
  }
  return { size, head, problem: inflater.problem };
}

/**
 * Compressed files, read at offsets of their content: nothing of it is stored. Reading goes forward; an offset that lies
 * before what a waiting reader still holds starts anew at the first byte. Outputs stand at different offsets: each goes
 * on with the reader that is nearest before its own.
 */
export class GzipFiles {
  /** Oldest first. */
  #idle: { readonly id: string; readonly reader: GzipReader }[] = [];

  /** Opens the content of a compressed file, of which the first `size` bytes are readable. */
  open(id: string, path: string, size: number): LogFile {
    // Only a read says where reading goes on.
    let reader: GzipReader | null = null;
    const readerAt = (position: number): GzipReader => {
      if (reader !== null && reader.holds(position)) return reader;
      if (reader !== null) this.#keep(id, reader);
      reader = this.#take(id, position) ?? new GzipReader(path, size);
      return reader;
    };
    return {
      size: () => size,
      read: (buffer, offset, length, position) => readerAt(position).read(buffer, offset, length, position),
      [Symbol.dispose]: () => {
        if (reader !== null) this.#keep(id, reader);
      },
    };
  }

  close(): void {
    for (const { reader } of this.#idle) reader.close();
    this.#idle = [];
  }

  /** The waiting reader of a file that can go on to `position` with the least to skip. */
  #take(id: string, position: number): GzipReader | null {
    const able = this.#idle.filter((each) => each.id === id && each.reader.holds(position));
    const best = able.toSorted((a, b) => b.reader.position - a.reader.position)[0];
    if (best === undefined) return null;
    this.#idle = this.#idle.filter((each) => each !== best);
    return best.reader;
  }

  /** A reader at its end is of no more use. */
  #keep(id: string, reader: GzipReader): void {
    if (reader.isAtEnd) reader.close();
    else this.#idle.push({ id, reader });
    if (this.#idle.length > IDLE_MAX) this.#idle.shift()!.reader.close();
  }
}

class GzipReader {
  readonly #fd: number;
  readonly #size: number;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  readonly #inflater: Inflater;
  /** Where in the content the window starts, and how much of it is filled. */
  #base = 0;
  #filled = 0;

  constructor(path: string, size: number) {
    this.#fd = openSync(path, "r");
    this.#size = size;
    this.#inflater = new Inflater(this.#fd);
  }

  /** The offset that is inflated next. */
  get position(): number {
    return this.#base + this.#filled;
  }

  get isAtEnd(): boolean {
    return this.position >= this.#size;
  }

  /** Whether it can read from there on without starting anew. */
  holds(position: number): boolean {
    return position >= this.#base;
  }

  read(buffer: Buffer, offset: number, length: number, position: number): number {
    const end = Math.min(position + length, this.#size);
    let at = position;
    while (at < end) {
      const available = this.#base + this.#filled - at;
      if (available > 0) {
        const bytes = Math.min(available, end - at);
        this.#window.copy(buffer, offset + at - position, at - this.#base, at - this.#base + bytes);
        at += bytes;
      } else if (!this.#step()) break;
    }
    return at - position;
  }

  close(): void {
    this.#inflater[Symbol.dispose]();
    closeSync(this.#fd);
  }

  #step(): boolean {
    if (this.#filled + STEP_BYTES > WINDOW_BYTES) {
      const dropped = this.#filled - KEPT_BYTES;
      this.#window.copyWithin(0, dropped, this.#filled);
      this.#base += dropped;
      this.#filled = KEPT_BYTES;
    }
    const bytes = this.#inflater.step(this.#window, this.#filled);
    this.#filled += bytes;
    return bytes > 0;
  }
}
