import { mkdirSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { TailConfig } from "../../config/input/tail.ts";
import type { FilterChain } from "../../agent/filter/chain.ts";
import { FileStore } from "../../agent/input/tail/file-store.ts";
import { Tail } from "../../agent/input/tail/tail.ts";
import type { TailOptions } from "../../agent/input/tail/tail-state.ts";
import { sayLosses } from "../../agent/loss.ts";
import { PoisonError, type Delivery, type Output } from "../../agent/output/output.ts";
import type { Origin } from "../../agent/record.ts";
import { passedEnds, readEnds } from "../../agent/passed.ts";
import { createRetention } from "../../agent/retention.ts";
import { Shipper } from "../../agent/shipper.ts";
import { createSource } from "../../agent/source.ts";
import type { QuarantinedRecord } from "../../agent/state/quarantine.ts";
import { openQuarantine } from "../../agent/state/quarantine-stage.ts";
import { openPositions, type Positions } from "../../agent/state/positions.ts";
import { createLedger, type Ledger } from "../../agent/telemetry/ledger.ts";
import {
  originOfFile,
  recordingLogger,
  recordsOf,
  T0_MS,
  tempFolder,
  type RecordedLog,
  type SeenRecord,
} from "./fixture.ts";

const NOTHING = /(?!)/;
const NEVER = new AbortController().signal;

/** An output that keeps what is published, and fails where it is told to. */
export interface FakeOutput extends Output {
  readonly published: SeenRecord[];
  /** The steps that throw. */
  readonly failing: Set<"begin" | "accept" | "seal" | "publish" | "isDelivered">;
  readonly abandoned: number[];
  /** What `isDelivered` says. */
  delivered: boolean;
  /** Keys that `forbid` finds there. */
  readonly visibleKeys: Set<string>;
  keysOf(seq: number): string[];
  /** Records that can't be encoded, and those that are refused at the end. */
  poison: RegExp;
  refused: RegExp;
  /** Of a stream: chains that are not delivered, and why. */
  readonly undelivered: Map<string, Error>;
  isStream?: boolean;
  /** A delivery of so many records has no room for more. */
  recordsMax: number;
  /** Key that is taken when a shipment is sealed. */
  takenKey: string | null;
}

export function fakeOutput(id = "fake"): FakeOutput {
  const failing: FakeOutput["failing"] = new Set();
  const step = (name: Parameters<typeof failing.has>[0]) => {
    if (failing.has(name)) throw new Error(`${name} fails`);
  };
  const output: FakeOutput = {
    id,
    recorded: { id },
    published: [],
    failing,
    abandoned: [],
    delivered: false,
    visibleKeys: new Set(),
    keysOf: (seq) => [`object-${seq}`],
    poison: NOTHING,
    refused: NOTHING,
    undelivered: new Map(),
    recordsMax: Infinity,
    takenKey: null,
    begin: ({ seq }) => {
      step("begin");
      return deliveryOf(output, seq, step);
    },
    tryEncode: async (batch) => {
      if (recordsOf(batch).some(({ log }) => output.poison.test(log))) throw new Error("too strange");
      await Promise.resolve();
    },
    isDelivered: async () => {
      step("isDelivered");
      return await Promise.resolve(output.delivered);
    },
    forbid: async (entry) => await Promise.resolve(!entry.keys.some((key) => output.visibleKeys.has(key))),
    clean: () => Promise.resolve(),
  };
  return output;
}

function deliveryOf(output: FakeOutput, seq: number, step: (name: "accept" | "seal" | "publish") => void): Delivery {
  const records: (SeenRecord & { chain: string })[] = [];
  return {
    get isFull() {
      return records.length >= output.recordsMax;
    },
    accept: async (batch, { chain }) => {
      step("accept");
      if (records.length >= output.recordsMax) return false;
      const taken = recordsOf(batch).map((record) => ({ ...record, chain }));
      if (taken.some(({ log }) => output.poison.test(log))) throw new PoisonError("cannot encode");
      records.push(...taken);
      return await Promise.resolve(true);
    },
    seal: async () => {
      step("seal");
      const keys = output.keysOf(seq);
      const taken = keys.find((key) => key === output.takenKey) ?? null;
      return await Promise.resolve({ keys, taken, records: records.length, bytes: 0 });
    },
    publish: async () => {
      step("publish");
      const taken = records.filter(({ chain }) => !output.undelivered.has(chain));
      const stored = taken.filter(({ log }) => !output.refused.test(log));
      output.published.push(...stored);
      const refused = taken.filter(({ log }) => output.refused.test(log)).map(refusalOf);
      const chains = new Set(records.map(({ chain }) => chain));
      const undelivered = new Map([...output.undelivered].filter(([chain]) => chains.has(chain)));
      return await Promise.resolve({ refused, undelivered, records: stored.length, bytes: 0 });
    },
    abandon: async () => {
      output.abandoned.push(seq);
      await Promise.resolve();
    },
  };
}

function refusalOf({ file, log, pos }: SeenRecord): QuarantinedRecord {
  const codes = { seconds: 1, nanos: 0, stream: 1, level: 0, cut: 0 };
  return { reason: "too old", origin: originOfFile(file), pos, rawBytes: 1, ...codes, log };
}

export interface BedOptions extends Partial<TailConfig> {
  /** The folder of an earlier bed: a restart. */
  readonly folder?: string;
  /** Descriptors that it handed over. */
  readonly held?: Map<string, FileHandle>;
  readonly output?: FakeOutput;
  readonly once?: boolean;
  readonly bytesMax?: number;
  /** storage.total_limit_size; without it nothing is given up, however full the disk is. */
  readonly limitBytes?: number | null;
  /** The state folder, where it is not `state/`. */
  readonly state?: string;
  readonly quarantineBytesMax?: number;
  readonly pollMs?: number;
  readonly filters?: FilterChain | null;
  readonly pods?: TailOptions["pods"];
  /** What is known of a file at the moment, beside its path. */
  readonly changeOrigin?: () => Partial<Origin>;
}

/** A tail over `logs/*.log`, and one output that ships it; state in `state/`. */
export interface Bed extends AsyncDisposable {
  readonly folder: string;
  readonly logs: string;
  readonly tail: Tail;
  readonly store: FileStore;
  readonly shipper: Shipper;
  readonly output: FakeOutput;
  readonly positions: Positions;
  readonly lines: RecordedLog[];
  readonly ledger: Ledger;
  /** Finds, looks and ships until nothing more comes. */
  run(nowMs: number): Promise<void>;
  logsShipped(): string[];
  /** As the agent does it: also gives up what exceeds the limits. */
  release(): Promise<string[]>;
}

export async function openBed(options: BedOptions = {}): Promise<Bed> {
  const {
    folder: earlier,
    held,
    output = fakeOutput(),
    once = false,
    bytesMax = 1 << 26,
    limitBytes,
    quarantineBytesMax = 1 << 20,
    pollMs = 1,
    filters = null,
    pods = null,
    changeOrigin = () => ({}),
    ...rest
  } = options;
  const { state: stateFolder, ...changes } = rest;
  const temp = earlier === undefined ? tempFolder() : null;
  const folder = earlier ?? temp!.path;
  const logs = join(folder, "logs");
  const state = stateFolder ?? join(folder, "state");
  mkdirSync(logs, { recursive: true });
  mkdirSync(state, { recursive: true });
  const { log, lines } = recordingLogger();
  const ledger = createLedger(log);
  const config: TailConfig = { ...tailConfig(join(logs, "*.log")), ...changes };
  const { store, records } = await FileStore.open(join(state, "files"), T0_MS);
  const tail = new Tail({
    config,
    store,
    log,
    ledger,
    pollMs,
    pods,
    describe: (file) => ({ ...originOf(file), ...changeOrigin() }),
  });
  await tail.restore(records, held, T0_MS);
  const positions = await openPositions(join(state, "fake.journal"));
  tail.endPassed(passedEnds([positions]), readEnds([positions]));
  await sayLosses(output.id, positions, ledger);
  let clockMs = T0_MS;
  const source = createSource(
    [tail],
    () => true,
    () => clockMs,
  );
  ledger.attach(output.id, { chains: () => source.chains(), cursors: positions.cursors });
  const quarantine = openQuarantine(join(state, "quarantine"), output.id, quarantineBytesMax);
  const shipper = new Shipper({
    output,
    positions,
    quarantine,
    source,
    filters,
    log,
    ledger,
    probe: () => undefined,
    bytesMax,
    once,
  });
  const retention = limitBytes === undefined ? null : createRetention([tail], { directory: state, limitBytes, log });
  const ship = shipper.ship.bind(shipper);
  shipper.ship = async (nowMs, signal) => {
    clockMs = nowMs;
    return await ship(nowMs, signal);
  };
  return {
    folder,
    logs,
    tail,
    store,
    shipper,
    output,
    positions,
    lines,
    ledger,
    run: async (nowMs) => {
      await tail.discover(nowMs);
      await tail.poll(nowMs, true);
      for (let more = true; more;) ({ more } = await shipper.ship(nowMs, NEVER));
    },
    logsShipped: () => output.published.map((record) => record.log),
    release: async () => {
      await retention?.giveUp(shipper);
      const ended = await tail.release(shipper);
      for (const chain of ended) shipper.forget(chain);
      return ended;
    },
    [Symbol.asyncDispose]: async () => {
      await positions.close();
      await tail.close();
      temp?.[Symbol.dispose]();
    },
  };
}

/** The same agent after a stop: over the same folder, with an output of its own. */
export async function restartBed(bed: Bed, changes: BedOptions = {}): Promise<Bed> {
  await bed.positions.close();
  await bed.tail.close();
  return await openBed({ folder: bed.folder, ...changes });
}

export function tailConfig(path: string): TailConfig {
  const times = { refreshIntervalMs: 1000, readFromHead: true, ignoreOlderMs: null, source: null };
  return {
    plugin: "tail",
    tag: "kube.*",
    path: [path],
    excludePath: [],
    framing: "cri",
    multiline: null,
    parser: null,
    skipEmptyLines: false,
    ...times,
    links: true,
  };
}

function originOf(file: { path: string; id: string }): Origin {
  return originOfFile(file.id, { path: file.path });
}
