import { randomBytes } from "node:crypto";
import { ChainReader, ReplacedError, type ChainRead } from "./input/tail/chain-reader.ts";
import type { Chain, FollowedFile } from "./input/tail/followed-file.ts";
import type { Delivery, Output, Sealed } from "./output/output.ts";
import { lostByMoving, lostByRelease } from "./loss.ts";
import { pendingBytes, planShipment, readableCursor, startOf, type ChainPlan } from "./plan.ts";
import type { Probe } from "./probe.ts";
import type { Source } from "./source.ts";
import type { LostBytes, Positions, Range, ShipmentEntry } from "./state/positions.ts";
import { committedBytes } from "./telemetry/committed-bytes.ts";
import type { Ledger, RecordCounters } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";

export interface ShipperOptions {
  readonly output: Output;
  readonly positions: Positions;
  readonly source: Source;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly probe: Probe;
  /** Raw bytes of one shipment. */
  readonly bytesMax: number;
  readonly once: boolean;
}

/** Records and bytes that one shipment delivered; zero records if there was nothing complete to ship. */
export interface Shipped {
  readonly records: number;
  readonly rawBytes: number;
  /** The shipment was full: there is more. */
  readonly more: boolean;
}

const NOTHING: Shipped = { records: 0, rawBytes: 0, more: false };

/**
 * Ships for one output: plan → encode → deliver → commit. What is read is decided by `planShipment`, what was read is
 * journaled before it can be seen, and positions move only after all of it is stored. A crash between journal and commit
 * is resolved by `recover`: the objects are there, or the same ranges are encoded to the same keys again.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #reader = new ChainReader();
  /** Ids of the chains that the shipment under way reads. */
  #reading = new Set<string>();

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  get outputId(): string {
    return this.#options.output.id;
  }

  /** Bytes that wait for this output. */
  pendingBytes(): number {
    const { source, positions } = this.#options;
    return source
      .chains()
      .reduce((sum, chain) => sum + pendingBytes(chain, positions.cursors.get(chain.id) ?? null), 0);
  }

  /** Ships once what is there, up to `bytesMax`. Throws if a step fails: nothing has moved then, try again. */
  async ship(nowMs: number, signal: AbortSignal): Promise<Shipped> {
    const { positions, source, bytesMax, once } = this.#options;
    if (positions.unresolved !== null) await this.recover(signal);
    const plan = planShipment(source.chains(), positions.cursors, { nowMs, bytesMax, once });
    if (plan.length === 0) return NOTHING;

    this.#reading = new Set(plan.map(({ chain }) => chain.id));
    try {
      return await this.#shipPlan(plan, nowMs, signal);
    } finally {
      this.#reading.clear();
    }
  }

  async #shipPlan(plan: readonly ChainPlan[], nowMs: number, signal: AbortSignal): Promise<Shipped> {
    const { output, positions, probe, bytesMax } = this.#options;
    const header = { seq: positions.nextSeq, planId: randomBytes(16).toString("hex") };
    const delivery = output.begin({ ...header, replay: false });
    let sealed: Sealed;
    let encoded: Encoded;
    let entry: ShipmentEntry;
    try {
      encoded = await this.#encode(plan.map(toRead), nowMs, delivery, signal);
      if (encoded.ranges.length === 0) return await abandon(delivery);
      sealed = await delivery.seal();
      probe("sealed");
      entry = {
        ...header,
        readTimeMs: nowMs,
        output: output.recorded,
        keys: sealed.keys,
        ranges: encoded.ranges,
        lost: this.#lostBy(plan, encoded.ranges),
      };
      await positions.plan(entry);
      probe("journaled");
      await delivery.publish();
    } catch (error) {
      await delivery.abandon().catch(() => undefined);
      if (!(error instanceof ReplacedError) || positions.unresolved !== null) throw error;
      // The file starts anew now, which changes the plan; each file is replaced at most once.
      return { ...NOTHING, more: true };
    }
    probe("published");
    await this.#commit(entry, sealed.records, encoded.counters);
    probe("committed");
    this.#report(sealed, encoded);
    return { records: sealed.records, rawBytes: encoded.bytes, more: encoded.refused || encoded.bytes >= bytesMax / 2 };
  }

  /** Finishes the shipment that a crash left between journal and commit. */
  async recover(signal: AbortSignal): Promise<void> {
    const { output, positions, source, log } = this.#options;
    if (positions.unresolved === null) return;
    const entry = positions.unresolved;
    let records = 0;
    let counters = noCounters();
    if (!(await output.isDelivered(entry))) {
      const delivery = output.begin({ ...entry, replay: true });
      try {
        const reads = entry.ranges.map((range) => replayOf(range, positions, source));
        const encoded = await this.#encode(reads, entry.readTimeMs, delivery, signal);
        const sealed = await delivery.seal();
        checkReplay(entry, sealed.keys);
        ({ records } = sealed);
        ({ counters } = encoded);
        await delivery.publish();
      } catch (error) {
        await delivery.abandon().catch(() => undefined);
        throw error;
      }
    }
    await this.#commit(entry, records, counters);
    log.info({ output: output.id, seq: entry.seq }, "finished the shipment that was interrupted");
  }

  /** Whether this output needs nothing of a file any more. True for files it does not ship. */
  isDone(chain: Chain, file: FollowedFile): boolean {
    const { source, positions } = this.#options;
    if (!source.chains().includes(chain)) return true;
    const cursor = positions.cursors.get(chain.id);
    if (this.isInFlight(chain)) return false;
    // How much a deleted file held is not known: something of it is missing unless reading went on behind it.
    const isMissing = file.record.givenUp?.reason === "deleted";
    if (cursor === undefined) return chain.files[0] === file && !isMissing && file.size <= file.record.startAt;
    if (cursor.open.some((open) => open.fragments.some((fragment) => fragment.file === file.record.id))) return false;
    const at = chain.files.findIndex((other) => other.record.id === cursor.file);
    const index = chain.files.indexOf(file);
    return at > index || (at === index && !isMissing && cursor.offset >= file.size);
  }

  /** Whether a shipment reads the chain, or is journaled with a part of it and not committed. */
  isInFlight(chain: Chain): boolean {
    const ranges = this.#options.positions.unresolved?.ranges ?? [];
    return this.#reading.has(chain.id) || ranges.some((range) => range.chain === chain.id);
  }

  /** A given-up file is released: what this output has not committed of it is lost. */
  countLost(chain: Chain, file: FollowedFile): void {
    const { output, source, positions, ledger } = this.#options;
    if (!source.chains().includes(chain)) return;
    for (const loss of lostByRelease(chain, file, positions.cursors.get(chain.id) ?? null))
      ledger.lost({ output: output.id, ...loss });
  }

  forget(chainId: string): void {
    this.#options.positions.forget(chainId);
  }

  /** Reads the planned ranges in order into a delivery; returns what was read, exactly. */
  async #encode(
    reads: readonly ChainRead[],
    readTimeMs: number,
    delivery: Delivery,
    signal: AbortSignal,
  ): Promise<Encoded> {
    const { source } = this.#options;
    const ports = {
      open: (id: string) => source.open(id),
      originOf: (id: string) => source.fileOf(id).record.origin,
      accept: async (batch: Parameters<Delivery["accept"]>[0]) => await delivery.accept(batch),
    };
    const encoded: Encoded = { ranges: [], bytes: 0, refused: false, counters: noCounters() };
    for (const read of reads) {
      signal.throwIfAborted();
      try {
        const result = await this.#reader.read(read, readTimeMs, ports);
        encoded.bytes += result.bytes;
        encoded.refused ||= result.refused;
        addCounters(encoded.counters, result.counters);
        if (result.range !== null) encoded.ranges.push(result.range);
      } catch (error) {
        if (error instanceof ReplacedError) await source.replaced(error.fileId, readTimeMs);
        throw error;
      }
    }
    return encoded;
  }

  /** Positions move, and what that settles is accounted for at the same moment. */
  async #commit(entry: ShipmentEntry, records: number, counters: RecordCounters): Promise<void> {
    const { output, positions, source, ledger } = this.#options;
    const bytes = committedBytes(entry.ranges, source.chains(), positions.cursors);
    await positions.commit();
    ledger.committed(output.id, { ...bytes, records, counters });
    for (const loss of entry.lost) ledger.lost({ output: output.id, ...loss });
  }

  /** What committing `ranges` gives up, by the state of the files when they were planned. */
  #lostBy(plan: readonly ChainPlan[], ranges: readonly Range[]): LostBytes[] {
    const cursors = this.#options.positions.cursors;
    const plans = new Map(plan.map((planned) => [planned.chain.id, planned]));
    return ranges.flatMap((range) => {
      const { chain, from } = plans.get(range.chain)!;
      return lostByMoving(chain, { cursor: cursors.get(chain.id) ?? null, read: from }, range);
    });
  }

  #report(sealed: Sealed, encoded: Encoded): void {
    const fields = {
      output: this.#options.output.id,
      records: sealed.records,
      rawBytes: encoded.bytes,
      objects: sealed.keys.length,
      bytes: sealed.bytes,
    };
    this.#options.log.info(fields, "shipped");
  }
}

