import type { Ending, OpenState } from "../parser/assembler.ts";
import type { Fragment } from "../parser/open-record.ts";
import { ChainNumbers, type PackedMove } from "./chain-numbers.ts";
import { openJournal, type Journal } from "./journal.ts";

/** How far an output has committed a chain. */
export interface Cursor {
  readonly file: string;
  readonly offset: number;
  /** CRC-32 of the up to 256 bytes before `offset`: tells a file that was replaced in place. */
  readonly check: number;
  readonly open: readonly OpenState[];
}

/** What a shipment took of one chain, as it was after encoding: enough to read exactly the same records again. */
export interface Range {
  readonly chain: string;
  /** Files in the order of the chain and the exact offset where reading each of them ended; at least one. */
  readonly segments: readonly { readonly file: string; readonly end: number }[];
  /** Whether open records were ended at the end of the last segment. */
  readonly ended: boolean;
  /** Or those of whole lines were: nothing had continued them for the flush timeout. */
  readonly flushed?: boolean;
  /** What the next line ended, which is not in this shipment. */
  readonly endings?: readonly Ending[];
  readonly cursor: Cursor;
}

/** One journaled shipment. It is written before anything of it becomes visible. */
export interface ShipmentEntry {
  readonly seq: number;
  /** 128 random bits in hex, made before the first byte is encoded: an object that carries them is of this very entry. */
  readonly planId: string;
  /** Milliseconds since 1970: `ts` of lines without a time of their own. */
  readonly readTimeMs: number;
  /** The output's effective configuration at that time: a replay uses this one, whatever the file says now. */
  readonly output: unknown;
  /** Every object of the shipment. */
  readonly keys: readonly string[];
  readonly ranges: readonly Range[];
  /** Bytes that the commit gives up: journaled, so that a crash behind the commit's decision can't hide them. */
  readonly lost: readonly LostBytes[];
  /** Records that were encoded, and what was read and left out, by file: a shipment that is found delivered is accounted by these. */
  readonly records: number;
  readonly filtered: readonly FilteredBytes[];
  /** Name of the quarantine's file whose records it ships again. */
  readonly replayed?: string;
  /** Name of the configuration of the filters that its records went through (`filter-configs.ts`); absent: of none. */
  readonly filters?: string;
}

/** Lines of a file that were left out. */
interface FilteredBytes {
  readonly file: string;
  readonly bytes: number;
  readonly records: number;
}

/** Bytes of a file that can't be read any more. */
export interface LostBytes {
  readonly file: string;
  readonly path: string;
  readonly bytes: number;
  readonly reason: "truncated" | "deleted" | "limit" | "disk-full";
}

/** The committed positions of one output, and the shipment that a crash may have left between journal and commit. */
export interface Positions {
  readonly cursors: ReadonlyMap<string, Cursor>;
  /** Files that lie behind a cursor, by id: where reading of them ended. */
  readonly passed: ReadonlyMap<string, number>;
  readonly nextSeq: number;
  readonly unresolved: ShipmentEntry | null;
  /** Journals a shipment durably. */
  plan(entry: ShipmentEntry): Promise<void>;
  /**
   * A shipment was delivered that is not journaled: one for which a crash must undo nothing. `commit` does both in one
   * write, and may be tried again.
   */
  delivered(entry: ShipmentEntry): void;
  /** What the last commit gave up, until `said`: a crash may have come before anybody was told. */
  readonly unsaid: readonly LostBytes[];
  /** The planned or delivered shipment is stored: positions move, durably. `lost`: what it gives up beside what was planned. */
  commit(lost?: readonly LostBytes[]): Promise<void>;
  /** The losses were logged and counted: the next start need not do it again. */
  said(): Promise<void>;
  /** The planned shipment is undone, durably: positions stay, and its number is never used again. */
  abort(): Promise<void>;
  /** The next shipment is numbered `seq` or higher: the numbers below may be taken. */
  skipTo(seq: number): void;
  /** Drops the positions of a chain that is gone. Becomes durable with the next commit. */
  forget(chain: string): void;
  /** Drops the ends of passed files that nobody follows any more. Becomes durable with the next compaction. */
  forgetPassed(isFollowed: (file: string) => boolean): void;
  close(): Promise<void>;
}

