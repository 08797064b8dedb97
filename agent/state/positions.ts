import { createHash } from "node:crypto";
import type { AssemblyState, Fragment } from "../parser/assembler.ts";
import { openJournal, type Journal } from "./journal.ts";

/** How far an output has committed a chain. */
export interface Cursor {
  readonly file: string;
  readonly offset: number;
  /** CRC-32 of the up to 256 bytes before `offset`: tells a file that was replaced in place. */
  readonly check: number;
  readonly open: AssemblyState["open"];
}

/** What a shipment took of one chain, as it was after encoding: enough to read exactly the same records again. */
export interface Range {
  readonly chain: string;
  /** Files in the order of the chain and the exact offset where reading each of them ended; at least one. */
  readonly segments: readonly { readonly file: string; readonly end: number }[];
  /** Whether open records were ended at the end of the last segment. */
  readonly ended: boolean;
  readonly cursor: Cursor;
}

/** One journaled shipment. It is written before anything of it becomes visible. */
export interface ShipmentEntry {
  readonly seq: number;
  /** Milliseconds since 1970: `ts` of lines without a time of their own. */
  readonly readTimeMs: number;
  /** The output's effective configuration at that time: a replay uses this one, whatever the file says now. */
  readonly output: unknown;
  /** Every object of the shipment. */
  readonly keys: readonly string[];
  readonly ranges: readonly Range[];
}

/** The committed positions of one output, and the shipment that a crash may have left between journal and commit. */
export interface Positions {
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly nextSeq: number;
  readonly unresolved: { readonly entry: ShipmentEntry; readonly sha: string } | null;
  /** Journals a shipment durably; returns the SHA-256 of the entry in hex. */
  plan(entry: ShipmentEntry): Promise<string>;
  /** The planned shipment is stored: positions move, durably. */
  commit(): Promise<void>;
  /** Drops the positions of a chain that is gone. Becomes durable with the next commit. */
  forget(chain: string): void;
  close(): Promise<void>;
}

/** The journal is rewritten as positions alone when it has grown by this much, or doubled. */
const COMPACT_BYTES = 256 * 1024;

/** Opens the journal of one output at `path` and folds it. */
export async function openPositions(path: string): Promise<Positions> {
  const { journal, records } = await openJournal(path, "output");
  const positions = new JournaledPositions(journal);
  for (const record of records) positions.apply(record as JournalRecord);
  return positions;
}

type JournalRecord =
  | { readonly t: "cursors"; readonly seq: number; readonly at: readonly PackedRange[] }
  | {
      readonly t: "plan";
      readonly seq: number;
      readonly now: number;
      readonly output: unknown;
      readonly keys: readonly string[];
      readonly at: readonly PackedRange[];
    }
  /** `gone`: chains that were forgotten since the commit before. */
  | { readonly t: "commit"; readonly seq: number; readonly gone?: readonly string[] };

/** `[file, offset, check, rest?]`: 40 to 64 bytes for a chain of one file; `rest` holds what is unusual. */
type PackedRange = readonly [file: string, offset: number, check: number, rest?: PackedRest];

interface PackedRest {
  /** Chain, where it is not named like its file. */
  readonly c?: string;
  /** Segments before the last. */
  readonly b?: readonly (readonly [file: string, end: number])[];
  /** Open records: stream, then its fragments. */
  readonly o?: readonly (readonly [
    stream: number,
    ...fragments: (readonly [file: string, start: number, end: number])[],
  ])[];
  /** Open records were ended. */
  readonly e?: 1;
}

class JournaledPositions implements Positions {
  readonly cursors = new Map<string, Cursor>();
  nextSeq = 1;
  unresolved: { entry: ShipmentEntry; sha: string } | null = null;
  readonly #journal: Journal;
  readonly #gone = new Set<string>();
  #compactAt: number;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#compactAt = Math.max(COMPACT_BYTES, journal.size * 2);
  }

  apply(record: JournalRecord): void {
    if (record.t === "cursors") {
      for (const { chain, cursor } of record.at.map(unpack)) this.cursors.set(chain, cursor);
      this.nextSeq = record.seq;
    } else if (record.t === "plan") {
      const { seq, now, output, keys, at } = record;
      // The text is what was written: JSON keeps the order of keys.
      const sha = createHash("sha256").update(JSON.stringify(record)).digest("hex");
      this.unresolved = { entry: { seq, readTimeMs: now, output, keys, ranges: at.map(unpack) }, sha };
      this.nextSeq = seq + 1;
    } else {
      this.#move();
      for (const chain of record.gone ?? []) this.cursors.delete(chain);
    }
  }

  async plan(entry: ShipmentEntry): Promise<string> {
    const { seq, readTimeMs, output, keys, ranges } = entry;
    const record = { t: "plan", seq, now: readTimeMs, output, keys, at: ranges.map(pack) } satisfies JournalRecord;
    const sha = await this.#journal.append(record);
    this.unresolved = { entry, sha };
    this.nextSeq = seq + 1;
    return sha;
  }

  async commit(): Promise<void> {
    if (this.unresolved === null) throw new Error("cannot commit: no shipment is planned");
    const gone = [...this.#gone];
    const { seq } = this.unresolved.entry;
    const record: JournalRecord = { t: "commit", seq, ...(gone.length === 0 ? {} : { gone }) };
    await this.#journal.append(record);
    for (const chain of gone) this.#gone.delete(chain);
    this.#move();
    if (this.#journal.size >= this.#compactAt) await this.#compact();
  }

  forget(chain: string): void {
    if (this.cursors.delete(chain)) this.#gone.add(chain);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #move(): void {
    for (const { chain, cursor } of this.unresolved?.entry.ranges ?? []) this.cursors.set(chain, cursor);
    this.unresolved = null;
  }

  async #compact(): Promise<void> {
    const at = [...this.cursors].map(([chain, cursor]) =>
      pack({ chain, cursor, ended: false, segments: [{ file: cursor.file, end: cursor.offset }] }),
    );
    await this.#journal.rewrite([{ t: "cursors", seq: this.nextSeq, at } satisfies JournalRecord]);
    this.#compactAt = Math.max(COMPACT_BYTES, this.#journal.size * 2);
  }
}

function pack(range: Range): PackedRange {
  const { file, offset, check, open } = range.cursor;
  const before = range.segments.slice(0, -1).map((segment) => [segment.file, segment.end] as const);
  const rest: PackedRest = {
    ...(range.chain === file ? {} : { c: range.chain }),
    ...(before.length === 0 ? {} : { b: before }),
    ...(open.length === 0
      ? {}
      : { o: open.map(({ stream, fragments }) => [stream, ...fragments.map(packFragment)] as const) }),
    ...(range.ended ? { e: 1 as const } : {}),
  };
  return Object.keys(rest).length === 0 ? [file, offset, check] : [file, offset, check, rest];
}

function packFragment(fragment: Fragment): readonly [string, number, number] {
  return [fragment.file, fragment.start, fragment.end];
}

function unpack([file, offset, check, rest]: PackedRange): Range {
  const open = (rest?.o ?? []).map(([stream, ...fragments]) => ({
    stream,
    fragments: fragments.map(([id, start, end]) => ({ file: id, start, end })),
  }));
  return {
    chain: rest?.c ?? file,
    segments: [...(rest?.b ?? []).map(([id, end]) => ({ file: id, end })), { file, end: offset }],
    ended: rest?.e === 1,
    cursor: { file, offset, check, open },
  };
}
