import { describe, expect, test } from "vitest";
import { createParquetEncoder } from "../../agent/encode/parquet/parquet-encoder.ts";
import type { Batch, Origin } from "../../agent/record.ts";
import { estimate, sampleOf } from "../../query/estimate.ts";
import type { Need, StoredObject } from "../../query/store/store.ts";

const EVERYTHING: Need = { columns: null, range: { from: null, to: null }, bounds: [] };
const never = new AbortController().signal;

describe("what reading objects would take", () => {
  test("is all of their bytes but the magic and the page index where everything is needed", async () => {
    const store = storeOf({ a: await objectOf(["nginx", "shop"]) });
    const found = await estimate(store, store.objects, EVERYTHING, never);
    const all = store.objects[0]!.bytes;
    expect(found.bytes).toBeLessThanOrEqual(all);
    expect(found.bytes).toBeGreaterThan(all * 0.9);
    expect(found).toMatchObject({ objects: 1, sampled: 1 });
  });

  test("leaves out row groups whose statistics exclude the pod, and columns that are not used", async () => {
    const store = storeOf({ a: await objectOf(["nginx", "shop"]) });
    const pod = { column: "pod", min: "shop", max: "shop" };
    const whole = await estimate(store, store.objects, EVERYTHING, never);
    const onePod = await estimate(store, store.objects, { ...EVERYTHING, bounds: [pod] }, never);
    const counted = await estimate(store, store.objects, { ...EVERYTHING, columns: new Set(["level"]) }, never);
    const nothing = await estimate(
      store,
      store.objects,
      { ...EVERYTHING, bounds: [{ ...pod, min: "z", max: "z" }] },
      never,
    );
    expect(onePod.bytes).toBeLessThan(whole.bytes * 0.7);
    expect(onePod.bytes).toBeGreaterThan(whole.bytes * 0.3);
    expect(counted.bytes).toBeLessThan(whole.bytes * 0.2);
    expect(nothing.bytes).toBeLessThan(counted.bytes);
    expect(nothing.bytes).toBeGreaterThan(0);
  });

  test("counts one request for each footer and one for each run of columns, in S3 only", async () => {
    const file = await objectOf(["nginx", "shop"]);
    const store = storeOf({ a: file, b: file });
    expect((await estimate({ ...store, kind: "s3" }, store.objects, EVERYTHING, never)).requests).toBe(4);
    expect((await estimate(store, store.objects, EVERYTHING, never)).requests).toBe(0);
    const nothing: Need = { ...EVERYTHING, bounds: [{ column: "pod", min: "z", max: "z" }] };
    expect((await estimate({ ...store, kind: "s3" }, store.objects, nothing, never)).requests).toBe(2);
  });

  test("reads the rest of a footer that is longer than its first guess", async () => {
    const pods = Array.from({ length: 40 }, (_, i) => `pod-${String(i).padStart(3, "0")}`);
    const store = storeOf({ a: await objectOf(pods, 200) });
    await estimate(store, store.objects, EVERYTHING, never);
    expect(store.reads).toHaveLength(2);
  });

  test("of many objects is taken from 256 footers, and holds for all by their bytes", async () => {
    const file = await objectOf(["nginx"]);
    const names = Array.from({ length: 1000 }, (_, i) => `node-${i % 4}-life-s3-${i}`);
    const store = storeOf(Object.fromEntries(names.map((name) => [name, file])));
    const found = await estimate(store, store.objects, EVERYTHING, never);
    const one = await estimate(store, store.objects.slice(0, 1), EVERYTHING, never);
    expect(found).toMatchObject({ objects: 1000, sampled: 256 });
    expect(found.bytes).toBe(one.bytes * 1000);
  });

  test("of no objects is nothing", async () => {
    const store = storeOf({});
    expect(await estimate(store, [], EVERYTHING, never)).toEqual({ bytes: 0, objects: 0, requests: 0, sampled: 0 });
  });

  test("fails with the name of an object that is broken", async () => {
    const store = storeOf({ torn: Buffer.from("PAR1 and no more") });
    await expect(estimate(store, store.objects, EVERYTHING, never)).rejects.toThrow(/torn\.parquet is broken: /);
  });

  test("stops when it is aborted", async () => {
    const store = storeOf({ a: await objectOf(["nginx"]) });
    await expect(estimate(store, store.objects, EVERYTHING, AbortSignal.abort())).rejects.toThrow("aborted");
    expect(store.reads).toHaveLength(0);
  });
});