/** The journal is rewritten as positions alone when it has grown by this much, or doubled. */
const COMPACT_BYTES = 256 * 1024;

export interface PositionsOptions {
  /** Number of the first shipment of a journal that is not there yet; default 1. */
  readonly firstSeq?: number;
  /** Hears of a rewrite that failed, which costs nothing but the journal's size and is tried again. */
  readonly onCompactionError?: (error: Error) => void;
}

/** Opens the journal of one output at `path` and folds it. */
export async function openPositions(path: string, options: PositionsOptions = {}): Promise<Positions> {
  const { firstSeq = 1, onCompactionError = () => undefined } = options;
  const { journal, records, isNew } = await openJournal(path, "output");
  const positions = new JournaledPositions(journal, onCompactionError);
  if (isNew) positions.skipTo(firstSeq);
  try {
    for (const record of records) positions.apply(record as JournalRecord);
  } catch (cause) {
    await journal.close();
    throw new Error(`cannot read the state: ${path}: ${(cause as Error).message}`, { cause });
  }
  return positions;
}

type JournalRecord =
  | {
      readonly t: "cursors";
      readonly seq: number;
      readonly at: readonly PackedRange[];
      readonly passed?: readonly (readonly [file: string, end: number])[];
    }
  | {
      readonly t: "plan";
      readonly seq: number;
      readonly id: string;
      readonly now: number;
      readonly output: unknown;
      readonly keys: readonly string[];
      readonly at: readonly PackedRange[];
      readonly lost?: readonly PackedLoss[];
      readonly n?: number;
      readonly filtered?: readonly (readonly [file: string, bytes: number, records: number])[];
      readonly replayed?: string;
      readonly filters?: string;
    }
  | { readonly t: "abort"; readonly seq: number }
  /** `gone`: chains that were forgotten since the commit before. */
  | {
      readonly t: "commit";
      readonly seq: number;
      readonly gone?: readonly string[];
      readonly lost?: readonly PackedLoss[];
    }
  /** A shipment that was not planned: `moves` and `at` are where its chains are now. */
  | {
      readonly t: "sent";
      readonly seq: number;
      /** Each move's three numbers, one after the other. */
      readonly moves?: readonly number[];
      readonly at?: readonly PackedRange[];
      readonly gone?: readonly string[];
      readonly lost?: readonly PackedLoss[];
    }
  | { readonly t: "said" };

/** `[file, offset, check, rest?]`: 40 to 64 bytes for a chain of one file; `rest` holds what is unusual. */
type PackedRange = readonly [file: string, offset: number, check: number, rest?: PackedRest];

type PackedLoss = readonly [file: string, path: string, bytes: number, reason: LostBytes["reason"]];

interface PackedRest {
  /** Chain, where it is not named like its file. */
  readonly c?: string;
  /** Segments before the last. */
  readonly b?: readonly (readonly [file: string, end: number])[];
  /** Open records by stream: see `packOpen`. */
  readonly p?: readonly PackedOpen[];
  /** The same as earlier versions wrote it: stream, then its fragments. */
  readonly o?: readonly (readonly [stream: number, ...fragments: (readonly [string, number, number])[]])[];
  /** Open records were ended: all of them (1), or those of whole lines. */
  readonly e?: 1 | 2;
  /** Endings: stream, cut, and 1 for a record. */
  readonly n?: readonly (readonly [stream: number, cut: number, record: 0 | 1])[];
}

class JournaledPositions implements Positions {
  readonly cursors = new Map<string, Cursor>();
  readonly passed = new Map<string, number>();
  nextSeq = 1;
  unresolved: ShipmentEntry | null = null;
  unsaid: readonly LostBytes[] = [];
  readonly #journal: Journal;
  readonly #onCompactionError: (error: Error) => void;
  readonly #gone = new Set<string>();
  readonly #numbers = new ChainNumbers();
  /** The journal holds the shipment that is not resolved. */
  #isPlanned = false;
  #compactAt: number;

