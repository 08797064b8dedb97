import { type Batch, CUT, type Origin, STREAM } from "../record.ts";
import type { TimeField } from "./time-field.ts";

/** Writes records as lines, newline included. */
export interface LineWriter {
  /** What every line of the batch ends with, newline included. */
  readonly suffix: Buffer;
  /** The rows that follow are of this batch. */
  begin(batch: Batch): void;
  /** The most that a row can come to. */
  bytesMax(row: number): number;
  /** Writes a row; returns the end. The target has room for `bytesMax`. */
  write(target: Buffer, at: number, row: number): number;
}

/**
 * Records in Fluent Bit's shape, as its `cri` parser and its `kubernetes` filter make them:
 *
 *   {<time>,"stream":"stdout","_p":"F","log":"…","kubernetes":{"pod_name":"…",…}}
 *
 * `_p` is "P" where the record goes on in the next line of its stream, else "F". What a record has not is left out. The
 * message is copied byte by byte and escaped by a table; what is constant per file is made once.
 */
export class RecordLines implements LineWriter {
  readonly #time: TimeField | null;
  readonly #suffixes = new WeakMap<Origin, Buffer>();
  #batch!: Batch;
  suffix: Buffer = NEWLINE;

  constructor(time: TimeField | null) {
    this.#time = time;
  }

  begin(batch: Batch): void {
    this.#batch = batch;
    let suffix = this.#suffixes.get(batch.origin);
    if (suffix === undefined) this.#suffixes.set(batch.origin, (suffix = suffixOf(batch.origin)));
    this.suffix = suffix;
  }

  bytesMax(row: number): number {
    const messageBytes = this.#batch.end[row]! - this.#batch.start[row]!;
    return 1 + (this.#time?.bytesMax ?? 0) + HEAD_BYTES_MAX + messageBytes * ESCAPE_BYTES_MAX + this.suffix.length;
  }

  write(target: Buffer, at: number, row: number): number {
    const batch = this.#batch;
    target[at] = 0x7b;
    let end = at + 1;
    if (this.#time !== null) end = this.#time.write(target, end, batch.seconds[row]!, batch.nanos[row]!);
    const head = HEADS[batch.stream[row]! * 2 + (batch.cut[row] === CUT.limit ? 1 : 0)]!;
    end += head.copy(target, end);
    end = writeEscaped(target, end, batch.bytes, batch.start[row]!, batch.end[row]!);
    return end + this.suffix.copy(target, end);
  }
}

/** The messages alone, as they were written: what `log_key: log` asks for. */
export class MessageLines implements LineWriter {
  readonly suffix = NEWLINE;
  #batch!: Batch;

  begin(batch: Batch): void {
    this.#batch = batch;
  }

  bytesMax(row: number): number {
    return this.#batch.end[row]! - this.#batch.start[row]! + 1;
  }

  write(target: Buffer, at: number, row: number): number {
    const { bytes, start, end } = this.#batch;
    const length = bytes.copy(target, at, start[row], end[row]);
    target[at + length] = 0x0a;
    return at + length + 1;
  }
}

const NEWLINE = Buffer.from("\n");

/** Between time and message, by stream and by whether the record goes on. */
const HEADS: Buffer[] = [];
for (const { stream, name } of [
  { stream: STREAM.none, name: null },
  { stream: STREAM.stdout, name: "stdout" },
  { stream: STREAM.stderr, name: "stderr" },
]) {
  const before = name === null ? '"log":"' : `"stream":"${name}","_p":"F","log":"`;
  HEADS[stream * 2] = Buffer.from(before);
  HEADS[stream * 2 + 1] = Buffer.from(before.replace('"F"', '"P"'));
}
const HEAD_BYTES_MAX = Math.max(...HEADS.map((head) => head.length));

/** Per byte: 0 is copied; 1 becomes \u00XX; else a backslash and this byte. Bytes of UTF-8 sequences are copied. */
const ESCAPES = new Uint8Array(256).fill(1, 0, 0x20);
for (const [char, escape] of [
  ['"', '"'],
  ["\\", "\\"],
  ["\b", "b"],
  ["\f", "f"],
  ["\n", "n"],
  ["\r", "r"],
  ["\t", "t"],
]) {
  ESCAPES[char!.charCodeAt(0)] = escape!.charCodeAt(0);
}
const ESCAPE_BYTES_MAX = 6;
const HEX = Buffer.from("0123456789abcdef");

/**
 * Writes the bytes as the inside of a JSON string; returns the end. The target has room for the longest escapes. Four
 * bytes at a time where nothing is to be escaped: a third less time than one by one.
 */
export function writeEscaped(target: Buffer, at: number, source: Buffer, from: number, to: number): number {
  let end = at;
  let i = from;
  while (i < to) {
    for (; i + 4 <= to; i += 4) {
      const a = source[i]!;
      const b = source[i + 1]!;
      const c = source[i + 2]!;
      const d = source[i + 3]!;
      if ((ESCAPES[a]! | ESCAPES[b]! | ESCAPES[c]! | ESCAPES[d]!) !== 0) break;
      target[end] = a;
      target[end + 1] = b;
      target[end + 2] = c;
      target[end + 3] = d;
      end += 4;
    }
    for (const stop = Math.min(i + 4, to); i < stop; i++) end = writeByte(target, end, source[i]!);
  }
  return end;
}

/** The bytes as the inside of a JSON string, in a buffer of their own. */
export function escaped(source: Buffer): Buffer {
  const target = Buffer.allocUnsafeSlow(source.length * ESCAPE_BYTES_MAX);
  return Buffer.from(target.subarray(0, writeEscaped(target, 0, source, 0, source.length)));
}

function writeByte(target: Buffer, end: number, byte: number): number {
  const escape = ESCAPES[byte]!;
  if (escape === 0) {
    target[end] = byte;
    return end + 1;
  }
  target[end] = 0x5c;
  if (escape !== 1) {
    target[end + 1] = escape;
    return end + 2;
  }
  target.write("u00", end + 1, "latin1");
  target[end + 4] = HEX[byte >>> 4]!;
  target[end + 5] = HEX[byte & 15]!;
  return end + 6;
}

/** What follows every message of a file: its Kubernetes metadata, in the order of Fluent Bit's filter. */
function suffixOf(origin: Origin): Buffer {
  if (origin.pod === null) return Buffer.from('"}\n');
  const kubernetes = {
    pod_name: origin.pod,
    namespace_name: origin.namespace ?? undefined,
    pod_id: origin.podId ?? undefined,
    labels: origin.labels ?? undefined,
    host: origin.node,
    container_name: origin.container ?? undefined,
    docker_id: origin.containerId ?? undefined,
    container_image: origin.image ?? undefined,
  };
  return Buffer.from(`","kubernetes":${JSON.stringify(kubernetes)}}\n`);
}