describe("the sample", () => {
  test("meets every writer in proportion, at different times", () => {
    const many = Array.from({ length: 900 }, (_, i) => stored(`busy-life-s3-${i}`, 1));
    const few = Array.from({ length: 300 }, (_, i) => stored(`quiet-life-s3-${i}-h05`, 1));
    const sample = sampleOf([...few, ...many]);
    expect(sample).toHaveLength(256);
    expect(sample.filter(({ key }) => key.includes("quiet"))).toHaveLength(64);
    expect(new Set(sample).size).toBe(256);
  });

  test("is all objects where they are few", () => {
    const objects = [stored("a-life-s3-1", 1), stored("a-life-s3-2", 1)];
    expect(sampleOf(objects)).toEqual(objects);
  });
});

const partition = { cluster: "prod", hour: 495_000, path: "cluster=prod/dt=2026-06-21/hour=00" };

function stored(name: string, bytes: number): StoredObject {
  return { key: `${partition.path}/${name}.parquet`, bytes, modifiedMs: 0, partition };
}

function storeOf(files: Readonly<Record<string, Buffer>>) {
  const objects = Object.entries(files).map(([name, file]) => stored(name, file.length));
  const byKey = new Map(Object.entries(files).map(([name, file]) => [stored(name, 0).key, file]));
  const reads: { start: number; end: number }[] = [];
  const read = async (key: string, range?: { start: number; end: number }): Promise<Uint8Array> => {
    if (range !== undefined) reads.push(range);
    return byKey.get(key)!.subarray(range?.start, range?.end);
  };
  return { location: "/store", kind: "directory" as const, objects, reads, read };
}

/** An object with a row group per pod: so many rows that hardly compress. */
async function objectOf(pods: readonly string[], rows = 20_000): Promise<Buffer> {
  const encoder = createParquetEncoder({ compression: "zstd", rowGroupRowsMax: rows });
  const chunks: Buffer[] = [];
  for (const pod of pods) {
    encoder.append(batchOf(pod, rows), 0, rows);
    for (const chunk of await encoder.take()) chunks.push(Buffer.from(chunk));
  }
  for (const chunk of await encoder.finish()) chunks.push(Buffer.from(chunk));
  encoder.release();
  return Buffer.concat(chunks);
}

function batchOf(pod: string, rows: number): Batch {
  const bytes = Buffer.alloc(rows * 20);
  let state = 1;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = 33 + ((state >>> 16) % 90);
  }
  return {
    origin: originOf(pod),
    bytes,
    count: rows,
    start: Uint32Array.from({ length: rows }, (_, i) => i * 20),
    end: Uint32Array.from({ length: rows }, (_, i) => i * 20 + 20),
    pos: Float64Array.from({ length: rows }, (_, i) => i * 60),
    seconds: new Float64Array(rows).fill(1_782_000_000),
    nanos: new Uint32Array(rows),
    stream: new Uint8Array(rows),
    level: new Uint8Array(rows),
    cut: new Uint8Array(rows),
    records: null,
    merge: null,
  };
}

function originOf(pod: string): Origin {
  return {
    file: `node-1/uid/app/${pod}`,
    source: "application",
    node: "node-1",
    namespace: "default",
    workload: pod,
    pod,
    container: "app",
    podId: "uid",
    image: null,
    labels: null,
    containerId: null,
    tag: `kube.${pod}`,
    path: `/var/log/containers/${pod}.log`,
  };
}
