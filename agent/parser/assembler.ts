import { isUtf8 } from "node:buffer";
import { CUT, STREAM, type Batch, type Origin } from "../record.ts";
import type { MultilineConfig } from "../../config/multiline.ts";
import type { Framing } from "../../config/framing.ts";
import { BatchBuilder, createBatchArrays } from "./batch-builder.ts";
import { FramedLine } from "./framed-line.ts";
import { LineMatcher } from "./multiline/line-matcher.ts";
import { lineRules } from "./multiline/line-rules.ts";
import { OpenRecord, RECORD_BYTES_MAX, type Fragment } from "./open-record.ts";

/** Where reading stands between two lines: all that a restart needs to go on with the same records. */
export interface AssemblyState {
  /** Offset in the current file: everything before it is in a record or in `open`. */
  readonly offset: number;
  readonly open: readonly OpenState[];
}

/** What is open in one stream. A stream without anything is absent. */
export interface OpenState {
  /** By the STREAM codes. */
  readonly stream: number;
  /** The lines of its open record, and after them the parts of an open line. Empty: there is a `rule` alone. */
  readonly fragments: readonly Fragment[];
  /** The rule of the multi-line parsers that its last line met, if one did: it says what the next may meet. */
  readonly rule?: number;
  /** There are whole lines in it: they are a record as soon as nothing continues them for the flush timeout. */
  readonly joins?: true;
}

/** What was open in a stream was shipped, although the line that ended it was not. */
export interface Ending {
  readonly stream: number;
  /** The record of whole lines, or the line whose end is missing. */
  readonly what: "record" | "line";
  readonly cut: number;
}

const NOTHING_ENDED: readonly Ending[] = [];
const NOTHING_OPEN: AssemblyState["open"] = [];
const STREAMS = [STREAM.none, STREAM.stdout, STREAM.stderr] as const;
const CRI_STREAMS = [STREAM.stdout, STREAM.stderr] as const;

export interface AssemblyOptions {
  readonly framing: Framing;
  readonly skipEmpty?: boolean;
  /** Lines of a stream are joined to records. */
  readonly multiline?: MultilineConfig | null;
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
 * Turns the lines of a chain into batches of whole records: joins fragments (CRI's, Docker's) per stream, cuts what is too long,
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
  /** What the line there had ended before the batch. */
  endingsAtBatchStart: readonly Ending[] = NOTHING_ENDED;
  /** Lines left out of the current file, and how many there were before the batch. */
  filtered: Filtered = NOTHING_FILTERED;
  filteredAtBatchStart: Filtered = NOTHING_FILTERED;

  readonly #framing: Framing;
  /** Lines that are not CRI's, or Docker's, though the input says so. */
  #unparsed = 0;
  readonly #skipEmpty: boolean;
  readonly #framed: FramedLine;
  /** That of `#framed`. */
  readonly #prefix: FramedLine["prefix"];
  readonly #builder: BatchBuilder;
  /** By stream: a line whose end is missing, and a record that further lines may belong to. */
  readonly #partials = STREAMS.map(() => new OpenRecord());
  readonly #records = STREAMS.map(() => new OpenRecord());
  /** Null: every line is a record. */
  readonly #matcher: LineMatcher | null;
  /** By stream: the rule that its last line met. */
  readonly #states = [-1, -1, -1];
  /** Used again for each line: objects a line would be most of the garbage. */
  readonly #window: Window = { bytes: EMPTY, base: 0, valid: false, at: 0, lineEnd: 0 };
  readonly #lineText: Text = { bytes: EMPTY, from: 0, to: 0 };
  #source: AssemblySource;
  /** What the line at `#endingsAt` has ended. */
  #endings: readonly Ending[] = NOTHING_ENDED;
  #endingsAt = -1;
  /** Whether the next bytes belong to a line whose first pieces are already records; `#prefix` is that line's. */
  #midLine = false;

  /**
   * `readTimeMs`: the time of records that have none of their own, the same for the whole shipment. `skipEmpty`: lines
   * without a message are left out. `arrays`: whose batches this one may overwrite.
   */
  constructor(source: AssemblySource, options: AssemblyOptions, readTimeMs: number, arrays = createBatchArrays()) {
    this.#source = source;
    this.#framing = options.framing;
    this.#skipEmpty = options.skipEmpty === true;
    const readSeconds = Math.floor(readTimeMs / 1000);
    const readNanos = (readTimeMs % 1000) * 1_000_000;
    this.#framed = new FramedLine(options.framing, readSeconds, readNanos);
    this.#prefix = this.#framed.prefix;
    this.#matcher = options.multiline ? new LineMatcher(lineRules(options.multiline)) : null;
    this.#builder = new BatchBuilder(source.origin, arrays, readSeconds, readNanos);
  }

