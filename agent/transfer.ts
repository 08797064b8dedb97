import type { ShipmentFilters } from "./filter/chain.ts";
import { addCounts, type FilterCounts } from "./filter/filter.ts";
import { sumOf, type Part as FilteredPart } from "./filter/rows.ts";
import { selectRows } from "./filter/select-rows.ts";
import { ReplacedError, type ChainRead, type ChainReader } from "./input/tail/chain-reader.ts";
import { PoisonError, type BatchSource, type Delivery, type Output } from "./output/output.ts";
import type { Batch } from "./record.ts";
import type { Source } from "./source.ts";
import type { Range } from "./state/positions.ts";
import { quarantinedRecord } from "./state/quarantine.ts";
import type { QuarantineWriter } from "./state/quarantine-stage.ts";
import type { RecordCounters } from "./telemetry/ledger.ts";

interface TransferOptions {
  readonly reader: ChainReader;
  readonly source: Source;
  readonly output: Output;
  readonly delivery: Delivery;
  /** Null: all records go on as they are. */
  readonly filters: ShipmentFilters | null;
  /** Milliseconds since 1970: `ts` of lines without a time of their own. */
  readonly readTimeMs: number;
  readonly signal: AbortSignal;
  /**
   * Set: every record is tried by itself first, and those that can't be encoded go here. Not set: the first of them
   * throws a PoisonError, because trying costs as much again as encoding.
   */
  readonly quarantine: QuarantineWriter | null;
  /** Records to quarantine untried, by `recordKey`, with the reason. */
  readonly condemned: ReadonlyMap<string, string>;
}

/** What was read, exactly. */
export interface Transferred {
  readonly ranges: Range[];
  bytes: number;
  /** The delivery had no room for more: there is more. */
  refused: boolean;
  /** Chains that can't be read now, and of which nothing was delivered. */
  readonly unreadable: Unreadable[];
  readonly counters: Counters;
  /** Records that were left out, by file: empty lines, and what filters dropped. */
  readonly filtered: { readonly file: string; readonly bytes: number; readonly records: number }[];
  /** What each filter did, by its name. */
  readonly filters: Map<string, FilterCounts>;
  /** The same by chain. */
  readonly parts: Part[];
}

type Part = Pick<Transferred, "counters" | "filtered" | "filters" | "bytes"> & { readonly chain: string };

type Counters = { -readonly [Name in keyof RecordCounters]: number };

export interface Unreadable {
  readonly chain: string;
  readonly error: Error;
}

/** A chain failed when part of it had been delivered: the delivery can't be used. */
export class UnreadableError extends Error implements Unreadable {
  override readonly name = "UnreadableError";
  readonly chain: string;
  readonly error: Error;
  constructor(chain: string, error: Error) {
    super(`cannot read chain ${chain}: ${error.message}`, { cause: error });
    this.chain = chain;
    this.error = error;
  }
}

/** Names a record within a shipment. */
export function recordKey(file: string, pos: number): string {
  return `${file} ${pos}`;
}

/** The id of a file from column `file`, which ends with it. */
export function fileIdOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

export function noCounters(): Counters {
  return { unparsed: 0, cut: 0, clamped: 0, repaired: 0 };
}

const COUNTERS = ["unparsed", "cut", "clamped", "repaired"] as const;

/** Reads the planned ranges in order into a delivery. Throws ReplacedError, UnreadableError, PoisonError, or what the delivery throws. */
export async function transfer(reads: readonly ChainRead[], options: TransferOptions): Promise<Transferred> {
  const { reader, source, delivery, signal, readTimeMs } = options;
  const done: Transferred = {
    ranges: [],
    bytes: 0,
    refused: false,
    unreadable: [],
    counters: noCounters(),
    filtered: [],
    filters: new Map(),
    parts: [],
  };
  for (const read of reads) {
    signal.throwIfAborted();
    // What is read and refused would be read again.
    if (delivery.isFull === true) {
      done.refused = true;
      break;
    }
    let delivered = false;
    let deliveryError: unknown = null;
    const left: Left = { dropped: new Map(), filters: new Map() };
    const ports = {
      open: (id: string) => source.open(id),
      originOf: (id: string) => source.fileOf(id).record.origin,
      accept: async (batch: Batch, rawBytes: Uint32Array) => {
        delivered = true;
        try {
          return await acceptFiltered(batch, { chain: read.chain, rawBytes }, left, options);
        } catch (error) {
          deliveryError = error;
          throw error;
        }
      },
    };
    try {
      const result = await reader.read(read, readTimeMs, ports);
      done.refused ||= result.refused;
      const filtered = [...result.filtered, ...left.dropped.values()];
      const { filters } = left;
      add(done, { chain: read.chain, bytes: result.bytes, counters: result.counters, filtered, filters });
      if (result.range !== null) done.ranges.push(result.range);
    } catch (error) {
      if (error === deliveryError || error instanceof ReplacedError || !isSystemError(error)) throw error;
      if (delivered) throw new UnreadableError(read.chain, error);
      done.unreadable.push({ chain: read.chain, error });
    }
  }
  return done;
}

/** What is left of it without some chains, which were not delivered after all. */
export function withoutChains(done: Transferred, chains: { has(chain: string): boolean }): Transferred {
  const ranges = done.ranges.filter(({ chain }) => !chains.has(chain));
  const left: Transferred = {
    ...done,
    ranges,
    bytes: 0,
    counters: noCounters(),
    filtered: [],
    filters: new Map(),
    parts: [],
  };
  for (const part of done.parts) if (!chains.has(part.chain)) add(left, part);
  return left;
}

