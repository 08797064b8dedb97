import { addCounts, type FilterCounts } from "../filter/filter.ts";
import type { Chain, FollowedFile } from "../input/tail/followed-file.ts";
import { isWithin, startOf, unread } from "../plan.ts";
import type { Cursor } from "../state/positions.ts";
import type { Logger } from "./log.ts";

/*
 * The agent's accounts, in bytes, per output and file:
 *
 *   read = delivered + filtered + quarantined + lost + pending
 *
 * Each side comes from another place, so that the equation is a check: `read` from the sizes that were seen, `pending`
 * from the committed positions, the others from what shipments say they committed. Accounts begin with the process;
 * those of a file that is released are added to its output's totals and forgotten.
 */

/** The only legal reasons for a loss. */
export const LOSS_REASONS = ["truncated", "deleted", "limit", "disk-full"] as const;
type LossReason = (typeof LOSS_REASONS)[number];

interface Loss {
  /** Null: the file was lost before any output had it, so that it is in no output's equation. */
  readonly output: string | null;
  /** The file's id. */
  readonly file: string;
  readonly path: string;
  /** A lower bound where the file can't be looked at any more. */
  readonly bytes: number;
  readonly reason: LossReason;
}

/** What became of bytes other than delivery. */
interface OtherEnd {
  readonly file: string;
  readonly bytes: number;
  readonly records: number;
}

/** Where in a file bytes lie. */
interface Extent {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** What one committed shipment did with the bytes of its files. */
export interface CommittedBytes {
  /** What was read of each file. */
  readonly segments: readonly Extent[];
  /** Open records' parts that were read again, and those that stay open. */
  readonly resumed: readonly Extent[];
  readonly open: readonly Extent[];
  /** All records that were stored. */
  readonly records: number;
  readonly counters: RecordCounters;
  readonly filtered?: readonly OtherEnd[];
  /** What each filter did, by its name. */
  readonly filters?: ReadonlyMap<string, FilterCounts>;
  readonly quarantined?: readonly OtherEnd[];
}

export interface RecordCounters {
  /** Lines that are no CRI lines though the input says CRI. */
  readonly unparsed: number;
  /** Cut at the size limit, or ended by the end of their file. */
  readonly cut: number;
  /** Time out of range, replaced by the read time. */
  readonly clamped: number;
  /** Bytes that are not UTF-8, replaced. */
  readonly repaired: number;
}

export interface Ledger {
  /** Counts a loss and logs one error line. */
  lost(loss: Loss): void;
  /** Counts a chain whose files were all replaced between two looks, and logs one warning. */
  suspectedGap(path: string): void;
  committed(output: string, entry: CommittedBytes): void;
  /** From now on the output's positions are these. Again for the same output: the accounts start anew from there. */
  attach(output: string, view: OutputView): void;
  /** The output is no more; its totals stay. */
  detach(output: string): void;
  /** A file is given up (committed everywhere, or lost and said so): call it while its chain still has it. */
  released(chain: Chain, file: FollowedFile): void;
  /** The accounts of all outputs as they are now. Costs a walk over all files. */
  accounts(): OutputAccount[];
  readonly suspectedGaps: number;
  readonly releasedFiles: number;
  /** Losses of files that no output had. */
  readonly unshippedLosses: Readonly<Record<LossReason, number>>;
}

/** What the ledger sees of an output. */
interface OutputView {
  chains(): readonly Chain[];
  readonly cursors: ReadonlyMap<string, Cursor>;
}

/** Bytes of one file for one output. */
interface FileAccount {
  readonly file: string;
  readonly path: string;
  readonly read: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly quarantined: number;
  readonly lost: number;
  readonly pending: number;
}

export interface OutputAccount {
  readonly output: string;
  /** Of all files, the released ones too. */
  readonly total: Omit<FileAccount, "file" | "path">;
  readonly files: readonly FileAccount[];
  /** Sum of what does not add up, over all files: always 0. */
  readonly errorBytes: number;
  readonly lostBytes: Readonly<Record<LossReason, number>>;
  readonly records: {
    readonly delivered: number;
    readonly filtered: number;
    readonly quarantined: number;
  } & RecordCounters;
  /** What each of its filters did, by its name. */
  readonly filters: ReadonlyMap<string, FilterCounts>;
}

export function createLedger(log: Logger): Ledger {
  return new Accounts(log);
}

const LOSS_TEXTS: Record<LossReason, string> = {
  truncated: "lost: the file was truncated or overwritten in place before all of it was read; going on at its start",
  deleted: "lost: the file was deleted before all of it was read, and no link held it; at least so many bytes",
  limit: "lost: the links held more than storage.total_limit_size, the oldest was given up",
  "disk-full": "lost: the disk is nearly full, the oldest link was given up",
};

interface Sums {
  /** Bytes that were settled before this account began. */
  before: number;
  delivered: number;
  filtered: number;
  quarantined: number;
  lost: number;
}

interface OutputState {
  view: OutputView | null;
  readonly files: Map<string, Sums>;
  /** Of released files: `read` and what does not add up, too. */
  readonly closed: Sums & { read: number; error: number };
  readonly lostBytes: Record<LossReason, number>;
  readonly records: {
    -readonly [Name in keyof OutputAccount["records"]]: number;
  };
  readonly filters: Map<string, FilterCounts>;
}

class Accounts implements Ledger {
  suspectedGaps = 0;
  releasedFiles = 0;
  readonly unshippedLosses = noLosses();
  readonly #log: Logger;
  readonly #outputs = new Map<string, OutputState>();