  constructor(journal: Journal, onCompactionError: (error: Error) => void) {
    this.#journal = journal;
    this.#onCompactionError = onCompactionError;
    this.#compactAt = Math.max(COMPACT_BYTES, journal.size * 2);
  }

  apply(record: JournalRecord): void {
    switch (record.t) {
      case "cursors":
        for (const { chain, cursor } of record.at.map(unpack)) this.cursors.set(chain, cursor);
        this.#numbers.restart(this.cursors.keys());
        for (const [file, end] of record.passed ?? []) this.passed.set(file, end);
        this.nextSeq = record.seq;
        return;
      case "plan":
        this.unresolved = entryOf(record);
        this.#isPlanned = true;
        this.nextSeq = record.seq + 1;
        return;
      case "abort":
        this.#check(record.seq);
        this.unresolved = null;
        return;
      case "commit":
        this.#check(record.seq);
        this.#move(this.unresolved!.ranges, [...this.unresolved!.lost, ...(record.lost ?? []).map(unpackLoss)]);
        for (const chain of record.gone ?? []) this.cursors.delete(chain);
        return;
      case "sent":
        this.#move(this.#unpackMoves(record.moves ?? []), (record.lost ?? []).map(unpackLoss));
        this.#move((record.at ?? []).map(unpack), this.unsaid);
        for (const [file, , , rest] of record.at ?? []) this.#numbers.name(rest?.c ?? file);
        for (const chain of record.gone ?? []) this.cursors.delete(chain);
        this.nextSeq = record.seq + 1;
        return;
      case "said":
        this.unsaid = [];
        return;
      default: {
        const { t } = record as { t: unknown };
        throw new Error(
          `it has a record "${String(t)}" that this logq-agent does not know; start the newer agent again`,
        );
      }
    }
  }

  async plan(entry: ShipmentEntry): Promise<void> {
    // Not as a part of the commit before: that one counts even if this fails.
    if (this.#journal.size >= this.#compactAt) await this.#compact();
    await this.#append(() => planRecord(entry));
    this.unresolved = entry;
    this.#isPlanned = true;
    this.nextSeq = entry.seq + 1;
  }

  delivered(entry: ShipmentEntry): void {
    this.unresolved = entry;
    this.#isPlanned = false;
    this.nextSeq = entry.seq + 1;
  }

  async commit(lost: readonly LostBytes[] = []): Promise<void> {
    if (this.unresolved === null) throw new Error("cannot commit: no shipment is planned");
    const { seq, ranges, lost: planned } = this.unresolved;
    for (const { chain } of ranges) this.#gone.delete(chain);
    const gone = [...this.#gone];
    const ends = (losses: readonly LostBytes[]) => ({
      ...(gone.length === 0 ? {} : { gone }),
      ...(losses.length === 0 ? {} : { lost: losses.map(packLoss) }),
    });
    const all = [...planned, ...lost];
    if (this.#isPlanned) await this.#append(() => ({ t: "commit", seq, ...ends(lost) }));
    else {
      if (this.#journal.size >= this.#compactAt) await this.#compact();
      let named: readonly string[] = [];
      await this.#append(() => {
        const { moves, at } = this.#packMoves(ranges);
        named = at.map(({ chain }) => chain);
        const where = { ...(moves.length > 0 && { moves }), ...(at.length > 0 && { at: at.map(pack) }) };
        return { t: "sent", seq, ...where, ...ends(all) };
      });
      for (const chain of named) this.#numbers.name(chain);
    }
    for (const chain of gone) this.#gone.delete(chain);
    this.#move(ranges, all);
  }

  async said(): Promise<void> {
    if (this.unsaid.length === 0) return;
    this.unsaid = [];
    await this.#append(() => ({ t: "said" }));
  }

  async abort(): Promise<void> {
    if (this.unresolved === null) throw new Error("cannot abort: no shipment is planned");
    const { seq } = this.unresolved;
    if (this.#isPlanned) await this.#append(() => ({ t: "abort", seq }));
    this.unresolved = null;
  }

  skipTo(seq: number): void {
    this.nextSeq = Math.max(this.nextSeq, seq);
  }

  forget(chain: string): void {
    if (this.cursors.delete(chain)) this.#gone.add(chain);
  }

  forgetPassed(isFollowed: (file: string) => boolean): void {
    for (const file of this.passed.keys()) if (!isFollowed(file)) this.passed.delete(file);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #check(seq: number): void {
    if (this.unresolved?.seq === seq) return;
    throw new Error(`it resolves shipment ${seq}, which is not the one before it; restore the file from a copy`);
  }

  #move(ranges: readonly Range[], lost: readonly LostBytes[]): void {
    this.unsaid = lost;
    for (const { chain, cursor, segments } of ranges) {
      this.cursors.set(chain, cursor);
      for (const { file, end } of segments.slice(0, -1)) this.passed.set(file, end);
    }
    this.unresolved = null;
  }

  #packMoves(ranges: readonly Range[]): { moves: number[]; at: Range[] } {
    const moves: number[] = [];
    const at: Range[] = [];
    for (const range of ranges) {
      const move = this.#numbers.pack(range, this.cursors.get(range.chain));
      if (move === null) at.push(range);
      else moves.push(...move);
    }
    return { moves, at };
  }

  #unpackMoves(moves: readonly number[]): Range[] {
    const ranges: Range[] = [];
    for (let at = 0; at < moves.length; at += 3)
      ranges.push(this.#numbers.unpack(moves.slice(at, at + 3) as unknown as PackedMove, this.cursors));
    return ranges;
  }

  /** `record` is made when the journal is known to take it: chains may have other numbers before. */
  async #append(record: () => JournalRecord): Promise<void> {
    if (this.#journal.uncertain) await this.#rewrite();
    await this.#journal.append(record());
  }

  /** The shipment is committed already: a disk that is full now must not make it fail. */
  async #compact(): Promise<void> {
    try {
      await this.#rewrite();
      this.#compactAt = Math.max(COMPACT_BYTES, this.#journal.size * 2);
    } catch (error) {
      this.#compactAt = this.#journal.size + COMPACT_BYTES / 4;
      this.#onCompactionError(error as Error);
    }
  }