function add(done: Transferred, part: Part): void {
  done.bytes += part.bytes;
  done.filtered.push(...part.filtered);
  for (const name of COUNTERS) done.counters[name] += part.counters[name];
  for (const [name, counts] of part.filters) addCounts(done.filters, name, counts);
  done.parts.push(part);
}

interface Dropped {
  readonly file: string;
  bytes: number;
  records: number;
}

/** What filters did to the batches of a chain that were accepted. */
interface Left {
  readonly dropped: Map<string, Dropped>;
  readonly filters: Map<string, FilterCounts>;
}

/** What filters leave of a batch, whole or not at all; what they drop is noted once the rest is accepted. */
async function acceptFiltered(
  batch: Batch,
  source: BatchSource,
  left: Left,
  options: TransferOptions,
): Promise<boolean> {
  const rawBytes = source.rawBytes.subarray(0, batch.count);
  const parts = options.filters?.apply({ batch, rawBytes }) ?? null;
  if (parts === null) return await accept(batch, source, options);
  for (const [index, part] of parts.entries()) {
    const continued = index > 0;
    if (await accept(part.batch, { ...source, rawBytes: part.rawBytes, continued }, options)) continue;
    if (continued) throw new Error("cannot deliver a batch: the output refused the rest of one that it had begun");
    return false;
  }
  noteDropped({ batch, rawBytes }, parts, left.dropped);
  for (const [name, counts] of options.filters!.counts) addCounts(left.filters, name, counts);
  return true;
}

function noteDropped(before: FilteredPart, parts: readonly FilteredPart[], dropped: Map<string, Dropped>): void {
  const kept = parts.reduce((total, part) => total + sumOf(part.rawBytes), 0);
  // A copy under another tag stands for no bytes.
  const keptRecords = parts.reduce((total, { rawBytes }) => total + countSome(rawBytes), 0);
  if (keptRecords === before.batch.count) return;
  const file = fileIdOf(before.batch.origin.file);
  const known = dropped.get(file) ?? { file, bytes: 0, records: 0 };
  known.bytes += sumOf(before.rawBytes) - kept;
  known.records += before.batch.count - keptRecords;
  dropped.set(file, known);
}

function countSome(bytes: Uint32Array): number {
  let count = 0;
  for (const each of bytes) if (each > 0) count++;
  return count;
}

async function accept(batch: Batch, source: BatchSource, options: TransferOptions): Promise<boolean> {
  const { delivery, quarantine } = options;
  if (quarantine === null) return await delivery.accept(batch, source);
  const { rawBytes } = source;
  const poison = await findPoison(batch, options);
  const left = { ...source, rawBytes: rawBytes.filter((_, index) => !poison.has(index)) };
  if (poison.size < batch.count && !(await delivery.accept(without(batch, poison), left))) return false;
  for (const [index, reason] of poison) await quarantine.add(quarantinedRecord(batch, index, rawBytes[index]!, reason));
  return true;
}

/** The records of a batch that can't be encoded, ascending, with the encoder's words: found by halving. */
async function findPoison(batch: Batch, options: TransferOptions): Promise<Map<number, string>> {
  const { output, condemned } = options;
  const poison = new Map<number, string>();
  const isCondemned = (index: number) => condemned.get(recordKey(batch.origin.file, batch.pos[index]!));
  const search = async (from: number, to: number): Promise<void> => {
    if (from >= to) return;
    try {
      await output.tryEncode?.(slice(batch, from, to));
    } catch (error) {
      const middle = (from + to) >>> 1;
      if (to - from === 1) poison.set(from, messageOf(error));
      else {
        await search(from, middle);
        await search(middle, to);
      }
    }
  };
  let from = 0;
  for (let index = 0; condemned.size > 0 && index < batch.count; index++) {
    const reason = isCondemned(index);
    if (reason === undefined) continue;
    await search(from, index);
    poison.set(index, reason);
    from = index + 1;
  }
  await search(from, batch.count);
  return poison;
}

/** Records `from` to `to` (exclusive) of a batch, as one. */
function slice(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.count) return batch;
  const { origin, bytes } = batch;
  return {
    origin,
    bytes,
    count: to - from,
    start: batch.start.subarray(from, to),
    end: batch.end.subarray(from, to),
    pos: batch.pos.subarray(from, to),
    seconds: batch.seconds.subarray(from, to),
    nanos: batch.nanos.subarray(from, to),
    stream: batch.stream.subarray(from, to),
    level: batch.level.subarray(from, to),
    cut: batch.cut.subarray(from, to),
    records: batch.records?.slice(from, to) ?? null,
    fields: batch.fields?.slice(from, to) ?? null,
    merge: batch.merge,
    templates: batch.templates ?? null,
  };
}

/** The other records of a batch. */
function without(batch: Batch, left: ReadonlyMap<number, string>): Batch {
  if (left.size === 0) return batch;
  const rows = Array.from({ length: batch.count }, (_, row) => row);
  return selectRows(
    batch,
    rows.filter((row) => !left.has(row)),
  );
}

function messageOf(error: unknown): string {
  const cause = error instanceof PoisonError ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}
