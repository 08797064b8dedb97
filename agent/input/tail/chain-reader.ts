import { isUtf8 } from "node:buffer";
import { crc32 } from "node:zlib";
import {
  Assembler,
  type AssemblyOptions,
  type AssemblyState,
  type Ending,
  type Filtered,
} from "../../parser/assembler.ts";
import { createBatchArrays } from "../../parser/batch-builder.ts";
import { RECORD_BYTES_MAX, type Fragment } from "../../parser/open-record.ts";
import { FLUSH_TIMEOUT_MS } from "../../../config/multiline.ts";
import type { Batch, Origin } from "../../record.ts";
import type { LogFile } from "./log-file.ts";
import type { Cursor, Range } from "../../state/positions.ts";

/** Bytes read at a time: what fits the core's own cache together with its results; 512 KB cost three times as much. */
const CHUNK_BYTES = 256 * 1024;
/** The longest piece of a line that is held: a record and its prefix. */
const LINE_BYTES_MAX = RECORD_BYTES_MAX + 64 * 1024;
const CHECK_BYTES = 256;
/** Read at least so much: the line that the target lies in ends somewhere behind it. */
const READ_BYTES_MIN = 64 * 1024;

/** One file's part of what is read of a chain. */
export interface ReadSegment {
  readonly id: string;
  readonly origin: Origin;
  readonly start: number;
  /** Reading ends at the first line end at or after `target`, and never beyond `limit`. */
  readonly target: number;
  readonly limit: number;
  /** A rest without newline at `limit` is a line. */
  readonly torn: boolean;
  /** The first bytes of the file, as far as they are known: how many, and their CRC-32. */
  readonly head?: { readonly length: number; readonly crc: number } | null;
}

export interface ChainRead extends AssemblyOptions {
  readonly chain: string;
  readonly from: Cursor | null;
  readonly segments: readonly ReadSegment[];
  /** Open records end after the last segment. */
  readonly ended: boolean;
  /** Those of whole lines do, although more may come. */
  readonly flushed?: boolean;
  /** A replay: what the line behind the last segment had ended. */
  readonly endings?: readonly Ending[];
}

interface ReadPorts {
  open(fileId: string): LogFile;
  originOf(fileId: string): Origin;
  /** Takes a batch before the next is made, and the bytes of the file that each of its records stands for; false: it was refused, reading ends before it. */
  accept(batch: Batch, rawBytes: Uint32Array): Promise<boolean> | boolean;
}

interface Window {
  readonly have: number;
  readonly base: number;
  readonly target: number;
  readonly torn: boolean;
  readonly pieces: boolean;
  readonly assembler: Assembler;
}

export interface ReadResult {
  /** What was read, exactly; null if not a single record or fragment was complete. */
  readonly range: Range | null;
  readonly bytes: number;
  /** The consumer refused a batch: there is more, but not in this shipment. */
  readonly refused: boolean;
  readonly counters: Assembler["counters"];
  /** Lines that were left out, by file. */
  readonly filtered: readonly (Filtered & { readonly file: string })[];
}

/** The bytes before the cursor are not those that were read: the file was truncated or overwritten in place. */
export class ReplacedError extends Error {
  override readonly name = "ReplacedError";
  readonly fileId: string;
  constructor(fileId: string) {
    super(`file ${fileId} was truncated or overwritten in place`);
    this.fileId = fileId;
  }
}

/**
 * Reads the planned bytes of chains in order and hands their records on. One instance serves one output and reuses its
 * buffer. The result is a function of the files' bytes, the plan and the read time alone, so that a replay of the range
 * it returned gives the same records.
 */
export class ChainReader {
  #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  readonly #arrays = createBatchArrays();

