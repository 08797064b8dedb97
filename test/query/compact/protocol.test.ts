import { basename } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { createRandom, type Random } from "../../../bench/generate/random.ts";
import { parsePartition } from "../../../query/catalog/plan.ts";
import { compactPartition } from "../../../query/compact/compact.ts";
import type { Merger } from "../../../query/compact/merge.ts";
import { parseRecordKey } from "../../../config/compact-records.ts";
import { visibleObjects } from "../../../query/compact/visible.ts";
import { Actor, modelStore, readRows, type Model } from "./model.ts";

const HOUR_MS = 3_600_000;
const GRACE_MS = 2 * HOUR_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;
const AT = parsePartition("cluster=prod/dt=2026-11-21/hour=05")!;

/** The merge itself has tests of its own: here a file is a list of rows, and some merges go wrong. */
const merges = { files: new Map<string, readonly number[]>(), goesWrong: () => false };
vi.mock("../../../query/compact/merge.ts", () => ({
  BrokenFile: class extends Error {},
  openMerger: async (): Promise<Merger> =>
    await Promise.resolve({
      countRows: async (files) =>
        await Promise.resolve(new Map(files.map((file) => [file, merges.files.get(file)!.length]))),
      async merge(files, target) {
        const rows = files.flatMap((file) => merges.files.get(file)!);
        merges.files.set(target, rows);
        return await Promise.resolve({ rows: rows.length - (merges.goesWrong() ? 1 : 0), bytes: rows.length * 10 });
      },
      close() {},
    }),
}));

beforeEach(() => {
  merges.files.clear();
});

/** One history: everybody gets on by chance. Returns what happened. */
async function live(seed: number) {
  const random = createRandom(seed);
  const model: Model = { objects: new Map(), records: new Map(), files: merges.files, nowMs: 1e12 };
  merges.goesWrong = () => random.int(8) === 0;
  const stored = new Map<string, readonly number[]>();
  const put = (key: string, rows: readonly number[]): void => {
    stored.set(key, rows);
    // An agent that repeats a shipment meets its object, or the marker: it never replaces what is there.
    if (!model.objects.has(key)) model.objects.set(key, { rows, bytes: rows.length * 10, modifiedMs: model.nowMs });
  };
  let shipments = 0;
  const ship = (): void => {
    const [node, seq] = [random.int(3), shipments++];
    put(`${AT.path}/n${node}-0123456789abcdef0123-s3-${seq}.parquet`, [seq * 10, seq * 10 + 1, seq * 10 + 2]);
  };
  for (let i = 0; i < 8; i++) ship();
  const compactors: Actor[] = [];
  const readers: { actor: Actor; startMs: number }[] = [];
  const happened = { kills: 0, reads: 0, runs: 0 };
  const startCompactor = async (): Promise<void> => {
    const actor = new Actor();
    compactors.push(actor);
    happened.runs++;
    const options = { objectsMin: 2 + random.int(3), targetBytes: [100, 1000, 1e6][random.int(3)]! };
    await actor.start(async () => {
      const signal = new AbortController().signal;
      const rest = { graceMs: GRACE_MS, settleMs: 0, nowMs: () => model.nowMs, signal, notice: () => {}, isDry: false };
      await compactPartition(modelStore(model, AT, actor), AT, { ...options, ...rest });
    });
  };
  const startReader = async (): Promise<void> => {
    const actor = new Actor();
    const startMs = model.nowMs;
    readers.push({ actor, startMs });
    const before = new Set([...stored.values()].flat());
    await actor.start(async () => {
      const found = await readRows(model, actor, random);
      if (model.nowMs - startMs >= GRACE_MS) return;
      happened.reads++;
      expect(new Set(found).size, "a row is read twice").toBe(found.length);
      expect(
        [...before].filter((row) => !found.includes(row)),
        "rows are missing",
      ).toEqual([]);
    });
  };
  for (let moment = 0; moment < 400; moment++) {
    for (const list of [compactors, readers]) list.splice(0, list.length, ...(list.filter(isAlive) as never[]));
    const what = random.int(100);
    if (what < 4 && compactors.length < 2) await startCompactor();
    else if (what < 10 && readers.length < 3) await startReader();
    else if (what < 12) ship();
    else if (what < 13) put(...random.pick([...stored]));
    else if (what < 15 && compactors.length > 0) {
      happened.kills++;
      await random.pick(compactors).kill();
    } else if (what < 17) {
      model.nowMs += random.pick([HOUR_MS / 2, HOUR_MS, GRACE_MS, WEEK_MS]);
      // Queries that take longer than the grace are not promised anything.
      for (const { actor, startMs } of readers) if (model.nowMs - startMs >= GRACE_MS) await actor.kill();
    } else await stepOne([...compactors, ...readers.map(({ actor }) => actor)], random);
  }
  for (const actor of [...compactors, ...readers.map((reader) => reader.actor)]) {
    await actor.kill();
  }
  return { model, stored, happened, startCompactor, compactors };
}