  constructor(log: Logger) {
    this.#log = log;
  }

  lost(loss: Loss): void {
    const { output, file, path, bytes, reason } = loss;
    if (output === null) this.unshippedLosses[reason] += bytes;
    else {
      const state = this.#state(output);
      state.lostBytes[reason] += bytes;
      sumsOf(state, file).lost += bytes;
    }
    this.#log.error({ ...(output === null ? {} : { output }), file, path, reason, bytes }, LOSS_TEXTS[reason]);
  }

  suspectedGap(path: string): void {
    this.suspectedGaps++;
    const text =
      "suspected gap: none of the files followed so far is listed any more; files that were born and deleted in between are missing";
    this.#log.warn({ path }, text);
  }

  committed(output: string, entry: CommittedBytes): void {
    const state = this.#state(output);
    const { segments, resumed, open, filtered = [], quarantined = [], records, counters } = entry;
    for (const { file, start, end } of [...segments, ...resumed]) sumsOf(state, file).delivered += end - start;
    for (const { file, start, end } of open) sumsOf(state, file).delivered -= end - start;
    for (const { file, bytes } of filtered) move(sumsOf(state, file), "filtered", bytes);
    for (const { file, bytes } of quarantined) move(sumsOf(state, file), "quarantined", bytes);
    state.records.delivered += records;
    state.records.filtered += recordsIn(filtered);
    state.records.quarantined += recordsIn(quarantined);
    for (const name of ["unparsed", "cut", "clamped", "repaired"] as const) state.records[name] += counters[name];
    for (const [name, counts] of entry.filters ?? []) addCounts(state.filters, name, counts);
  }

  attach(output: string, view: OutputView): void {
    const state = this.#state(output);
    this.detach(output);
    state.view = view;
    for (const chain of view.chains()) {
      const cursor = view.cursors.get(chain.id);
      if (cursor === undefined) continue;
      for (const file of chain.files)
        sumsOf(state, file.record.id).before = seen(file) - pendingOf(chain, file, cursor);
    }
  }

  detach(output: string): void {
    const state = this.#outputs.get(output);
    if (state === undefined) return;
    // What can't be compared with positions is taken as right.
    for (const [id, sums] of state.files) close(state, id, settled(sums));
    state.view = null;
  }

  released(chain: Chain, file: FollowedFile): void {
    this.releasedFiles++;
    for (const state of this.#outputs.values()) {
      if (!state.files.has(file.record.id) && state.view?.chains().includes(chain) !== true) continue;
      close(state, file.record.id, seen(file));
    }
  }