  /** Per record of the batch: bytes of its lines in the file, prefixes and newlines included. */
  get rawBytes(): Uint32Array {
    return this.#builder.rawBytes;
  }

  /** How many records were cut, clamped, repaired, and lines not parsed. */
  get counters(): Readonly<BatchBuilder["counters"]> & { readonly unparsed: number } {
    return { ...this.#builder.counters, unparsed: this.#unparsed };
  }

  /** Goes on in the next file of the chain: open records stay open. The batch must have been taken. */
  nextFile(source: AssemblySource): void {
    this.#source = source;
    this.filtered = NOTHING_FILTERED;
    this.#midLine = false;
    this.#endingsAt = -1;
    this.#matcher?.nextFile();
  }

  /** The state now, `offset` being the offset the caller has consumed to. */
  state(offset: number): AssemblyState {
    return { offset, open: this.#openStates() };
  }

  /** Takes up lines that an earlier shipment left open: `bytes` are those of one of the stream's fragments, in order. */
  resume({ stream, rule = -1 }: OpenState, bytes: Buffer, fragment: Fragment, origin: Origin): void {
    this.#states[stream] = rule;
    for (let at = 0; at < bytes.length || at === 0;) {
      const newline = bytes.indexOf(10, at);
      const end = newline < 0 ? bytes.length : newline;
      this.#framed.release();
      const isFramed = this.#framed.read(bytes, at, end);
      // The file was replaced: reading it finds that out.
      if (this.#prefix.stream !== stream) return;
      const place = { file: fragment.file, start: fragment.start + at, end: fragment.start + end };
      const message = isFramed ? this.#prefix.message : at;
      if (this.#prefix.partial) this.#addPart(bytes, message, this.#framed.messageEnd, place, origin);
      else this.#addLine(this.#text(bytes, message, this.#framed.messageEnd), { rule, place, origin });
      at = end + 1;
    }
  }

  /** What an earlier shipment knew of a stream in which nothing is open. */
  resumeState({ stream, rule = -1 }: OpenState): void {
    this.#states[stream] = rule;
  }

  /**
   * Consumes lines of `bytes[at, end)`, whose first byte lies at file offset `base + at`. `torn`: a rest without
   * newline at `end` is a line. `pieces`: a line that is longer than a record and does not end here may go out in pieces,
   * its end is known to be there. `valid`: the caller found all of it to be UTF-8. Returns how far it came.
   */
  consume(bytes: Buffer, from: number, end: number, base: number, options: ConsumeOptions): number {
    const { torn, pieces, valid } = options;
    this.#matcher?.look(bytes, end, base);
    let at = from;
    while (at < end && !this.due) {
      const newline = bytes.indexOf(10, at);
      const terminated = newline >= 0 && newline < end;
      const lineEnd = terminated ? newline : end;
      if (!terminated && !torn && !(pieces && this.#isOverlong(bytes, at, end))) break;
      const next = this.#line(bytes, at, lineEnd, terminated, base, valid);
      if (next !== at) this.#framed.release();
      at = next;
    }
    if (!this.#builder.batch.taken) this.due = true;
    return at;
  }

  /**
   * Ends an open record as it is: nothing has continued it, or (`isFinal`) its file is final, which ends an open line too.
   * Call until it returns false, taking in between.
   */
  endOpen(offset: number, isFinal: boolean): boolean {
    for (const stream of STREAMS) {
      const record = this.#records[stream]!;
      const partial = this.#partials[stream]!;
      if (!record.isOpen && !(isFinal && partial.isOpen)) continue;
      if (record.isOpen) this.#end({ stream, what: "record", cut: CUT.none }, offset);
      else this.#end({ stream, what: "line", cut: CUT.end }, offset);
      return true;
    }
    return false;
  }

  /** Ends what a line had ended that is not there yet. The batch must have been taken, and is due. */
  repeatEnding(offset: number, ending: Ending): void {
    this.#end(ending, offset);
  }

  /** The batch that is due. */
  take(): Batch {
    this.due = false;
    const { batch } = this.#builder;
    batch.taken = true;
    return batch;
  }

  /** Whether what stands before `end` without a newline is already more than a record may hold. */
  #isOverlong(bytes: Buffer, at: number, end: number): boolean {
    if (end - at <= RECORD_BYTES_MAX) return false;
    return end - this.#messageStart(bytes, at, end) > RECORD_BYTES_MAX;
  }

  #messageStart(bytes: Buffer, at: number, end: number): number {
    return this.#midLine || !this.#framed.read(bytes, at, end) ? at : this.#prefix.message;
  }

  /** One line or the next piece of an overlong one; returns where the next begins, or `start` if a batch is due first. */
  #line(bytes: Buffer, start: number, lineEnd: number, terminated: boolean, base: number, valid: boolean): number {
    const continued = this.#midLine;
    const isFramed = !continued && this.#framed.read(bytes, start, lineEnd);
    const message = isFramed ? this.#prefix.message : start;
    const end = continued ? lineEnd : this.#framed.messageEnd;
    const { stream } = this.#prefix;
    const isLong = end - message > RECORD_BYTES_MAX;
    const next = terminated ? lineEnd + 1 : lineEnd;
    const partial = this.#partials[stream]!;
    const isCut = partial.isOpen && (isLong || partial.isFullWith(end - message, this.#place(base, start, lineEnd)));
    if (this.#matcher !== null && !continued) {
      const window = this.#window;
      window.bytes = bytes;
      window.base = base;
      window.valid = valid;
      window.at = start;
      window.lineEnd = lineEnd;
      if (isFramed && !this.#endOverdue(window)) return start;
      if ((isLong || isCut) && this.#records[stream]!.isOpen && !this.#emitRecord(stream, CUT.none, window))
        return start;
      if (!isLong && !isCut && !this.#prefix.partial) {
        const joined = this.#join(window, message, end);
        if (joined !== "alone") return joined === "joined" ? next : start;
      }
    }
    if (isCut) {
      this.#end({ stream, what: "line", cut: CUT.limit }, base + start);
      return start;
    }
    if (isLong) return this.#piece(bytes, start, message, base, valid);

    const opens = this.#prefix.partial && stream !== STREAM.none && !continued;
    if (opens || partial.isOpen) {
      if (!opens && !this.#begin(base + start)) return start;
      this.#addPart(bytes, message, end, this.#place(base, start, lineEnd), this.#source.origin);
      if (!opens) this.#emitOpen(partial, stream, CUT.none);
      return next;
    }
    const messageEnd = end > message && bytes[end - 1] === 13 ? end - 1 : end;
    if (this.#skipEmpty && messageEnd === message && !continued) {
      this.filtered = { bytes: this.filtered.bytes + next - start, records: this.filtered.records + 1 };
      return next;
    }
    const { spool } = this.#framed;
    const isPart = this.#prefix.partial || (spool?.cut === true && isFramed);
    if (!this.#add(bytes, message, messageEnd, base + start, valid, isPart ? CUT.limit : CUT.none)) return start;
    this.#builder.setRawBytes(next - start);
    if (spool !== null) this.#builder.addSpooled(isFramed ? spool : null, bytes);
    this.#midLine = false;
    if (this.#framing !== "plain" && !isFramed && !continued) this.#unparsed++;
    return next;
  }

  /** Made only where it is needed: an object a line would be most of the garbage. */
  #place(base: number, start: number, end: number): Fragment {
    return { file: this.#source.id, start: base + start, end: base + end };
  }

  /**
   * A whole line of a log with multi-line records: joined with the record of its stream or the beginning of one, alone, or
   * "due": a batch has to go first.
   */
  #join(window: Window, message: number, end: number): "joined" | "alone" | "due" {
    const matcher = this.#matcher!;
    const { stream } = this.#prefix;
    const record = this.#records[stream]!;
    const text = this.#text(window.bytes, message, end);
    const isInWindow = text.bytes === window.bytes;
    // What the matcher saw of Docker's lines beforehand had its escapes still.
    const isSeen = isInWindow && this.#framed.docker === null;
    const rule = matcher.match(this.#states[stream]!, text.bytes, text.from, text.to, isSeen);
    // Left out: as if it had never been written.
    if (rule < 0 && text.from === text.to && this.#skipEmpty) return "alone";
    const place = rule < 0 ? null : this.#place(window.base, window.at, window.lineEnd);
    if (record.isOpen) {
      const isCut = place !== null && !matcher.begins && record.isFullWith(text.to - text.from + 1, place);
      const ends = place === null || matcher.begins || isCut;
      if (ends && !this.#emitRecord(stream, isCut ? CUT.limit : CUT.none, window)) return "due";
    }
    if (place === null) return "alone";
    const { ends } = matcher.rules.rules[rule]!;
    if (ends && !this.#begin(window.base + window.at)) return "due";
    this.#addLine(text, { rule, place, origin: this.#source.origin });
    if (isInWindow && record.lines === 1 && record.length === text.to - text.from)
      record.firstStart = window.base + text.from;
    if (ends) this.#emitOpen(record, stream, CUT.none);
    return "joined";
  }

  /** The text of a whole line, its parts before it included; without a CR at its end. Valid until the next line. */
  #text(bytes: Buffer, message: number, lineEnd: number): Text {
    const partial = this.#partials[this.#prefix.stream]!;
    const text = this.#lineText;
    text.bytes = partial.isOpen ? partial.with(bytes, message, lineEnd) : bytes;
    text.from = partial.isOpen ? 0 : message;
    text.to = partial.isOpen ? partial.length + lineEnd - message : lineEnd;
    if (text.to > text.from && text.bytes[text.to - 1] === 13) text.to--;
    return text;
  }

  /** Adds a whole line, and the parts before it, to the record of its stream. */
  #addLine(text: Text, { rule, place, origin }: { rule: number; place: Fragment; origin: Origin }): void {
    const { stream, seconds, nanos } = this.#prefix;
    const partial = this.#partials[stream]!;
    const record = this.#records[stream]!;
    if (!record.isOpen) record.begin(partial.isOpen ? partial : { origin, pos: place.start, seconds, nanos });
    const separator = this.#matcher?.rules.rules[rule]?.separator ?? "\n";
    record.appendLine(text.bytes, text.from, text.to, separator);
    for (const fragment of partial.fragments) record.addFragment(fragment);
    record.addFragment(place);
    record.lastSeconds = seconds + nanos / 1e9;
    partial.clear();
    this.#states[stream] = rule;
  }

  /** Ends the records that nothing has continued for the flush timeout, by the times of the lines; false if a batch is due. */
  #endOverdue(window: Window): boolean {
    const nowSeconds = this.#prefix.seconds + this.#prefix.nanos / 1e9;
    const timeoutSeconds = this.#matcher!.rules.flushTimeoutMs / 1000;
    for (const stream of CRI_STREAMS) {
      const record = this.#records[stream]!;
      if (!record.isOpen || nowSeconds - record.lastSeconds <= timeoutSeconds) continue;
      if (!this.#emitRecord(stream, CUT.none, window)) return false;
    }
    return true;
  }

  /** Ends the record of a stream: false if a batch, perhaps this record's, is due first, and the line to be read again. */
  #emitRecord(stream: number, cut: number, window: Window): boolean {
    const record = this.#records[stream]!;
    const { bytes, base, valid, at } = window;
    if (record.lines > 1 || record.firstStart < base || record.fragments[0]!.file !== this.#source.id) {
      this.#end({ stream, what: "record", cut }, base + at);
      return false;
    }
    // One line, and still in the buffer: most records are, where all of them are matched by a rule.
    const prefix = this.#prefix;
    const line = { stream: prefix.stream, seconds: prefix.seconds, nanos: prefix.nanos };
    prefix.stream = stream;
    prefix.seconds = record.seconds;
    prefix.nanos = record.nanos;
    const start = record.firstStart - base;
    const isAdded = this.#add(bytes, start, start + record.length, record.pos, valid, cut, base + at);
    prefix.stream = line.stream;
    prefix.seconds = line.seconds;
    prefix.nanos = line.nanos;
    if (!isAdded) return false;
    this.#builder.setRawBytes(record.rawBytes);
    record.clear();
    this.#note({ stream, what: "record", cut }, base + at);
    return !this.due;
  }

  /** Ships the first RECORD_BYTES_MAX bytes of a message as a record of its own, cut where a character starts. */
  #piece(bytes: Buffer, start: number, message: number, base: number, valid: boolean): number {
    let end = message + RECORD_BYTES_MAX;
    while (end > message + RECORD_BYTES_MAX - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
    if (!this.#add(bytes, message, end, base + start, valid, CUT.limit)) return start;
    this.#builder.setRawBytes(end - start);
    this.#midLine = true;
    return end;
  }

  /** Makes what is open the batch; if another has to go first that one is due. */
  #end(ending: Ending, offset: number): void {
    const { stream, what, cut } = ending;
    if (!this.#begin(offset)) return;
    this.#emitOpen((what === "record" ? this.#records : this.#partials)[stream]!, stream, cut);
    this.#note(ending, offset);
  }

  #note(ending: Ending, offset: number): void {
    this.#endings = this.#endingsAt === offset ? [...this.#endings, ending] : [ending];
    this.#endingsAt = offset;
  }

  #addPart(bytes: Buffer, from: number, to: number, place: Fragment, origin: Origin): void {
    const { stream, seconds, nanos } = this.#prefix;
    const partial = this.#partials[stream]!;
    if (!partial.isOpen) partial.begin({ origin, pos: place.start, seconds, nanos });
    partial.addFragment(place);
    partial.append(bytes, from, to);
  }

  /** What is open of a stream becomes the batch, alone. `#begin` must have said yes. */
  #emitOpen(open: OpenRecord, stream: number, cut: number): void {
    const { bytes, length, rawBytes } = open;
    const isWholeLines = open === this.#records[stream];
    const end = !isWholeLines && length > 0 && bytes[length - 1] === 13 ? length - 1 : length;
    this.#prefix.stream = stream;
    this.#prefix.seconds = open.seconds;
    this.#prefix.nanos = open.nanos;
    this.#builder.batch.origin = open.origin!;
    this.#builder.push(this.#prefix, bytes, 0, end, open.pos, cut, isUtf8(bytes.subarray(0, end)));
    open.clear();
    this.#builder.setRawBytes(rawBytes);
    this.due = true;
  }

  /** Starts a batch of its own for a record whose bytes lie elsewhere: false if another batch has to go first. */
  #begin(offset: number): boolean {
    if (!this.#builder.batch.taken) {
      this.due = true;
      return false;
    }
    this.#reset(offset);
    return true;
  }

  #reset(offset: number): void {
    this.#builder.begin(this.#source.origin);
    this.batchStart = { offset, open: this.#openStates() };
    this.filteredAtBatchStart = this.filtered;
    this.endingsAtBatchStart = this.#endingsAt === offset ? this.#endings : NOTHING_ENDED;
  }

  /**
   * Adds a record that lies in `bytes` itself: false if the batch must be taken first, and the line at `offset` read again,
   * which is the record's own unless it ends one.
   */
  #add(bytes: Buffer, start: number, end: number, pos: number, valid: boolean, cut: number, offset = pos): boolean {
    const repair = !valid && !isUtf8(bytes.subarray(start, end));
    if (this.#builder.batch.taken) this.#reset(offset);
    else if (repair || !this.#builder.hasRoomFor(this.#prefix)) {
      this.due = true;
      return false;
    }
    this.#builder.push(this.#prefix, bytes, start, end, pos, cut, !repair);
    if (repair) this.due = true;
    return true;
  }

  #openStates(): AssemblyState["open"] {
    if (!STREAMS.some((stream) => this.#hasState(stream))) return NOTHING_OPEN;
    return STREAMS.filter((stream) => this.#hasState(stream)).map((stream) => {
      const record = this.#records[stream]!;
      const rule = this.#states[stream]!;
      return {
        stream,
        fragments: [...record.fragments, ...this.#partials[stream]!.fragments],
        ...(rule >= 0 && { rule }),
        ...(record.isOpen && { joins: true as const }),
      };
    });
  }

  #hasState(stream: number): boolean {
    return this.#states[stream]! >= 0 || this.#partials[stream]!.isOpen || this.#records[stream]!.isOpen;
  }
}

/** The bytes that are being read, and the line that is looked at. */
interface Window {
  bytes: Buffer;
  /** Where they begin in the file. */
  base: number;
  /** They are UTF-8. */
  valid: boolean;
  /** Where the line starts in them, and where it ends. */
  at: number;
  lineEnd: number;
}

interface Text {
  bytes: Buffer;
  from: number;
  to: number;
}

const EMPTY = Buffer.alloc(0);
