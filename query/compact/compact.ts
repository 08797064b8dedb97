/**
 * Merges the objects of closed hours (docs/decisions/0024). Of one partition, in this order, each step durable before the next:
 *
 *   plan      which objects become which, by who creates the record first
 *   merge     the merged objects, which nobody reads yet
 *   outcome   from this moment on the merged objects count, and their inputs don't
 *   clean     after a grace: markers without rows in the place of the inputs
 *   close     after seven days: the markers go
 *
 * Every step may be interrupted, and done by two at once: what is there already is left as it is.
 */
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { createTableEncoder } from "../../parquet/encoder.ts";
import type { Partition } from "../catalog/plan.ts";
import { mapLimited } from "../store/s3/limiter.ts";
import type { StoredObject } from "../store/store.ts";
import type { CompactStore } from "./compact-store.ts";
import { BrokenFile, openMerger, type Merger } from "./merge.ts";
import { mergeable, planOutputs, type Limits } from "./plan.ts";
import {
  isInputOf,
  mergedGeneration,
  parseRecordKey,
  recordKey,
  type Outcome,
  type Plan,
  type PlannedOutput,
  type Step,
} from "../../config/compact-records.ts";
import { outcomeOf, planOf } from "./read-record.ts";
import { baseName, visibilityOf } from "./visible.ts";
import { isAlive } from "./work-folder.ts";

export interface CompactOptions extends Limits {
  /** How long inputs stay after they were merged: queries that have listed them still read them. */
  readonly graceMs: number;
  /** An object that is younger may be part of what is still coming. */
  readonly settleMs: number;
  nowMs(): number;
  readonly signal: AbortSignal;
  /** Tells what is worth knowing: one line. */
  readonly notice: (message: string) => void;
  /** Only says what it would merge. */
  readonly isDry: boolean;
  /** Told each step once it is done. Tests stop it there. */
  readonly probe?: (step: string) => void;
}

export interface Compacted {
  /** Objects that were merged, and into how many. */
  readonly merged: number;
  readonly into: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Inputs that markers took the place of, and markers that were deleted. */
  readonly cleaned: number;
  readonly closed: number;
}

/** Agents answer a shipment of theirs that is older than this by a new object; its rows are not counted again. */
const MARKER_MS = 7 * 24 * 3_600_000;
/** A plan of another machine that is as old is taken over. */
const LEASE_MS = 15 * 60_000;
/** Markers that are being put or taken away. */
const AT_ONCE_MAX = 16;

/** Does what is due in one partition. Throws where it cannot; the next run goes on from there. */
export async function compactPartition(
  store: CompactStore,
  partition: Partition,
  options: CompactOptions,
): Promise<Compacted> {
  const at: At = { store: listingOnce(store), partition, options };
  let generations = await readGenerations(at);
  const total = { merged: 0, into: 0, bytesBefore: 0, bytesAfter: 0, cleaned: 0, closed: 0 };
  const open = generations.find(({ steps }) => !steps.has("outcome"));
  if (open !== undefined && !options.isDry) {
    const key = recordKey(partition.path, open.generation, "plan");
    const plan = planOf(await store.readRecord(key, options.signal), key);
    if (isHeld(plan, options.nowMs())) {
      options.notice(`${partition.path}: ${plan.by.host} is merging it`);
      return total;
    }
    add(total, await finishPlan(at, plan));
    generations = await readGenerations(at);
  }
  const outcomes = await readOutcomes(at, generations);
  if (!options.isDry) {
    for (const outcome of outcomes) {
      if (outcome.state === "finished") await clean(at, outcome, total);
    }
    await sweep(at, outcomes);
  }
  add(total, await planAndMerge(at, outcomes));
  return total;
}

interface At {
  readonly store: CompactStore;
  readonly partition: Partition;
  readonly options: CompactOptions;
}

/** Lists a partition again only after something in it was changed: a bucket takes money for it. */
function listingOnce(store: CompactStore): CompactStore {
  let listed: Promise<StoredObject[]> | null = null;
  const changing = async (change: Promise<void>): Promise<void> => {
    try {
      await change;
    } finally {
      listed = null;
    }
  };
  return {
    ...store,
    listStored: async (partition, signal) => await (listed ??= store.listStored(partition, signal)),
    publish: async (...given) => await changing(store.publish(...given)),
    replace: async (...given) => await changing(store.replace(...given)),
    remove: async (...given) => await changing(store.remove(...given)),
  };
}

type Total = { -readonly [Name in keyof Compacted]: number };

function add(total: Total, more: Partial<Compacted>): void {
  for (const name of Object.keys(total) as (keyof Compacted)[]) total[name] += more[name] ?? 0;
}

interface Generation {
  readonly generation: number;
  /** What was recorded, and when that appeared. */
  readonly steps: ReadonlyMap<Step, number>;
}

