import { CUT, type Batch, type LogRecord, type MessageFields, type Origin } from "../record.ts";
import { LevelDetector, levelOfFields } from "./level.ts";
import type { SpoolLine } from "./spool.ts";

/** Records of one batch at most: bounds the arrays, not the throughput. */
const BATCH_RECORDS_MAX = 4096;
const HOUR_SECONDS = 3600;
const AGE_SECONDS_MAX = 400 * 86_400;
const AHEAD_SECONDS_MAX = 86_400;

interface BuilderCounters {
  /** Records cut at their limit, or ended by the end of their file. */
  cut: number;
  /** Records whose time was out of range and was replaced by the read time. */
  clamped: number;
  /** Records with bytes that are not UTF-8. */
  repaired: number;
}

/** What is known of a record beside its bytes: of `STREAM` a code, and its time. */
interface RecordHead {
  readonly stream: number;
  /** Since 1970. */
  readonly seconds: number;
  readonly nanos: number;
}

/** The batch that is being made: records of one file and one event hour, in arrays that are used again for the next. */
export class BatchBuilder {
  readonly batch: MutableBatch;
  /** Per record: bytes of its lines in the file, prefixes and newlines included. */
  readonly rawBytes: Uint32Array;
  readonly counters: BuilderCounters = { cut: 0, clamped: 0, repaired: 0 };
  readonly #readSeconds: number;
  readonly #readNanos: number;
  readonly #levels = new LevelDetector();
  #hourStart = 0;

  /** `readSeconds`, `readNanos`: the time of records whose own is out of range. `arrays`: what may be overwritten. */
  constructor(origin: Origin, arrays: BatchArrays, readSeconds: number, readNanos: number) {
    this.#readSeconds = readSeconds;
    this.#readNanos = readNanos;
    this.rawBytes = arrays.rawBytes;
    this.batch = {
      ...arrays,
      origin,
      bytes: EMPTY,
      count: 0,
      records: null,
      fields: null,
      merge: null,
      taken: true,
    };
  }

  /** Begins the next batch; the one before must have been taken. */
  begin(origin: Origin): void {
    const { batch } = this;
    batch.taken = false;
    batch.count = 0;
    batch.records = null;
    batch.fields = null;
    batch.origin = origin;
  }

  /** Whether a record of this time may be added to what is in the batch. */
  hasRoomFor(head: RecordHead): boolean {
    if (this.batch.count >= BATCH_RECORDS_MAX) return false;
    const seconds = this.#isOutOfRange(head) ? this.#readSeconds : head.seconds;
    return seconds >= this.#hourStart && seconds < this.#hourStart + HOUR_SECONDS;
  }

  /** Adds `bytes[start, end)` as a record. If they are not UTF-8 (`valid`) they are repaired, and it must be the batch's only one. */
  push(head: RecordHead, bytes: Buffer, start: number, end: number, pos: number, cut: number, valid: boolean): void {
    const { batch } = this;
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
    const clamp = this.#isOutOfRange(head);
    if (clamp) this.counters.clamped++;
    const seconds = clamp ? this.#readSeconds : head.seconds;
    if (i === 0) this.#hourStart = Math.floor(seconds / HOUR_SECONDS) * HOUR_SECONDS;
    batch.seconds[i] = seconds;
    batch.nanos[i] = clamp ? this.#readNanos : head.nanos;
    batch.stream[i] = head.stream;
    batch.level[i] = this.#levels.detect(source, from, to);
    batch.cut[i] = cut;
    if (cut !== CUT.none) this.counters.cut++;
  }

  /** The file's bytes that the record stands for that was added last. */
  setRawBytes(bytes: number): void {
    this.rawBytes[this.batch.count - 1] = bytes;
  }

  /** What a line of a spool says, beyond its message, of the record that was added last; null: it is no line of a spool. */
  addSpooled(line: SpoolLine | null, bytes: Buffer): void {
    const { batch } = this;
    const row = batch.count - 1;
    const record = line?.record(bytes) ?? null;
    if (record !== null) batch.records ??= Array.from<null>({ length: row }).fill(null);
    batch.records?.push(record);
    const fields = line?.messageFields(bytes) ?? null;
    if (fields !== null) batch.fields ??= Array.from<null>({ length: row }).fill(null);
    batch.fields?.push(fields);
    const named = line?.level ?? 0;
    const level = named === 0 && record !== null ? levelOfFields(record) : named;
    if (level !== 0) batch.level[row] = level;
    else if (batch.level[row] === 0 && line !== null) batch.level[row] = line.levelElse;
  }

  #isOutOfRange({ seconds }: RecordHead): boolean {
    const age = this.#readSeconds - seconds;
    return age > AGE_SECONDS_MAX || age < -AHEAD_SECONDS_MAX;
  }
}

interface MutableBatch extends Batch {
  origin: Origin;
  bytes: Buffer;
  count: number;
  records: (LogRecord | null)[] | null;
  fields: (MessageFields | null)[] | null;
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
