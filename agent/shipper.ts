import { randomBytes } from "node:crypto";
import type { FilterChain } from "./filter/chain.ts";
import { ChainReader, ReplacedError } from "./input/tail/chain-reader.ts";
import type { Chain, FollowedFile } from "./input/tail/followed-file.ts";
import { REPLAYED, type Output, type ShipmentHeader } from "./output/output.ts";
import { Fault } from "./output/retry.ts";
import { lostByMoving, lostByRelease, sayLosses } from "./loss.ts";
import { pendingBytes, planShipment, type ChainPlan } from "./plan.ts";
import { prepare, publish, toRead, type Prepared, type PreparePorts } from "./prepare.ts";
import type { Probe } from "./probe.ts";
import { repeat } from "./repeat.ts";
import { ReplayRefusedError } from "./replay-quarantined.ts";
import { findGone, lostByReplay } from "./replay.ts";
import type { Source } from "./source.ts";
import type { LostBytes, Positions, Range, ShipmentEntry } from "./state/positions.ts";
import type { Quarantine } from "./state/quarantine-stage.ts";
import { committedBytes } from "./telemetry/committed-bytes.ts";
import type { Ledger } from "./telemetry/ledger.ts";
import type { Logger } from "./telemetry/log.ts";
import { noCounters, fileIdOf, UnreadableError, withoutChains, type Transferred, type Unreadable } from "./transfer.ts";

export interface ShipperOptions {
  readonly output: Output;
  readonly positions: Positions;
  readonly quarantine: Quarantine;
  readonly source: Source;
  /** Null: no filter works on records. */
  readonly filters: FilterChain | null;
  readonly log: Logger;
  readonly ledger: Ledger;
  readonly probe: Probe;
  /** Raw bytes of one shipment. */
  readonly bytesMax: number;
  readonly once: boolean;
  /** How long this output leaves a file alone whose pod is not known yet; Infinity: until its metadata is settled. */
  readonly podWaitMs?: number;
}

/** Records and bytes that one shipment delivered; zero records if there was nothing complete to ship. */
export interface Shipped {
  readonly records: number;
  readonly rawBytes: number;
  /** What was stored. */
  readonly objects: number;
  readonly storedBytes: number;
  /** The shipment was full: there is more. */
  readonly more: boolean;
  /** Why some chains, which wait for their next try, were not delivered although others were; null if all were. */
  readonly fault: Error | null;
}

const NOTHING_GONE: ReadonlySet<string> = new Set();
export const NOTHING: Shipped = { records: 0, rawBytes: 0, objects: 0, storedBytes: 0, more: false, fault: null };
/** The next try after nothing moved: the plan is another one now. */
const AGAIN: Shipped = { ...NOTHING, more: true };
/** A chain that can't be read, or delivered, is left out for so long, doubling from one to the other. */
const LEFT_OUT_MS_MIN = 1000;
const LEFT_OUT_MS_MAX = 60_000;

/**
 * Ships for one output: plan → encode → deliver → commit. What is read is decided by `planShipment`, what was read is
 * journaled before it can be seen, and positions move only after all of it is stored. A failure between journal and
 * commit, or a crash there, is resolved by `recover` before anything else: the objects are there, or the same ranges are
 * encoded to the same keys again, or, if the files have lost them and no object is there, the shipment is undone. An output
 * that is a stream is sent first, and what was acknowledged is journaled and committed.
 */
export class Shipper {
  readonly #options: ShipperOptions;
  readonly #ports: PreparePorts;
  /** Chains whose last attempt found no whole line. */
  readonly incomplete = new Set<string>();
  /** Ids of the chains that the shipment under way reads. */
  #reading = new Set<string>();
  readonly #leftOut = new Map<string, { waitMs: number; retryAtMs: number; fault: Error | null }>();
  #mustClean = true;

  constructor(options: ShipperOptions) {
    this.#options = options;
    const { source, output, quarantine, filters } = options;
    this.#ports = { reader: new ChainReader(), source, output, quarantine, filters };
  }

  get outputId(): string {
    return this.#options.output.id;
  }

  /** Name of the configuration of its filters, if they work on records. */
  get filters(): string | undefined {
    return this.#ports.filters?.name;
  }

  /** Bytes that wait for this output. What is to be shipped again counts as one. */
  pendingBytes(): number {
    const { source, positions, quarantine, once } = this.#options;
    const replay = quarantine.hasReplay() ? 1 : 0;
    const clock = { nowMs: source.nowMs(), once };
    return source
      .chains()
      .reduce((sum, chain) => sum + pendingBytes(chain, positions.cursors.get(chain.id) ?? null, clock), replay);
  }