async function readGenerations({ store, partition, options }: At): Promise<Generation[]> {
  const listed = await store.listRecords(partition, options.signal);
  const records = listed.map(({ key, appearedMs }) => ({ ...parseRecordKey(key)!, appearedMs }));
  const found = [...Map.groupBy(records, ({ generation }) => generation)];
  return found
    .map(([generation, own]) => ({ generation, steps: new Map(own.map(({ step, appearedMs }) => [step, appearedMs])) }))
    .toSorted((a, b) => a.generation - b.generation);
}

type KnownOutcome = Outcome & Pick<Generation, "steps">;

async function readOutcomes(at: At, generations: readonly Generation[]): Promise<KnownOutcome[]> {
  const { store, partition, options } = at;
  const outcomes: KnownOutcome[] = [];
  for (const { generation, steps } of generations) {
    if (!steps.has("outcome")) continue;
    const key = recordKey(partition.path, generation, "outcome");
    outcomes.push({ ...outcomeOf(await store.readRecord(key, options.signal), key), steps });
  }
  return outcomes;
}

/** Whether somebody else is at it. If two are, neither does harm: it costs work. */
function isHeld({ by, plannedMs }: Plan, nowMs: number): boolean {
  if (by.host === hostname()) return by.pid !== process.pid && isAlive(by.pid);
  return nowMs - plannedMs < LEASE_MS;
}

async function planAndMerge(at: At, outcomes: readonly Outcome[]): Promise<Partial<Compacted>> {
  const { store, partition, options } = at;
  const { counts } = visibilityOf(outcomes);
  const stored = await store.listStored(partition, options.signal);
  const small = mergeable(
    stored.filter((object) => counts(baseName(object))),
    options,
    options.nowMs() - options.settleMs,
  );
  if (small.length < options.objectsMin) return {};
  return await inFolder(at, async (work) => {
    const generation = (outcomes.at(-1)?.generation ?? 0) + 1;
    const outputs = planOutputs(small, await countRows(work, small), generation, options);
    if (outputs.length === 0) return {};
    if (options.isDry) return summaryOf(outputs);
    const by = { host: hostname(), pid: process.pid };
    const plan: Plan = { version: 1, partition: partition.path, generation, plannedMs: options.nowMs(), by, outputs };
    const key = recordKey(partition.path, generation, "plan");
    if (!(await store.createRecord(key, JSON.stringify(plan), options.signal))) {
      options.notice(`${partition.path}: another logq compact was quicker`);
      return {};
    }
    options.probe?.("planned");
    return await execute(work, plan);
  });
}

async function finishPlan(at: At, plan: Plan): Promise<Partial<Compacted>> {
  return await inFolder(at, async (work) => await execute(work, plan));
}

/** A folder of its own for what is being made. */
interface Work extends At {
  readonly folder: string;
  readonly merger: Merger;
}