interface Encoded {
  readonly ranges: Range[];
  bytes: number;
  refused: boolean;
  readonly counters: Counters;
}

type Counters = { -readonly [Name in keyof RecordCounters]: number };

function noCounters(): Counters {
  return { unparsed: 0, cut: 0, clamped: 0, repaired: 0 };
}

function addCounters(sums: Counters, more: RecordCounters): void {
  sums.unparsed += more.unparsed;
  sums.cut += more.cut;
  sums.clamped += more.clamped;
  sums.repaired += more.repaired;
}

async function abandon(delivery: Delivery): Promise<Shipped> {
  await delivery.abandon();
  return NOTHING;
}

function toRead(plan: ChainPlan): ChainRead {
  const segments = plan.segments.map(({ file, start, target, limit, torn }) => ({
    id: file.record.id,
    origin: file.record.origin,
    start,
    target,
    limit,
    torn,
  }));
  return {
    chain: plan.chain.id,
    framing: plan.chain.files[0]!.record.framing,
    from: plan.from,
    segments,
    ended: plan.ended,
  };
}

function checkReplay(entry: ShipmentEntry, keys: readonly string[]): void {
  if (keys.toSorted().join() === entry.keys.toSorted().join()) return;
  throw new Error(
    `cannot repeat shipment ${entry.seq}: it gave the objects ${keys.join(", ")} instead of ${entry.keys.join(", ")}`,
  );
}

/** The very range that was journaled: ends are exact, so a rest without newline there was a line. */
function replayOf(range: Range, positions: Positions, source: Source): ChainRead {
  const cursor = positions.cursors.get(range.chain) ?? null;
  const chain = source.chains().find((candidate) => candidate.id === range.chain);
  const from = chain === undefined ? cursor : readableCursor(chain, cursor);
  const segments = range.segments.map(({ file, end }) => {
    const followed = source.fileOf(file);
    const start = startOf(followed, from);
    return { id: file, origin: followed.record.origin, start, target: end, limit: end, torn: true };
  });
  return {
    chain: range.chain,
    framing: source.fileOf(range.segments[0]!.file).record.framing,
    from,
    segments,
    ended: range.ended,
  };
}
