import { expect, test } from "vitest";
import type { Partition } from "../../../query/catalog/plan.ts";
import type { TimeRange } from "../../../query/dialect/statement.ts";
import { followObjects, uploadIntervalMs } from "../../../query/follow/new-objects.ts";
import type { StoredObject } from "../../../query/store/store.ts";

const HOUR_NS = 3_600_000_000_000n;
const NOW_HOUR = 500_000;
const { signal } = new AbortController();

test("an object is new once, whatever came before it in the order of names", async () => {
  const { store, objects } = memoryStore([object(NOW_HOUR, "b-1")]);
  const watch = followObjects({ store, clusters: null, from: null, seen: objects, now: () => at(NOW_HOUR) });
  expect(await watch.look(signal)).toEqual([]);
  objects.push(object(NOW_HOUR, "a-1"), object(NOW_HOUR, "b-2"));
  expect(await names(watch)).toEqual(["a-1", "b-2"]);
  expect(await names(watch)).toEqual([]);
});

test("each look lists the last two hours, and once a minute the last day", async () => {
  const { store, objects, ranges } = memoryStore([]);
  let now = at(NOW_HOUR);
  const watch = followObjects({ store, clusters: null, from: null, seen: [], now: () => now });
  objects.push(object(NOW_HOUR - 20, "late-1"));
  expect(await names(watch)).toEqual([]);
  now += 60_000_000_000n;
  expect(await names(watch)).toEqual(["late-1"]);
  expect(await names(watch)).toEqual([]);
  expect(ranges.map(({ from }) => Number((now - from!) / HOUR_NS))).toEqual([2, 24, 2]);
});

test("what lies before the window is not looked for", async () => {
  const { store, ranges } = memoryStore([]);
  const from = at(NOW_HOUR) - HOUR_NS / 2n;
  await followObjects({ store, clusters: null, from, seen: [], now: () => at(NOW_HOUR) }).look(signal);
  expect(ranges).toEqual([{ from, to: null }]);
});

test("hours that are over are forgotten: memory is bounded by a day", async () => {
  const { store, objects } = memoryStore([object(NOW_HOUR, "a-1")]);
  let now = at(NOW_HOUR);
  const watch = followObjects({ store, clusters: null, from: null, seen: objects, now: () => now });
  now = at(NOW_HOUR + 30);
  expect(await names(watch)).toEqual([]);
  now = at(NOW_HOUR); // a clock that is set back shows what was forgotten
  expect(await names(watch)).toEqual(["a-1"]);
});

test("the interval of uploads is the median of each agent's own, shipments of several hours counted once", () => {
  const [one, two] = [(n: number) => `node-1-life-out-${n}`, (n: number) => `node-2-life-out-${n}`];
  const objects = [0, 1, 2, 3].flatMap((n) => [
    object(NOW_HOUR, one(n), n * 60_000),
    object(NOW_HOUR - 1, `${one(n)}-h03`, n * 60_000 + 20),
    object(NOW_HOUR, two(n), n * 60_000 + 31_000),
  ]);
  expect(uploadIntervalMs(objects)).toBeGreaterThanOrEqual(59_980);
  expect(uploadIntervalMs(objects)).toBeLessThanOrEqual(60_000);
  expect(uploadIntervalMs([object(NOW_HOUR, one(1), 0)])).toBeNull();
});

function memoryStore(objects: StoredObject[]) {
  const ranges: TimeRange[] = [];
  const store = {
    async listPartitions(range: TimeRange): Promise<Partition[]> {
      ranges.push(range);
      const hours = new Set(objects.map(({ partition }) => partition.hour));
      return [...hours].filter((hour) => BigInt(hour + 1) * HOUR_NS > range.from!).map(partitionOf);
    },
    async listObjects(partitions: readonly Partition[]): Promise<StoredObject[]> {
      const paths = new Set(partitions.map(({ path }) => path));
      return objects.filter(({ partition }) => paths.has(partition.path)).toSorted((a, b) => (a.key < b.key ? -1 : 1));
    },
  };
  return { store, objects, ranges };
}

function partitionOf(hour: number): Partition {
  return { cluster: "prod", hour, path: `hour-${hour}` };
}

function object(hour: number, name: string, modifiedMs = 0): StoredObject {
  return { key: `hour-${hour}/${name}.parquet`, bytes: 1, modifiedMs, partition: partitionOf(hour) };
}

async function names(watch: ReturnType<typeof followObjects>): Promise<string[]> {
  return (await watch.look(signal)).map(({ key }) => key.replace(/^.*\/|\.parquet$/g, ""));
}

function at(hour: number): bigint {
  return BigInt(hour) * HOUR_NS + 1n;
}