async function inFolder<Result>(at: At, use: (work: Work) => Promise<Result>): Promise<Result> {
  const folder = await at.store.makeFolder();
  const merger = await openMerger(join(folder, "rows"));
  try {
    return await use({ ...at, folder, merger });
  } finally {
    merger.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One that cannot be read is left out, and said: the others are merged without it. */
async function countRows(
  { store, merger, folder, options }: Work,
  objects: readonly StoredObject[],
): Promise<Map<string, number>> {
  const files = await store.obtain(objects, folder, options.signal);
  const counts = await merger.countRows(files).catch(() => null);
  const rows = new Map<string, number>();
  for (const [i, { key }] of objects.entries()) {
    try {
      rows.set(key, (counts ?? (await merger.countRows([files[i]!]))).get(files[i]!) ?? 0);
    } catch (error) {
      options.notice(`${key} is not merged: ${(error as Error).message.split("\n")[0]!}`);
    }
  }
  return rows;
}

/** Makes the merged objects that are not there yet, then the outcome. */
async function execute(work: Work, plan: Plan): Promise<Partial<Compacted>> {
  const { store, partition, options } = work;
  let bytesAfter = 0;
  for (const output of plan.outputs) {
    const stored = await store.listStored(partition, options.signal);
    const published = stored.find((object) => baseName(object) === output.name);
    if (published !== undefined) {
      bytesAfter += published.bytes;
      continue;
    }
    const inputs = stored.filter((object) => isInputOf(output, baseName(object)));
    const made = await mergeInto(work, output, inputs);
    if (typeof made === "string") return await cancel(work, plan, made);
    bytesAfter += made;
    options.probe?.("published");
  }
  const decided = await decide(work, plan, "finished");
  options.probe?.("finished");
  return decided ? { ...summaryOf(plan.outputs), bytesAfter } : {};
}

/** How many bytes it has, or why there is none. */
async function mergeInto(work: Work, output: PlannedOutput, inputs: readonly StoredObject[]): Promise<number | string> {
  const { store, merger, folder, partition, options } = work;
  if (inputs.length !== output.objects) return `${output.objects - inputs.length} of its objects are gone (retention?)`;
  const files = await store.obtain(inputs, folder, options.signal);
  const target = join(folder, output.name);
  const { rows, bytes } = await merger.merge(files, target, options.signal).catch((error: unknown) => {
    if (!(error instanceof BrokenFile)) throw error;
    const { key } = inputs[files.indexOf(error.file)]!;
    throw new Error(`${key} is broken (${error.message}): move it out of the store`, { cause: error });
  });
  if (rows !== output.rows) return `${rows} rows came of ${output.rows}`;
  options.probe?.("merged");
  await store.publish(target, `${partition.path}/${output.name}`, options.signal);
  await rm(target, { force: true });
  return bytes;
}

/** False: the other way was decided already. */
async function decide(at: At, plan: Plan, state: Outcome["state"], reason?: string): Promise<boolean> {
  const { store, options } = at;
  const key = recordKey(plan.partition, plan.generation, "outcome");
  const outcome: Outcome = { ...plan, state, decidedMs: options.nowMs(), ...(reason !== undefined && { reason }) };
  if (await store.createRecord(key, JSON.stringify(outcome), options.signal)) return true;
  return outcomeOf(await store.readRecord(key, options.signal), key).state === state;
}

async function cancel(at: At, plan: Plan, reason: string): Promise<Partial<Compacted>> {
  at.options.notice(`${plan.partition} is not merged: ${reason}; the next run plans anew`);
  await decide(at, plan, "cancelled", reason);
  return {};
}

function summaryOf(outputs: readonly PlannedOutput[]): Partial<Compacted> {
  return {
    merged: outputs.reduce((sum, { objects }) => sum + objects, 0),
    into: outputs.length,
    bytesBefore: outputs.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** What is left of merges that were cancelled; nobody reads it. */
async function sweep(at: At, outcomes: readonly Outcome[]): Promise<void> {
  const { store, partition, options } = at;
  const cancelled = new Set(outcomes.filter(({ state }) => state === "cancelled").map(({ generation }) => generation));
  if (cancelled.size === 0) return;
  for (const object of await store.listStored(partition, options.signal)) {
    const generation = mergedGeneration(baseName(object));
    if (generation !== null && cancelled.has(generation)) await store.remove(object.key, options.signal);
  }
}

/** Replaces inputs by markers, later deletes the markers; an input that came back after that is deleted again. */
async function clean(at: At, outcome: KnownOutcome, total: Total): Promise<void> {
  const { store, partition, options } = at;
  const { generation, steps, decidedMs } = outcome;
  const nowMs = options.nowMs();
  // A machine may have slept between the decision and its record; clocks of two may differ.
  if (nowMs - Math.max(decidedMs, steps.get("outcome")!) < options.graceMs) return;
  const { isSuperseded } = visibilityOf([outcome]);
  const inputs = (await store.listStored(partition, options.signal)).filter((object) => isSuperseded(baseName(object)));
  const record = async (step: Step): Promise<void> => {
    const text = JSON.stringify({ version: 1, atMs: nowMs });
    await store.createRecord(recordKey(partition.path, generation, step), text, options.signal);
  };
  if (!steps.has("cleaned")) {
    total.cleaned += await putMarkers(at, inputs);
    options.probe?.("marked");
    await record("cleaned");
  } else if (!steps.has("closed")) {
    const cleaned = await store.readRecord(recordKey(partition.path, generation, "cleaned"), options.signal);
    if (nowMs - (JSON.parse(cleaned) as { atMs: number }).atMs < MARKER_MS) return;
    await mapLimited(inputs, AT_ONCE_MAX, options.signal, async ({ key }, signal) => await store.remove(key, signal));
    total.closed += inputs.length;
    await record("closed");
  } else {
    for (const { key } of inputs) {
      options.notice(
        `${key} came again after it was merged (an agent was down for a week): deleted, its rows are merged`,
      );
      await store.remove(key, options.signal);
    }
  }
}

async function putMarkers({ store, options }: At, inputs: readonly StoredObject[]): Promise<number> {
  const marker = markerBytes();
  const rest = inputs.filter((object) => object.bytes !== marker.length);
  if (rest.length === 0) return 0;
  const folder = await store.makeFolder();
  try {
    await mapLimited(rest, AT_ONCE_MAX, options.signal, async (object, signal) => {
      if (mergedGeneration(baseName(object)) !== null) await store.remove(object.key, signal);
      else await store.replace(object, marker, folder, signal);
      options.probe?.("marking");
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return rest.length;
}

/** An object of the table without rows: other readers read it too. */
function markerBytes(): Buffer {
  const encoder = createTableEncoder({ compression: "zstd", keyValue: { "logq-compacted": "1" } });
  try {
    return Buffer.concat(encoder.finish());
  } finally {
    encoder.release();
  }
}