  /** Ships once what is there, up to `bytesMax`; `nowMs` is the wall clock's, the time of what has none. Throws if a step fails: nothing has moved then, try again. */
  async ship(nowMs: number, signal: AbortSignal): Promise<Shipped> {
    const { positions, quarantine, source, bytesMax, once, podWaitMs = Infinity } = this.#options;
    await this.#clean();
    if (positions.unresolved !== null) await this.recover(signal);
    const chains = source.chains().filter((chain) => this.#isDue(chain.id));
    const plan = planShipment(chains, positions.cursors, { nowMs: source.nowMs(), bytesMax, once, podWaitMs });
    if (plan.length === 0 && !quarantine.hasReplay()) return { ...NOTHING, fault: this.#fault() };

    // From now on: what such a file grows by would be behind the position.
    for (const { segments } of plan) for (const { file } of segments.slice(0, -1)) file.passed = true;
    this.#reading = new Set(plan.map(({ chain }) => chain.id));
    try {
      const shipped = await this.#shipPlan(plan, nowMs, signal);
      const fault = this.#fault();
      if (once && fault !== null) throw fault;
      return { ...shipped, fault };
    } finally {
      this.#reading.clear();
    }
  }

  async #shipPlan(plan: readonly ChainPlan[], nowMs: number, signal: AbortSignal): Promise<Shipped> {
    const { output, positions, quarantine, probe, bytesMax, log } = this.#options;
    const numbered = { seq: positions.nextSeq, planId: randomBytes(16).toString("hex") };
    const claimed = quarantine.hasReplay() ? await quarantine.claim(numbered.seq) : null;
    let header: ShipmentHeader = { ...numbered, replay: false, ...(claimed === null ? {} : { replayed: claimed }) };
    const isStream = output.isStream === true;
    let prepared: Prepared | null = null;
    let entry: ShipmentEntry;
    try {
      // Where a shipment has no room for all, not the same chains are first each time.
      const turned = isStream ? turn(plan, header.seq) : plan;
      prepared = await prepare(this.#ports, turned.map(toRead), header, { readTimeMs: nowMs, signal });
      for (const failure of prepared.transferred.unreadable) this.#leaveOut(failure);
      this.#noteIncomplete(plan, prepared.transferred);
      if (prepared.transferred.ranges.length === 0 && claimed === null) {
        await prepared.delivery.abandon();
        return NOTHING;
      }
      if (typeof prepared.sealed.taken === "string") return await this.#renumber(prepared, header, nowMs);
      if (isStream) {
        const sent = await this.#send(prepared, header);
        ({ prepared, header } = sent);
      }
      probe("sealed");
      const { keys, records } = prepared.sealed;
      const { ranges } = prepared.transferred;
      for (const { chain } of ranges) this.#leftOut.delete(chain);
      if (ranges.length === 0 && header.replayed === undefined) return NOTHING;
      const { filtered } = prepared.transferred;
      const lost = this.#lostBy(plan, ranges);
      const { replay: _, ...rest } = header;
      const { filters } = this.#ports;
      const named = filters === null ? rest : { ...rest, filters: filters.name };
      entry = { ...named, readTimeMs: nowMs, output: output.recorded, keys, ranges, lost, records, filtered };
      if (isStream) positions.delivered(entry);
      else {
        await positions.plan(entry);
        probe("journaled");
        await publish(prepared.delivery, header.seq, quarantine);
      }
    } catch (error) {
      await prepared?.delivery.abandon().catch(() => undefined);
      if (positions.unresolved !== null) throw error;
      await this.#takeBack(header, error instanceof ReplayRefusedError ? "jsonl" : "replay").catch(() => undefined);
      if (error instanceof UnreadableError) this.#leaveOut(error);
      // A file that starts anew changes the plan; each file is replaced at most once.
      else if (error instanceof ReplayRefusedError)
        log.error({ output: output.id, err: error }, "cannot ship a quarantine file again");
      else if (!(error instanceof ReplacedError)) throw error;
      return AGAIN;
    }
    probe("published");
    await this.#commit(entry, prepared, NOTHING_GONE);
    probe("committed");
    this.#report(prepared);
    const { bytes, refused } = prepared.transferred;
    const { records, keys, bytes: storedBytes } = prepared.sealed;
    const more = refused || bytes >= bytesMax / 2;
    return { records, rawBytes: bytes, objects: keys.length, storedBytes, more, fault: null };
  }

  /** Sends the shipment of a stream; what was not acknowledged is no part of it any more. */
  async #send(prepared: Prepared, header: ShipmentHeader): Promise<{ prepared: Prepared; header: ShipmentHeader }> {
    const { quarantine } = this.#options;
    const { seq, replayed } = header;
    const outcome = await publish(prepared.delivery, seq, quarantine);
    if (outcome === null) return { prepared, header };
    const { undelivered, records, bytes } = outcome;
    for (const [chain, fault] of undelivered) if (chain !== REPLAYED) this.#leaveOut({ chain, fault });
    const sealed = { ...prepared.sealed, records, bytes };
    const delivered = { ...prepared, sealed, transferred: withoutChains(prepared.transferred, undelivered) };
    if (replayed === undefined || !undelivered.has(REPLAYED)) return { prepared: delivered, header };
    await quarantine.unclaim(replayed, seq, "replay");
    const { replayed: _, ...rest } = header;
    return { prepared: delivered, header: rest };
  }

  /** Finishes, or undoes, the shipment that a failure or a crash left between journal and commit. */
  async recover(signal: AbortSignal): Promise<void> {
    const { output, positions, source, log } = this.#options;
    const entry = positions.unresolved;
    if (entry === null) return;
    await this.#clean();
    const fields = { output: output.id, seq: entry.seq };
    const gone = findGone(entry, positions, source);
    let prepared: Prepared | null = null;
    if (!(await output.isDelivered(entry, signal))) {
      prepared = await repeat({ ...this.#ports, positions }, entry, gone, signal);
      if (prepared === null) {
        await this.#takeBack(entry, "replay");
        await positions.abort();
        log.warn(fields, "undid the interrupted shipment: its files have changed, and nothing of it was visible");
        return;
      }
    } else gone.clear();
    await this.#commit(entry, prepared, gone);
    log.info(fields, "finished the shipment that was interrupted");
  }

  /** Whether this output needs nothing of a file any more. True for files it does not ship. */
  isDone(chain: Chain, file: FollowedFile): boolean {
    const { source, positions } = this.#options;
    if (!source.chains().includes(chain)) return true;
    const cursor = positions.cursors.get(chain.id);
    if (this.isInFlight(chain)) return false;
    // How much a deleted file held is not known: something of it is missing unless reading went on behind it.
    const { givenUp } = file.record;
    const isMissing = givenUp?.reason === "deleted" && givenUp.isSizeKnown !== true;
    if (cursor?.open.some((open) => open.fragments.some((fragment) => fragment.file === file.record.id))) return false;
    const at = chain.files.findIndex((other) => other.record.id === cursor?.file);
    const index = chain.files.indexOf(file);
    // Not a byte of what is left was ever read; of an empty file there never will be.
    if (cursor === undefined || at < 0) return index === 0 && !isMissing && file.size <= file.record.startAt;
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
    this.#leftOut.delete(chainId);
    this.#options.positions.forget(chainId);
    this.incomplete.delete(chainId);
  }

  /**
   * Positions move, and what that settles is accounted for at the same moment. `prepared`: null if it was found delivered.
   * `gone`: files of the entry's own ranges that could not be read again.
   */
  async #commit(entry: ShipmentEntry, prepared: Prepared | null, gone: ReadonlySet<string>): Promise<void> {
    const { output, positions, source, quarantine, ledger, log } = this.#options;
    const bytes = committedBytes(entry.ranges, source.chains(), positions.cursors);
    const missing = lostByReplay(entry, positions, source, gone);
    const segments = bytes.segments.filter(({ file }) => !gone.has(file));
    const quarantined = await quarantinedOf(quarantine, entry.seq);
    await positions.commit(missing);
    const records = prepared?.sealed.records ?? entry.records;
    const counters = prepared?.transferred.counters ?? noCounters();
    const filtered = prepared?.transferred.filtered ?? entry.filtered;
    const filters = prepared?.transferred.filters ?? new Map();
    ledger.committed(output.id, { ...bytes, segments, records, counters, filtered, filters, quarantined });
    await sayLosses(output.id, positions, ledger);
    try {
      await quarantine.commit(entry.seq);
      if (entry.replayed !== undefined) await quarantine.finish(entry.replayed, entry.seq);
    } catch (error) {
      this.#mustClean = true;
      log.warn({ output: output.id, err: error }, "cannot list what was quarantined; trying again");
    }
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

  /** The journal is older than the store: what is there stays, and what comes gets names that were never used. */
  async #renumber({ delivery, sealed }: Prepared, header: ShipmentHeader, nowMs: number): Promise<Shipped> {
    const { output, positions, log } = this.#options;
    await delivery.abandon();
    await this.#takeBack(header, "replay");
    log.error(
      { output: output.id, key: sealed.taken },
      "an object has the next shipment's name already, so the journal was lost or is an old copy: " +
        "records may be stored twice; going on under higher numbers",
    );
    positions.skipTo(Math.max(positions.nextSeq + 1, nowMs));
    return AGAIN;
  }

  /** What the shipment made of the quarantine is undone. */
  async #takeBack({ seq, replayed }: Pick<ShipmentHeader, "seq" | "replayed">, to: "replay" | "jsonl"): Promise<void> {
    const { quarantine } = this.#options;
    await quarantine.discard(seq);
    if (replayed !== undefined) await quarantine.unclaim(replayed, seq, to);
  }

  async #clean(): Promise<void> {
    if (!this.#mustClean) return;
    const { positions, quarantine } = this.#options;
    await quarantine.clean(positions.nextSeq, positions.unresolved?.seq ?? null);
    this.#mustClean = false;
  }

  #noteIncomplete(plan: readonly ChainPlan[], { ranges, refused, unreadable }: Transferred): void {
    const others = new Set([...ranges, ...unreadable].map(({ chain }) => chain));
    for (const { chain } of plan) {
      if (refused || others.has(chain.id)) this.incomplete.delete(chain.id);
      else this.incomplete.add(chain.id);
    }
  }