  async read(plan: ChainRead, readTimeMs: number, ports: ReadPorts): Promise<ReadResult> {
    const [first] = plan.segments;
    if (first === undefined) throw new Error(`cannot read chain ${plan.chain}: its plan has no segment`);
    const assembler = new Assembler(first, optionsOf(plan), readTimeMs, this.#arrays);
    resume(assembler, plan, ports);
    const done: { file: string; end: number }[] = [];
    const filtered: (Filtered & { file: string })[] = [];
    let bytes = 0;
    let state: AssemblyState | null = null;
    let check = plan.from?.check ?? 0;
    let refused = false;
    for (const segment of plan.segments) {
      if (done.length > 0) assembler.nextFile(segment);
      using file = ports.open(segment.id);
      verify(file, segment, plan.from);
      const read = await this.#readSegment(file, segment, assembler, ports);
      // Also after it: emptied and written anew meanwhile, it would have given the new bytes for the rest of the old.
      verify(file, segment, plan.from);
      if (file.size() < segment.limit) throw new ReplacedError(segment.id);
      ({ state, refused } = read);
      done.push({ file: segment.id, end: state.offset });
      const left = refused ? assembler.filteredAtBatchStart : assembler.filtered;
      if (left.records > 0) filtered.push({ file: segment.id, ...left });
      bytes += state.offset - segment.start;
      check = checkBefore(file, state.offset);
      if (refused || state.offset < segment.limit) break;
    }
    const last = plan.segments[done.length - 1]!;
    const isAll = !refused && done.length === plan.segments.length;
    const isFinal = plan.ended && state!.offset === last.limit;
    const endings = refused ? assembler.endingsAtBatchStart : (plan.endings ?? []);
    for (const ending of isAll ? endings : []) {
      assembler.repeatEnding(state!.offset, ending);
      await ports.accept(assembler.take(), assembler.rawBytes);
      state = assembler.state(state!.offset);
    }
    let endedRecords = 0;
    // What is planned up to a target short of the limit is not all there is.
    if (isAll && (isFinal || (plan.flushed === true && last.target >= last.limit))) {
      const { offset } = state!;
      ({ refused, records: endedRecords } = await endOpen(assembler, offset, isFinal, ports));
      state = refused ? assembler.batchStart : assembler.state(offset);
    }
    const ended = isFinal && endedRecords > 0;
    const flushed = !isFinal && endedRecords > 0;
    const cursor: Cursor = { file: last.id, offset: state!.offset, check, open: state!.open };
    const isOther = plan.from !== null && plan.from.file !== last.id;
    const moved = bytes > 0 || endedRecords > 0 || done.length > 1 || isOther;
    const read = { chain: plan.chain, segments: done, ended, cursor };
    const range = moved ? { ...read, ...(flushed && { flushed }), ...(endings.length > 0 && { endings }) } : null;
    return { range, bytes, refused, counters: assembler.counters, filtered };
  }

  async #readSegment(
    file: LogFile,
    segment: ReadSegment,
    assembler: Assembler,
    ports: ReadPorts,
  ): Promise<{ state: AssemblyState; refused: boolean }> {
    let base = segment.start;
    let have = 0;
    let target = segment.target;
    // End of a line longer than the buffer, once it is known to be there: until then its pieces are shipped.
    let longLineEnd = -1;
    for (;;) {
      const wanted = Math.max(target - base - have, READ_BYTES_MIN);
      const want = Math.min(this.#buffer.length - have, segment.limit - base - have, wanted);
      const bytesRead = want > 0 ? file.read(this.#buffer, have, want, base + have) : 0;
      have += bytesRead;
      // Less than the plan saw: the file shrank while it was read.
      if (want > 0 && bytesRead === 0) throw new ReplacedError(segment.id);
      const isLast = base + have >= segment.limit;
      const torn = isLast && segment.torn;
      const pieces = base < longLineEnd;
      // What follows a line in pieces waits for the next turn: its own end is not known to be there.
      const usable = pieces ? Math.min(have, longLineEnd - base) : have;
      const window = { have: usable, base, target, torn: torn && usable === have, pieces, assembler };
      const at = await this.#consume(window, ports);
      if (at < 0) return { state: assembler.batchStart, refused: true };
      if (base + at >= target || (isLast && usable === have))
        return { state: assembler.state(base + at), refused: false };
      if (at === 0 && have >= LINE_BYTES_MAX) {
        longLineEnd = findLineEnd(file, base + have, segment);
        if (longLineEnd < 0) return { state: assembler.state(base), refused: false };
        target = Math.max(target, longLineEnd);
        continue;
      }
      this.#keepRest(at, have);
      base += at;
      have -= at;
    }
  }

  /** Consumes what stands in the buffer up to the end of the line that `target` lies in; returns how far it came, or -1 if refused. */
  async #consume(window: Window, ports: ReadPorts): Promise<number> {
    const { have, base, target, torn, pieces, assembler } = window;
    const buffer = this.#buffer;
    let end = have;
    if (target - base < have) {
      const newline = buffer.indexOf(10, Math.max(0, target - base - 1));
      if (newline >= 0 && newline < have) end = newline + 1;
    }
    const lastNewline = end === 0 ? -1 : buffer.lastIndexOf(10, end - 1);
    const isTorn = torn && end === have;
    const valid = isUtf8(buffer.subarray(0, isTorn ? end : lastNewline + 1)) && (isTorn || lastNewline >= 0);
    const options = { torn: isTorn, pieces, valid };
    for (let at = 0; ;) {
      at = assembler.consume(buffer, at, end, base, options);
      if (!assembler.due) return at;
      if (!(await ports.accept(assembler.take(), assembler.rawBytes))) return -1;
    }
  }

  #keepRest(at: number, have: number): void {
    if (at > 0) {
      this.#buffer.copyWithin(0, at, have);
      return;
    }
    if (have < this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(LINE_BYTES_MAX, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, have);
    this.#buffer = grown;
  }
}

/** A record of several lines that an earlier shipment left open is ended also where lines are joined no more. */
function optionsOf(plan: ChainRead): AssemblyOptions {
  const joins = plan.from?.open.some((open) => open.joins === true) ?? false;
  return joins ? { ...plan, multiline: plan.multiline ?? NO_PARSERS } : plan;
}

const NO_PARSERS = { parsers: [], flushTimeoutMs: FLUSH_TIMEOUT_MS };

/** Reads the fragments that the last shipment left open once more. */
function resume(assembler: Assembler, plan: ChainRead, ports: ReadPorts): void {
  for (const open of plan.from?.open ?? []) {
    assembler.resumeState(open);
    for (const fragment of open.fragments) {
      using file = ports.open(fragment.file);
      assembler.resume(open, readFragment(file, fragment), fragment, ports.originOf(fragment.file));
    }
  }
}

function readFragment(file: LogFile, fragment: Fragment): Buffer {
  const line = Buffer.alloc(fragment.end - fragment.start);
  if (file.read(line, 0, line.length, fragment.start) < line.length) throw new ReplacedError(fragment.file);
  return line;
}

async function endOpen(
  assembler: Assembler,
  offset: number,
  isFinal: boolean,
  ports: ReadPorts,
): Promise<{ refused: boolean; records: number }> {
  let records = 0;
  for (; assembler.endOpen(offset, isFinal); records++)
    if (!(await ports.accept(assembler.take(), assembler.rawBytes))) return { refused: true, records };
  return { refused: false, records };
}

/** Where the line that fills the buffer ends within the segment, searched from `from`; -1 if it does not (yet). */
function findLineEnd(file: LogFile, from: number, segment: ReadSegment): number {
  const ahead = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = from; at < segment.limit;) {
    const bytesRead = file.read(ahead, 0, Math.min(ahead.length, segment.limit - at), at);
    if (bytesRead === 0) break;
    const newline = ahead.subarray(0, bytesRead).indexOf(10);
    if (newline >= 0) return at + newline + 1;
    at += bytesRead;
  }
  return segment.torn ? segment.limit : -1;
}

/** Whether the file is the one that was read up to here, by the bytes before the position, or at its start by its first ones. */
function verify(file: LogFile, { id, head = null }: ReadSegment, from: Cursor | null): void {
  const [offset, check] = from?.file === id ? [from.offset, from.check] : [0, 0];
  if (file.size() < offset || checkBefore(file, offset) !== check) throw new ReplacedError(id);
  if (offset > 0 || head === null) return;
  const bytes = Buffer.allocUnsafe(head.length);
  const length = file.read(bytes, 0, head.length, 0);
  if (length < head.length || crc32(bytes) !== head.crc) throw new ReplacedError(id);
}

/** CRC-32 of the up to 256 bytes before an offset. */
function checkBefore(file: LogFile, offset: number): number {
  const length = Math.min(CHECK_BYTES, offset);
  if (length === 0) return 0;
  const bytes = Buffer.allocUnsafe(length);
  return crc32(bytes.subarray(0, file.read(bytes, 0, length, offset - length)));
}
