import type { Ending, OpenState } from "../parser/assembler.ts";
import { ChainNumbers, type PackedMove } from "./chain-numbers.ts";
import { openJournal, type Journal } from "./journal.ts";
import {
  entryOf,
  packLoss,
  packRange,
  planRecord,
  unpackLoss,
  unpackRange,
  type JournalRecord,
} from "./journal-records.ts";

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
        for (const { chain, cursor } of record.at.map(unpackRange)) this.cursors.set(chain, cursor);
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
        this.#move((record.at ?? []).map(unpackRange), this.unsaid);
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
        const where = { ...(moves.length > 0 && { moves }), ...(at.length > 0 && { at: at.map(packRange) }) };
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
      packRange({ chain, cursor, ended: false, segments: [{ file: cursor.file, end: cursor.offset }] }),
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