  /** A file that can't be read or delivered must not hold up the others. */
  #leaveOut(failure: Unreadable | { readonly chain: string; readonly fault: Error }): void {
    const { output, source, log } = this.#options;
    const { chain: id } = failure;
    const waitedMs = this.#leftOut.get(id)?.waitMs ?? LEFT_OUT_MS_MIN / 2;
    const waitMs = Math.min(LEFT_OUT_MS_MAX, waitedMs * 2);
    const fault = "fault" in failure ? failure.fault : null;
    this.#leftOut.set(id, { waitMs, retryAtMs: performance.now() + waitMs, fault });
    const fields = { output: output.id, path: source.chains().find((chain) => chain.id === id)?.path };
    // What the service said is in the log already.
    if (fault instanceof Fault) log.debug({ ...fields, reason: fault.message, retryInMs: waitMs }, "not delivered");
    else if (fault !== null)
      log.error({ ...fields, err: fault, retryInMs: waitMs }, "cannot deliver a file; the others go on");
    else if ("error" in failure)
      log.error({ ...fields, err: failure.error, retryInMs: waitMs }, "cannot read a file; the others go on");
  }

  #isDue(chainId: string): boolean {
    const left = this.#leftOut.get(chainId);
    return left === undefined || performance.now() >= left.retryAtMs;
  }

  #fault(): Error | null {
    for (const { fault } of this.#leftOut.values()) if (fault !== null) return fault;
    return null;
  }

  #report({ sealed, transferred, quarantined }: Prepared): void {
    const fields = {
      output: this.#options.output.id,
      records: sealed.records,
      rawBytes: transferred.bytes,
      objects: sealed.keys.length,
      bytes: sealed.bytes,
      ...(quarantined > 0 ? { quarantined } : {}),
    };
    const { output, log } = this.#options;
    // One a second would itself be a log worth shipping.
    if (output.isStream === true) log.debug(fields, "shipped");
    else log.info(fields, "shipped");
  }
}

function turn<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % Math.max(1, items.length);
  return [...items.slice(first), ...items.slice(0, first)];
}

/** By file: what the shipment leaves out. */
async function quarantinedOf(
  quarantine: Quarantine,
  seq: number,
): Promise<{ file: string; bytes: number; records: number }[]> {
  const byFile = new Map<string, { file: string; bytes: number; records: number }>();
  for await (const { origin, rawBytes } of quarantine.staged(seq)) {
    const file = fileIdOf(origin.file);
    const sum = byFile.get(file) ?? { file, bytes: 0, records: 0 };
    byFile.set(file, { file, bytes: sum.bytes + rawBytes, records: sum.records + 1 });
  }
  return [...byFile.values()];
}