  accounts(): OutputAccount[] {
    return [...this.#outputs].map(([output, state]) => accountOf(output, state));
  }

  #state(output: string): OutputState {
    let state = this.#outputs.get(output);
    if (state === undefined) {
      const records = { delivered: 0, filtered: 0, quarantined: 0, unparsed: 0, cut: 0, clamped: 0, repaired: 0 };
      const closed = { ...noSums(), read: 0, error: 0 };
      state = { view: null, files: new Map(), closed, lostBytes: noLosses(), records, filters: new Map() };
      this.#outputs.set(output, state);
    }
    return state;
  }
}

function accountOf(output: string, state: OutputState): OutputAccount {
  const { closed } = state;
  const total = { read: closed.read, pending: 0, ...withoutBefore(closed) };
  const files: FileAccount[] = [];
  let errorBytes = closed.error;
  for (const chain of state.view?.chains() ?? []) {
    const cursor = state.view?.cursors.get(chain.id) ?? null;
    for (const file of chain.files) {
      const sums = state.files.get(file.record.id) ?? noSums();
      const read = seen(file) - sums.before;
      const pending = pendingOf(chain, file, cursor);
      errorBytes += Math.abs(read - (settled(sums) - sums.before) - pending);
      const account = { read, pending, ...withoutBefore(sums) };
      for (const name of Object.keys(account) as (keyof typeof account)[]) total[name] += account[name];
      files.push({ file: file.record.id, path: file.record.path, ...account });
    }
  }
  const { lostBytes, records, filters } = state;
  return { output, total, files, errorBytes, lostBytes: { ...lostBytes }, records: { ...records }, filters };
}

/** Adds the account of a file that ends with `read` bytes to the totals. */
function close(state: OutputState, id: string, read: number): void {
  const sums = state.files.get(id) ?? noSums();
  const { closed } = state;
  closed.read += read - sums.before;
  closed.error += Math.abs(read - settled(sums));
  for (const name of ["delivered", "filtered", "quarantined", "lost"] as const) closed[name] += sums[name];
  state.files.delete(id);
}

/** Bytes of a file that were there to be shipped. */
function seen(file: FollowedFile): number {
  return Math.max(0, file.size - file.record.startAt);
}

/** Bytes of a file beyond the position, and those of records that are open there. What a truncation took counts until it is given up. */
function pendingOf(chain: Chain, file: FollowedFile, cursor: Cursor | null): number {
  if (file.lossCounted) return 0;
  let bytes = unread(chain, cursor).includes(file) ? Math.max(0, file.size - startOf(file, cursor)) : 0;
  // An open record that needs a file whose loss was counted was lost with that file.
  const uncounted = chain.files.filter((other) => !other.lossCounted);
  const open = (cursor?.open ?? []).filter((record) => isWithin(uncounted, record));
  for (const fragment of open.flatMap((record) => record.fragments)) {
    if (fragment.file === file.record.id) bytes += fragment.end - fragment.start;
  }
  return bytes;
}

function settled({ before, delivered, filtered, quarantined, lost }: Sums): number {
  return before + delivered + filtered + quarantined + lost;
}

function move(sums: Sums, to: "filtered" | "quarantined", bytes: number): void {
  sums.delivered -= bytes;
  sums[to] += bytes;
}

function sumsOf(state: OutputState, file: string): Sums {
  let sums = state.files.get(file);
  if (sums === undefined) {
    sums = noSums();
    state.files.set(file, sums);
  }
  return sums;
}

function withoutBefore({ delivered, filtered, quarantined, lost }: Sums): Omit<Sums, "before"> {
  return { delivered, filtered, quarantined, lost };
}

function recordsIn(ends: readonly OtherEnd[]): number {
  return ends.reduce((sum, end) => sum + end.records, 0);
}

function noSums(): Sums {
  return { before: 0, delivered: 0, filtered: 0, quarantined: 0, lost: 0 };
}

function noLosses(): Record<LossReason, number> {
  return { truncated: 0, deleted: 0, limit: 0, "disk-full": 0 };
}