  /** Writes what the records come to: positions, and the shipment that is not resolved. */
  async #rewrite(): Promise<void> {
    const at = [...this.cursors].map(([chain, cursor]) =>
      pack({ chain, cursor, ended: false, segments: [{ file: cursor.file, end: cursor.offset }] }),
    );
    const passed = this.passed.size === 0 ? {} : { passed: [...this.passed] };
    const seq = this.unresolved === null || this.#isPlanned ? this.nextSeq : this.unresolved.seq;
    const records: JournalRecord[] = [{ t: "cursors", seq, at, ...passed }];
    if (this.unresolved !== null && this.#isPlanned) records.push(planRecord(this.unresolved));
    const chains = [...this.cursors.keys()];
    await this.#journal.rewrite(records);
    this.#numbers.restart(chains);
  }
}

type PlanRecord = Extract<JournalRecord, { readonly t: "plan" }>;

function planRecord(entry: ShipmentEntry): PlanRecord {
  const { seq, planId, readTimeMs, output, keys, ranges, lost, records, filtered, replayed, filters } = entry;
  return {
    ...({ t: "plan", seq, id: planId, now: readTimeMs, output, keys, at: ranges.map(pack), n: records } as const),
    ...(lost.length === 0 ? {} : { lost: lost.map(packLoss) }),
    ...(filtered.length === 0
      ? {}
      : { filtered: filtered.map((left) => [left.file, left.bytes, left.records] as const) }),
    ...(replayed === undefined ? {} : { replayed }),
    ...(filters === undefined ? {} : { filters }),
  };
}

function entryOf({ seq, id, now, output, keys, at, replayed, filters, ...rest }: PlanRecord): ShipmentEntry {
  const lost = (rest.lost ?? []).map(unpackLoss);
  const filtered = (rest.filtered ?? []).map(([file, bytes, records]) => ({ file, bytes, records }));
  const ends = { lost, records: rest.n ?? 0, filtered };
  const entry = { seq, planId: id, readTimeMs: now, output, keys, ranges: at.map(unpack), ...ends };
  return {
    ...entry,
    ...(replayed === undefined ? {} : { replayed }),
    ...(filters === undefined ? {} : { filters }),
  };
}

