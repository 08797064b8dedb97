import { expect, test } from "vitest";
import type { ObjectStore } from "../../agent/output/object-store.ts";

/** A store to try, and what others see of it. */
export interface StoreBed extends AsyncDisposable {
  readonly store: ObjectStore;
  /** The same place, as another process or a later life of the agent sees it. */
  reopen(): ObjectStore;
  /** Every object that a reader of the place sees, by key. */
  visible(): Promise<ReadonlyMap<string, Buffer>>;
  /** How many objects are begun and not published. */
  staged(): Promise<number>;
}

const KEY = "cluster=c/dt=2026-11-21/hour=05/n-life-out-1.parquet";
const OTHER = "cluster=c/dt=2026-11-21/hour=06/n-life-out-1-h06.parquet";
const NEVER = new AbortController().signal;
const PLAN = "0123456789abcdef0123456789abcdef";
/** Around S3's limit of one request, and over several parts. */
const SIZES = [0, 1, 5 * 1024 * 1024 - 1, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1, 10 * 1024 * 1024, 12 * 1024 * 1024 + 7];

/** What every ObjectStore promises. `open` makes an empty one for each test. */
export function objectStoreConformance(name: string, open: () => Promise<StoreBed>): void {
  test.each(SIZES)(`${name}: an object of %i bytes is invisible until it is published, then whole`, async (size) => {
    await using bed = await open();
    const body = bytes(size, 1);
    const object = await stagedObject(bed.store, KEY, body);
    expect([...(await bed.visible()).keys()]).toEqual([]);
    expect(await bed.store.exists(KEY, PLAN, NEVER)).toBe(false);
    await object.publish();
    await expectOnly(bed, KEY, body);
    expect(await bed.staged()).toBe(0);
    expect(await bed.reopen().exists(KEY, PLAN, NEVER)).toBe(true);
  });

  test(`${name}: what is written may be overwritten by the caller at once`, async () => {
    await using bed = await open();
    const object = bed.store.create(KEY, PLAN, NEVER);
    const chunk = Buffer.from("first ");
    await object.write(chunk);
    chunk.write("second");
    await object.write(chunk);
    await object.seal();
    await object.publish();
    expect((await bed.visible()).get(KEY)?.toString()).toBe("first second");
  });

  test.each([10, 6 * 1024 * 1024])(`${name}: an object of %i bytes is published once, however often`, async (size) => {
    await using bed = await open();
    const object = await stagedObject(bed.store, KEY, bytes(size, 1));
    await object.publish();
    await object.publish();
    const again = await stagedObject(bed.reopen(), KEY, bytes(size, 1));
    await again.publish();
    await expectOnly(bed, KEY, bytes(size, 1));
    expect(await bed.staged()).toBe(0);
  });

  test.each([10, 6 * 1024 * 1024])(`${name}: an abandoned object of %i bytes leaves nothing`, async (size) => {
    await using bed = await open();
    const half = bed.store.create(KEY, PLAN, NEVER);
    await half.write(bytes(size, 1));
    const whole = await stagedObject(bed.store, OTHER, bytes(size, 2));
    await half.abandon();
    await whole.abandon();
    expect([(await bed.visible()).size, await bed.staged()]).toEqual([0, 0]);
  });

  test(`${name}: what an earlier life left staged is cleaned, what others left is not`, async () => {
    await using bed = await open();
    const foreign = KEY.replace("life", "elsewhere");
    for (const key of [KEY, foreign]) await stagedObject(bed.store, key, bytes(6 * 1024 * 1024, 1));
    const before = await bed.staged();
    await bed.reopen().clean({ prefix: "cluster=c/", isOwn: (base) => base.includes("-life-out-") }, NEVER);
    expect(await bed.staged()).toBe(before - 1);
    expect((await bed.visible()).size).toBe(0);
  });

  test(`${name}: keys are listed by how they begin, whatever else is there, and read whole`, async () => {
    await using bed = await open();
    const keys = ["dt=1/hour=05-1.a.json", "dt=1/hour=05-2.a.json", "dt=1/hour=06-1.a.json"].map((key) => `_r/${key}`);
    for (const key of keys) await (await stagedObject(bed.store, key, bytes(100, 7))).publish();
    expect(await bed.store.listKeys("_r/dt=1/hour=05-", NEVER)).toEqual(keys.slice(0, 2));
    expect(await bed.store.listKeys("_r/dt=2/hour=05-", NEVER)).toEqual([]);
    expect(await bed.store.read(keys[1]!, NEVER)).toEqual(bytes(100, 7));
  });

  test(`${name}: several objects are staged at once, and each gets its own bytes`, async () => {
    await using bed = await open();
    const bodies = new Map([KEY, OTHER].map((key, index) => [key, bytes(6 * 1024 * 1024 + index, index + 3)]));
    const objects = [...bodies].map(([key, body]) => ({ object: bed.store.create(key, PLAN, NEVER), body }));
    for (let at = 0; at <= 6 * 1024 * 1024; at += 100_000)
      for (const { object, body } of objects) await object.write(body.subarray(at, at + 100_000));
    for (const { object } of objects) await object.seal();
    for (const { object } of objects) await object.publish();
    const visible = await bed.visible();
    for (const [key, body] of bodies) expect(visible.get(key)?.equals(body)).toBe(true);
  });
}

async function stagedObject(store: ObjectStore, key: string, body: Buffer) {
  const object = store.create(key, PLAN, NEVER);
  for (let at = 0; at === 0 || at < body.length; at += 1_000_003) await object.write(body.subarray(at, at + 1_000_003));
  await object.seal();
  return object;
}

async function expectOnly(bed: StoreBed, key: string, body: Buffer): Promise<void> {
  const visible = await bed.visible();
  expect([...visible.keys()]).toEqual([key]);
  // Not toEqual: a diff of megabytes says nothing.
  expect(visible.get(key)?.equals(body)).toBe(true);
}

/** Bytes that no shift or repetition of a part leaves as they are. */
function bytes(size: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + seed, 2654435761);
  return Buffer.from(words.buffer, 0, size);
}
