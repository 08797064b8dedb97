/**
 * A store in memory whose every operation waits for its turn, so that a test decides in which order compactors, readers and
 * agents get on, and which of them is killed before or after an operation. Objects are lists of numbers: their rows.
 */
import { setImmediate } from "node:timers/promises";
import type { Partition } from "../../../query/catalog/plan.ts";
import type { CompactStore } from "../../../query/compact/compact-store.ts";
import { parseOutcome, parseRecordKey } from "../../../config/compact-records.ts";
import { isMerged, visibleObjects } from "../../../query/compact/visible.ts";
import type { Random } from "../../../bench/generate/random.ts";

interface ModelObject {
  readonly rows: readonly number[];
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface Model {
  readonly objects: Map<string, ModelObject>;
  readonly records: Map<string, { readonly text: string; readonly appearedMs: number }>;
  /** Files that were fetched or made, by path. */
  readonly files: Map<string, readonly number[]>;
  nowMs: number;
}

/** One of those who work on the store: whose operations wait, and whether it is still at work. */
export class Actor {
  readonly #waiting: (() => void)[] = [];
  #isKilled = false;
  #failure: Error | null = null;
  isDone = false;

  /** Starts it; resolves when it waits for its first turn. */
  async start(work: () => Promise<void>): Promise<void> {
    work()
      .catch((error: Error) => {
        if (!this.#isKilled) this.#failure = error;
      })
      .finally(() => (this.isDone = true));
    await this.#settled();
  }

  /** Called by the actor, several times at once too: waits for a turn. */
  async turn(): Promise<void> {
    if (!this.#isKilled) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    if (this.#isKilled) throw new Error("killed");
  }

  /** Gives one of its operations its turn; resolves when it waits for the next one, or has ended. Throws what it threw. */
  async step(): Promise<void> {
    this.#waiting.shift()?.();
    await this.#settled();
  }

  /** What it does from now on has no effect. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    while (!this.isDone) await this.step();
  }

  async finish(): Promise<void> {
    while (!this.isDone) await this.step();
  }

  async #settled(): Promise<void> {
    do await setImmediate();
    while (!this.isDone && this.#waiting.length === 0);
    if (this.#failure !== null) throw this.#failure;
  }
}

/** The port of compactors, over a model. Killed between two turns, an operation is done or not, by chance. */
export function modelStore(model: Model, partition: Partition, actor: Actor): CompactStore {
  const { objects, records, files } = model;
  const pathOf = (name: string): string => `${partition.path}/${name}`;
  const write = async (change: () => void): Promise<void> => {
    await actor.turn();
    change();
    await actor.turn();
  };
  return {
    async listStored() {
      await actor.turn();
      return [...objects]
        .filter(([key]) => key.startsWith(pathOf("")))
        .map(([key, { bytes, modifiedMs }]) => ({ key, partition, bytes, modifiedMs }));
    },
    async listRecords() {
      await actor.turn();
      return [...records].map(([key, { appearedMs }]) => ({ key, appearedMs }));
    },
    async readRecord(key) {
      await actor.turn();
      return records.get(key)!.text;
    },
    async createRecord(key, text) {
      let isNew = false;
      await write(() => {
        isNew = !records.has(key);
        if (isNew) records.set(key, { text, appearedMs: model.nowMs });
      });
      return isNew;
    },
    async obtain(wanted) {
      await actor.turn();
      for (const { key } of wanted) files.set(key, objects.get(key)?.rows ?? []);
      return wanted.map(({ key }) => key);
    },
    makeFolder: async () => await Promise.resolve("/nowhere/logq-model"),
    async publish(file, key) {
      const rows = files.get(file)!;
      await write(() => {
        if (!objects.has(key)) objects.set(key, { rows, bytes: rows.length * 10, modifiedMs: model.nowMs });
      });
    },
    async replace({ key }, marker) {
      await write(() => void objects.set(key, { rows: [], bytes: marker.length, modifiedMs: model.nowMs }));
    },
    async remove(key) {
      await write(() => void objects.delete(key));
    },
  };
}

/** What a reader sees, as readers of a directory do (records first) or as those of S3 (objects first). */
export async function readRows(model: Model, actor: Actor, random: Random): Promise<number[]> {
  const listRecords = async () => {
    await actor.turn();
    const keys = [...model.records.keys()].filter((key) => parseRecordKey(key)!.step === "outcome");
    const outcomes = [];
    for (const key of keys) {
      await actor.turn();
      outcomes.push(parseOutcome(model.records.get(key)!.text));
    }
    return outcomes;
  };
  const listObjects = async () => {
    await actor.turn();
    return [...model.objects.keys()].map((key) => ({ key }));
  };
  let keys: { key: string }[];
  if (random.int(2) === 0) {
    const outcomes = await listRecords();
    keys = visibleObjects(await listObjects(), outcomes).objects;
  } else {
    const listed = await listObjects();
    const outcomes = listed.some(isMerged) ? await listRecords() : [];
    const seen = visibleObjects(listed, outcomes);
    keys = seen.isBehind ? visibleObjects(await listObjects(), outcomes).objects : seen.objects;
  }
  const rows: number[] = [];
  for (const { key } of keys) {
    await actor.turn();
    const object = model.objects.get(key);
    if (object === undefined) throw new Error(`${key} is gone`);
    rows.push(...object.rows);
  }
  return rows;
}