function packLoss({ file, path, bytes, reason }: LostBytes): PackedLoss {
  return [file, path, bytes, reason];
}

function unpackLoss([file, path, bytes, reason]: PackedLoss): LostBytes {
  return { file, path, bytes, reason };
}

function pack(range: Range): PackedRange {
  const { file, offset, check, open } = range.cursor;
  const before = range.segments.slice(0, -1).map((segment) => [segment.file, segment.end] as const);
  const rest: PackedRest = {
    ...(range.chain === file ? {} : { c: range.chain }),
    ...(before.length === 0 ? {} : { b: before }),
    ...(open.length === 0 ? {} : { p: open.map(packOpen) }),
    ...(range.ended ? { e: 1 as const } : range.flushed === true ? { e: 2 as const } : {}),
    ...(range.endings !== undefined && { n: range.endings.map(packEnding) }),
  };
  return Object.keys(rest).length === 0 ? [file, offset, check] : [file, offset, check, rest];
}

function packEnding({ stream, cut, what }: Ending): readonly [number, number, 0 | 1] {
  return [stream, cut, what === "record" ? 1 : 0];
}

function unpackEnding([stream, cut, record]: readonly [number, number, 0 | 1]): Ending {
  return { stream, cut, what: record === 1 ? "record" : "line" };
}

/**
 * `[stream, rule?, [file, start, length, gap, length …] …]`: the fragments of one file together, each after the first by the
 * bytes between it and the one before. Of a record that the times of two streams cut into 256 pieces this is about 2 KB.
 * `rule`: as it is where whole lines are open; `-1 - rule` where none are.
 */
type PackedOpen = readonly [stream: number, ...(number | PackedFragments)[]];
type PackedFragments = readonly [file: string, start: number, ...numbers: number[]];

function packOpen({ stream, fragments, rule, joins }: OpenState): PackedOpen {
  const packed: [string, number, ...number[]][] = [];
  let before: Fragment | null = null;
  for (const fragment of fragments) {
    const length = fragment.end - fragment.start;
    if (before?.file === fragment.file) packed.at(-1)!.push(fragment.start - before.end, length);
    else packed.push([fragment.file, fragment.start, length]);
    before = fragment;
  }
  return [stream, ...(rule === undefined ? [] : [joins === true ? rule : -1 - rule]), ...packed];
}

function unpackOpen([stream, ...items]: PackedOpen): OpenState {
  const numbers = items.filter((item) => typeof item === "number");
  const packed = items.filter((item) => typeof item !== "number");
  const fragments = packed.flatMap(([file, first, ...rest]) => {
    const own: Fragment[] = [];
    let at = first;
    for (let i = 0; i < rest.length; i += 2) {
      own.push({ file, start: at, end: at + rest[i]! });
      at += rest[i]! + (rest[i + 1] ?? 0);
    }
    return own;
  });
  const [rule] = numbers;
  if (rule === undefined) return { stream, fragments };
  return rule < 0 ? { stream, fragments, rule: -1 - rule } : { stream, fragments, rule, joins: true };
}

function unpack([file, offset, check, rest]: PackedRange): Range {
  const before = (rest?.o ?? []).map(([stream, ...fragments]) => ({
    stream,
    fragments: fragments.map(([id, start, end]) => ({ file: id, start, end })),
  }));
  const open: readonly OpenState[] = [...before, ...(rest?.p ?? []).map(unpackOpen)];
  return {
    chain: rest?.c ?? file,
    segments: [...(rest?.b ?? []).map(([id, end]) => ({ file: id, end })), { file, end: offset }],
    ended: rest?.e === 1,
    ...(rest?.e === 2 && { flushed: true }),
    ...(rest?.n !== undefined && { endings: rest.n.map(unpackEnding) }),
    cursor: { file, offset, check, open },
  };
}
