import { isUtf8 } from "node:buffer";
import { CUT, STREAM, type Batch, type Origin } from "../record.ts";
import { CriPrefix } from "./cri.ts";
import { LevelDetector } from "./level.ts";

/** A record is cut at this many bytes of message (the default of the design), and at this many fragments. */
export const RECORD_BYTES_MAX = 1024 * 1024;
export const RECORD_FRAGMENTS_MAX = 80;

/** Records of one batch at most: bounds the arrays, not the throughput. */
const BATCH_RECORDS_MAX = 4096;
const HOUR_SECONDS = 3600;
const AGE_SECONDS_MAX = 400 * 86_400;
const AHEAD_SECONDS_MAX = 86_400;

/** A line that is part of an open record: which file, and its bytes in there, without the newline. */
export interface Fragment {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** Where reading stands between two lines: all that a restart needs to go on with the same records. */
export interface AssemblyState {
  /** Offset in the current file: everything before it is in a record or in `open`. */
  readonly offset: number;
  /** Fragments of the open record per stream, by the STREAM codes; a stream without one is absent. */
  readonly open: readonly { readonly stream: number; readonly fragments: readonly Fragment[] }[];
}

const NOTHING_OPEN: AssemblyState["open"] = [];

interface OpenRecord {
  readonly origin: Origin;
  readonly pos: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly fragments: Fragment[];
}

interface AssemblerCounters {
  /** Lines that are no CRI lines though the input says CRI. */
  unparsed: number;
  /** Records cut at their limit, or ended by the end of their file. */
  cut: number;
  /** Records whose time was out of range and was replaced by the read time. */
  clamped: number;
  /** Records with bytes that are not UTF-8. */
  repaired: number;
}

export interface AssemblyOptions {
  readonly framing: "cri" | "plain";
  readonly skipEmpty?: boolean;
}

/** Lines that are read and not shipped. */
export interface Filtered {
  readonly bytes: number;
  readonly records: number;
}

const NOTHING_FILTERED: Filtered = { bytes: 0, records: 0 };

export interface ConsumeOptions {
  readonly torn: boolean;
  readonly pieces: boolean;
  readonly valid: boolean;
}

/** What an assembler knows of the file it reads. */
export interface AssemblySource {
  readonly id: string;
  readonly origin: Origin;
}

/**
 * Turns the lines of a chain into batches of whole records: joins CRI fragments per stream, cuts what is too long,
 * repairs invalid UTF-8, finds time and level. Pure: bytes in, batches out, no I/O; a pull parser, because the consumer
 * may refuse a batch and then needs the state before it.
 *
 *   consume() → reads lines until a batch is due (`due`) or the lines end; returns the offset it reached
 *   take()    → the batch; its arrays and bytes are valid until the next consume()
 */
export class Assembler {
  /** The batch must be taken before more lines are consumed. */
  due = false;
  /** The state before the batch's first record: where to go on if the batch is refused. */
  batchStart: AssemblyState = { offset: 0, open: NOTHING_OPEN };
  /** Per record of the batch: bytes of its lines in the file, prefixes and newlines included. */
  readonly rawBytes: Uint32Array;
  /** Lines left out of the current file, and how many there were before the batch. */
  filtered: Filtered = NOTHING_FILTERED;
  filteredAtBatchStart: Filtered = NOTHING_FILTERED;
  readonly counters: AssemblerCounters = { unparsed: 0, cut: 0, clamped: 0, repaired: 0 };

  readonly #cri: boolean;
  readonly #skipEmpty: boolean;
  readonly #readSeconds: number;
  readonly #readNanos: number;
  readonly #prefix = new CriPrefix();
  readonly #levels = new LevelDetector();
  readonly #batch: MutableBatch;
  readonly #joined: { bytes: Buffer; length: number }[];
  readonly #open: (OpenRecord | null)[] = [null, null, null];
  #source: AssemblySource;
  #hourStart = 0;
  /** Whether the next bytes belong to a line whose first pieces are already records; `#prefix` is that line's. */
  #midLine = false;