function isAlive(item: Actor | { actor: Actor }): boolean {
  return !(item instanceof Actor ? item : item.actor).isDone;
}

async function stepOne(actors: readonly Actor[], random: Random): Promise<void> {
  const alive = actors.filter(({ isDone }) => !isDone);
  if (alive.length > 0) await random.pick(alive).step();
}

/** More of them by `LOGQ_HISTORIES=1000`. */
const HISTORIES = Number(process.env["LOGQ_HISTORIES"] ?? 40);

test(
  `in ${HISTORIES} random histories of compactors, kills, agents and readers each row is read once at every moment`,
  { timeout: 600_000 },
  async () => {
    const total = { kills: 0, reads: 0, runs: 0, finished: 0, cancelled: 0, closed: 0 };
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const { model, stored, happened } = await live(seed).catch((error: Error) => {
        throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
      });
      for (const name of ["kills", "reads", "runs"] as const) total[name] += happened[name];
      for (const [key, { text }] of model.records) {
        const { step } = parseRecordKey(key)!;
        if (step === "closed") total.closed++;
        if (step === "outcome") total[(JSON.parse(text) as { state: "finished" | "cancelled" }).state]++;
      }
      expect(visibleRows(model), `seed ${seed}`).toEqual([...stored.values()].flat().toSorted((a, b) => a - b));
    }
    // What is not among the histories is not tested.
    for (const [what, times] of Object.entries(total)) expect(times, what).toBeGreaterThan(5);
  },
);

test(
  "left alone after any history, runs take away what is superseded, and every row is in one object",
  { timeout: 120_000 },
  async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { model, stored, startCompactor, compactors } = await live(seed);
      merges.goesWrong = () => false;
      for (let run = 0; run < 6; run++) {
        model.nowMs += 2 * WEEK_MS;
        await startCompactor();
        await compactors.at(-1)!.finish();
      }
      const all = [...model.objects.values()].flatMap(({ rows }) => rows).toSorted((a, b) => a - b);
      expect(all, `seed ${seed}`).toEqual([...stored.values()].flat().toSorted((a, b) => a - b));
      expect([...model.objects].filter(([, { rows }]) => rows.length === 0).map(([key]) => basename(key))).toEqual([]);
    }
  },
);

test.each([1, 2, 3, 4])(
  "a machine that sleeps for the grace between its decision and the record of it takes nothing from readers (seed %i)",
  async (seed) => {
    merges.goesWrong = () => false;
    const model: Model = { objects: new Map(), records: new Map(), files: merges.files, nowMs: 1e12 };
    for (let seq = 0; seq < 8; seq++) {
      const key = `${AT.path}/n0-0123456789abcdef0123-s3-${seq}.parquet`;
      model.objects.set(key, { rows: [seq], bytes: 10, modifiedMs: model.nowMs });
    }
    const compact = async (actor: Actor): Promise<void> => {
      const limits = { objectsMin: 2, targetBytes: 1e6, graceMs: GRACE_MS, settleMs: -1 };
      const signal = new AbortController().signal;
      const rest = { nowMs: () => model.nowMs, signal, notice: () => {}, isDry: false };
      await compactPartition(modelStore(model, AT, actor), AT, { ...limits, ...rest });
    };
    const sleeper = await started(compact);
    while (![...model.objects.keys()].some((key) => key.includes("/merged-"))) await sleeper.step();
    await sleeper.step();
    model.nowMs += GRACE_MS;
    let rows: number[] = [];
    const reader = await started(async (actor) => void (rows = await readRows(model, actor, createRandom(seed))));
    for (let i = 0; i < 3; i++) await reader.step();
    expect([...model.records.keys()].some((key) => key.includes("outcome"))).toBe(false);
    await sleeper.finish();
    await (await started(compact)).finish();
    await reader.finish();
    expect(rows.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    model.nowMs += GRACE_MS;
    await (await started(compact)).finish();
    expect([...model.objects.values()].filter((object) => object.rows.length === 0)).toHaveLength(8);
  },
);

async function started(work: (actor: Actor) => Promise<void>): Promise<Actor> {
  const actor = new Actor();
  await actor.start(async () => await work(actor));
  return actor;
}

function visibleRows({ objects, records }: Model): number[] {
  const outcomes = [...records]
    .filter(([key]) => key.endsWith(".outcome.json"))
    .map(([, { text }]) => JSON.parse(text) as never);
  const listed = [...objects.keys()].map((key) => ({ key }));
  return visibleObjects(listed, outcomes)
    .objects.flatMap(({ key }) => objects.get(key)!.rows)
    .toSorted((a, b) => a - b);
}