  /**
   * `readTimeMs`: the time of records that have none of their own, the same for the whole shipment. `skipEmpty`: lines
   * without a message are left out. `arrays`: whose batches this one may overwrite.
   */
  constructor(source: AssemblySource, options: AssemblyOptions, readTimeMs: number, arrays = createBatchArrays()) {
    this.#source = source;
    this.#cri = options.framing === "cri";
    this.#skipEmpty = options.skipEmpty === true;
    this.#readSeconds = Math.floor(readTimeMs / 1000);
    this.#readNanos = (readTimeMs % 1000) * 1_000_000;
    this.#joined = [STREAM.none, STREAM.stdout, STREAM.stderr].map(() => ({ bytes: EMPTY, length: 0 }));
    this.rawBytes = arrays.rawBytes;
    this.#batch = { ...arrays, origin: source.origin, bytes: EMPTY, count: 0, records: null, taken: true };
  }

  /** Goes on in the next file of the chain: open records stay open. The batch must have been taken. */
  nextFile(source: AssemblySource): void {
    this.#source = source;
    this.filtered = NOTHING_FILTERED;
    this.#midLine = false;
  }

  /** The state now, `offset` being the offset the caller has consumed to. */
  state(offset: number): AssemblyState {
    return { offset, open: this.#openFragments() };
  }

  /** Takes up a fragment line that an earlier shipment left open, in order. */
  resumeFragment(line: Buffer, fragment: Fragment, origin: Origin): void {
    if (!this.#prefix.parse(line, 0, line.length)) return;
    this.#addFragment(line, this.#prefix.message, line.length, fragment, origin);
  }

  /**
   * Consumes lines of `bytes[at, end)`, whose first byte lies at file offset `base + at`. `torn`: a rest without
   * newline at `end` is a line. `pieces`: a line that is longer than a record and does not end here may go out in pieces,
   * its end is known to be there. `valid`: the caller found all of it to be UTF-8. Returns how far it came.
   */
  consume(bytes: Buffer, from: number, end: number, base: number, options: ConsumeOptions): number {
    const { torn, pieces, valid } = options;
    let at = from;
    while (at < end && !this.due) {
      const newline = bytes.indexOf(10, at);
      const terminated = newline >= 0 && newline < end;
      const lineEnd = terminated ? newline : end;
      if (!terminated && !torn && !(pieces && this.#isOverlong(bytes, at, end))) break;
      at = this.#line(bytes, at, lineEnd, terminated, base, valid);
    }
    if (!this.#batch.taken) this.due = true;
    return at;
  }

  /** Ends the open record of one stream as it is: its file is final. Call until it returns false, taking in between. */
  endOpen(offset: number): boolean {
    for (const stream of [STREAM.stdout, STREAM.stderr]) {
      if (this.#open[stream] === null) continue;
      if (this.#begin(offset)) this.#emitOpen(stream, CUT.end);
      return true;
    }
    return false;
  }

  /** The batch that is due. */
  take(): Batch {
    this.due = false;
    const batch = this.#batch;
    batch.taken = true;
    return batch;
  }

  /** Whether what stands before `end` without a newline is already more than a record may hold. */
  #isOverlong(bytes: Buffer, at: number, end: number): boolean {
    if (end - at <= RECORD_BYTES_MAX) return false;
    return end - this.#messageStart(bytes, at, end) > RECORD_BYTES_MAX;
  }

  #messageStart(bytes: Buffer, at: number, end: number): number {
    return this.#midLine || !this.#readPrefix(bytes, at, end) ? at : this.#prefix.message;
  }

  /** Fills `#prefix` from a line's start: false for a plain line. */
  #readPrefix(bytes: Buffer, start: number, end: number): boolean {
    if (this.#cri && this.#prefix.parse(bytes, start, end)) return true;
    this.#prefix.stream = STREAM.none;
    this.#prefix.partial = false;
    this.#prefix.seconds = this.#readSeconds;
    this.#prefix.nanos = this.#readNanos;
    return false;
  }

  /** One line or the next piece of an overlong one; returns where the next begins, or `start` if a batch is due first. */
  #line(bytes: Buffer, start: number, lineEnd: number, terminated: boolean, base: number, valid: boolean): number {
    const continued = this.#midLine;
    const isCri = !continued && this.#readPrefix(bytes, start, lineEnd);
    const message = isCri ? this.#prefix.message : start;
    const { stream } = this.#prefix;
    const isLong = lineEnd - message > RECORD_BYTES_MAX;
    const open = stream === STREAM.none ? null : this.#open[stream]!;
    if (open !== null && (isLong || this.#isFull(stream, lineEnd - message)))
      return this.#cutOpen(stream, base + start, start);
    if (isLong) return this.#piece(bytes, start, message, base, valid);

    const next = terminated ? lineEnd + 1 : lineEnd;
    const opens = this.#prefix.partial && stream !== STREAM.none && !continued;
    if (opens || open !== null) {
      if (!opens && !this.#begin(base + start)) return start;
      // Made only here: an object a line would be most of the garbage.
      const fragment = { file: this.#source.id, start: base + start, end: base + lineEnd };
      this.#addFragment(bytes, message, lineEnd, fragment, this.#source.origin);
      if (!opens) this.#emitOpen(stream, CUT.none);
      return next;
    }
    const messageEnd = lineEnd > message && bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
    if (this.#skipEmpty && messageEnd === message && !continued) {
      this.filtered = { bytes: this.filtered.bytes + next - start, records: this.filtered.records + 1 };
      return next;
    }
    if (!this.#add(bytes, message, messageEnd, base + start, valid, this.#prefix.partial ? CUT.limit : CUT.none))
      return start;
    this.rawBytes[this.#batch.count - 1] = next - start;
    this.#midLine = false;
    if (this.#cri && !isCri && !continued) this.counters.unparsed++;
    return next;
  }

  #isFull(stream: number, moreBytes: number): boolean {
    const fragments = this.#open[stream]!.fragments.length;
    return fragments >= RECORD_FRAGMENTS_MAX || this.#joined[stream]!.length + moreBytes > RECORD_BYTES_MAX;
  }

  #cutOpen(stream: number, offset: number, at: number): number {
    if (this.#begin(offset)) this.#emitOpen(stream, CUT.limit);
    return at;
  }

  /** Ships the first RECORD_BYTES_MAX bytes of a message as a record of its own, cut where a character starts. */
  #piece(bytes: Buffer, start: number, message: number, base: number, valid: boolean): number {
    let end = message + RECORD_BYTES_MAX;
    while (end > message + RECORD_BYTES_MAX - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
    if (!this.#add(bytes, message, end, base + start, valid, CUT.limit)) return start;
    this.rawBytes[this.#batch.count - 1] = end - start;
    this.#midLine = true;
    return end;
  }

  #addFragment(bytes: Buffer, from: number, to: number, fragment: Fragment, origin: Origin): void {
    const { stream, seconds, nanos } = this.#prefix;
    const joined = this.#joined[stream]!;
    this.#open[stream] ??= { origin, pos: fragment.start, seconds, nanos, fragments: [] };
    this.#open[stream].fragments.push(fragment);
    if (joined.bytes.length < joined.length + to - from) {
      const grown = Buffer.allocUnsafeSlow(Math.max(64 * 1024, joined.bytes.length * 2, joined.length + to - from));
      joined.bytes.copy(grown, 0, 0, joined.length);
      joined.bytes = grown;
    }
    bytes.copy(joined.bytes, joined.length, from, to);
    joined.length += to - from;
  }

  /** The open record of a stream becomes the batch, alone. `#begin` must have said yes. */
  #emitOpen(stream: number, cut: number): void {
    const open = this.#open[stream]!;
    const joined = this.#joined[stream]!;
    const end = joined.length > 0 && joined.bytes[joined.length - 1] === 13 ? joined.length - 1 : joined.length;
    this.#prefix.stream = stream;
    this.#prefix.seconds = open.seconds;
    this.#prefix.nanos = open.nanos;
    this.#open[stream] = null;
    joined.length = 0;
    this.#batch.origin = open.origin;
    this.#push(joined.bytes, 0, end, open.pos, cut, isUtf8(joined.bytes.subarray(0, end)));
    this.rawBytes[0] = open.fragments.reduce((sum, fragment) => sum + fragment.end - fragment.start + 1, 0);
    this.due = true;
  }

  /** Starts a batch of its own for a record whose bytes lie elsewhere: false if another batch has to go first. */
  #begin(offset: number): boolean {
    if (!this.#batch.taken) {
      this.due = true;
      return false;
    }
    this.#reset(offset);
    return true;
  }

  #reset(offset: number): void {
    const batch = this.#batch;
    batch.taken = false;
    batch.count = 0;
    batch.origin = this.#source.origin;
    this.batchStart = { offset, open: this.#openFragments() };
    this.filteredAtBatchStart = this.filtered;
  }

  /** Adds a record that lies in `bytes` itself: false if the batch must be taken first, and the line read again. */
  #add(bytes: Buffer, start: number, end: number, pos: number, valid: boolean, cut: number): boolean {
    const batch = this.#batch;
    const repair = !valid && !isUtf8(bytes.subarray(start, end));
    if (batch.taken) this.#reset(pos);
    else if (repair || batch.count >= BATCH_RECORDS_MAX || !this.#isSameHour()) {
      this.due = true;
      return false;
    }
    this.#push(bytes, start, end, pos, cut, !repair);
    if (repair) this.due = true;
    return true;
  }

  #isSameHour(): boolean {
    const seconds = this.#isOutOfRange() ? this.#readSeconds : this.#prefix.seconds;
    return seconds >= this.#hourStart && seconds < this.#hourStart + HOUR_SECONDS;
  }

  #isOutOfRange(): boolean {
    const age = this.#readSeconds - this.#prefix.seconds;
    return age > AGE_SECONDS_MAX || age < -AHEAD_SECONDS_MAX;
  }

  #push(bytes: Buffer, start: number, end: number, pos: number, cut: number, valid: boolean): void {
    const batch = this.#batch;
    const i = batch.count++;
    let source = bytes;
    let from = start;
    let to = end;
    if (!valid) {
      source = Buffer.from(bytes.toString("utf8", start, end), "utf8");
      from = 0;
      to = source.length;
      this.counters.repaired++;
    }
    batch.bytes = source;
    batch.start[i] = from;
    batch.end[i] = to;
    batch.pos[i] = pos;
    const clamp = this.#isOutOfRange();
    if (clamp) this.counters.clamped++;
    const seconds = clamp ? this.#readSeconds : this.#prefix.seconds;
    if (i === 0) this.#hourStart = Math.floor(seconds / HOUR_SECONDS) * HOUR_SECONDS;
    batch.seconds[i] = seconds;
    batch.nanos[i] = clamp ? this.#readNanos : this.#prefix.nanos;
    batch.stream[i] = this.#prefix.stream;
    batch.level[i] = this.#levels.detect(source, from, to);
    batch.cut[i] = cut;
    if (cut !== CUT.none) this.counters.cut++;
  }

  #openFragments(): AssemblyState["open"] {
    const out = this.#open[STREAM.stdout];
    const err = this.#open[STREAM.stderr];
    if (out === null && err === null) return NOTHING_OPEN;
    return [STREAM.stdout, STREAM.stderr].flatMap((stream) => {
      const open = this.#open[stream];
      return open ? [{ stream, fragments: [...open.fragments] }] : [];
    });
  }
}

interface MutableBatch extends Batch {
  origin: Origin;
  bytes: Buffer;
  count: number;
  taken: boolean;
}

/** The arrays of a batch; one set serves a reader for all its chains, as they would be most of what it allocates. */
export function createBatchArrays(): BatchArrays {
  return {
    start: new Uint32Array(BATCH_RECORDS_MAX),
    end: new Uint32Array(BATCH_RECORDS_MAX),
    pos: new Float64Array(BATCH_RECORDS_MAX),
    seconds: new Float64Array(BATCH_RECORDS_MAX),
    nanos: new Uint32Array(BATCH_RECORDS_MAX),
    stream: new Uint8Array(BATCH_RECORDS_MAX),
    level: new Uint8Array(BATCH_RECORDS_MAX),
    cut: new Uint8Array(BATCH_RECORDS_MAX),
    rawBytes: new Uint32Array(BATCH_RECORDS_MAX),
  };
}

interface BatchArrays extends Pick<Batch, "start" | "end" | "pos" | "seconds" | "nanos" | "stream" | "level" | "cut"> {
  readonly rawBytes: Uint32Array;
}

const EMPTY = Buffer.alloc(0);
