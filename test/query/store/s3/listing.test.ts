import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prunePartitions, type Partition } from "../../../../query/catalog/plan.ts";
import type { TimeRange } from "../../../../query/dialect/statement.ts";
import { createListing } from "../../../../query/store/s3/listing.ts";
import type { ListPage } from "../../../../query/store/s3/list-page.ts";
import type { ListQuery } from "../../../../query/store/s3/requests.ts";
import { NEVER } from "./bed.ts";

const NOW_MS = Date.parse("2026-11-21T14:20:00Z");
const EVER: TimeRange = { from: null, to: null };

describe("a listing asks as little as it can", () => {
  test("one request for a window of which one page holds all: from its first hour on, later records included", async () => {
    const bucket = bucketOf(hours("prod", "2026-11-21", 10, 17, 3));
    expect(await bucket.list(since("2026-11-21T13:30:00Z"), ["prod"])).toEqual({
      partitions: [13, 14, 15, 16, 17].map((hour) => `cluster=prod/dt=2026-11-21/hour=${hour}`),
      objects: 15,
    });
    expect(bucket.asked).toEqual([{ prefix: "cluster=prod/", after: "cluster=prod/dt=2026-11-21/hour=13" }]);
  });

  test("one request for one hour, whatever lies beside it", async () => {
    const bucket = bucketOf(hours("prod", "2026-11-21", 0, 23, 90));
    const range = between("2026-11-21T13:00:00Z", "2026-11-21T14:00:00Z");
    expect((await bucket.list(range, ["prod"])).objects).toBe(90);
    expect(bucket.asked).toEqual([
      { prefix: "cluster=prod/dt=2026-11-21/hour=13/", after: "cluster=prod/dt=2026-11-21/hour=13" },
    ]);
  });

  test("of a long hour its pages, of each further hour its own, and what comes after now", async () => {
    const bucket = bucketOf([...hours("prod", "2026-11-21", 12, 14, 250), ...hours("prod", "2026-11-21", 20, 20, 2)]);
    expect(await bucket.list(since("2026-11-21T13:30:00Z"), ["prod"])).toEqual({
      partitions: [13, 14, 20].map((hour) => `cluster=prod/dt=2026-11-21/hour=${hour}`),
      objects: 502,
    });
    // 3 pages of each hour, and one that finds hour 20.
    expect(bucket.asked).toHaveLength(7);
  });

  test("the folders of a long window, then its days at once where they are small", async () => {
    const days = ["2026-11-17", "2026-11-18", "2026-11-19"];
    const bucket = bucketOf(days.flatMap((day) => hours("prod", day, 0, 23, 4)));
    const found = await bucket.list(between("2026-11-18T12:00:00Z", "2026-11-20T00:00:00Z"), ["prod"]);
    expect(found.objects).toBe(12 * 4 + 24 * 4);
    // The days, the hours of two of them, the objects of each.
    expect(bucket.asked).toHaveLength(5);
    expect(bucket.asked.slice(-2).map(({ after }) => after)).toEqual([
      "cluster=prod/dt=2026-11-18/hour=12",
      "cluster=prod/dt=2026-11-19/hour=00",
    ]);
  });

  test("the clusters first, where none is named", async () => {
    const bucket = bucketOf([...hours("dev", "2026-11-21", 14, 14, 1), ...hours("prod", "2026-11-21", 14, 14, 2)]);
    expect((await bucket.list(since("2026-11-21T14:00:00Z"), null)).objects).toBe(3);
    expect(bucket.asked).toHaveLength(3);
  });
});

test("objects are listed anew each time they are asked for, unless the partitions just were", async () => {
  const keys = hours("prod", "2026-11-21", 14, 14, 1);
  const bucket = bucketOf(keys);
  const partitions = await bucket.listing.partitions(since("2026-11-21T14:00:00Z"), ["prod"], NEVER);
  expect(await bucket.listing.objects(partitions, NEVER)).toHaveLength(1);
  keys.push("cluster=prod/dt=2026-11-21/hour=14/new.parquet");
  expect(await bucket.listing.objects(partitions, NEVER)).toHaveLength(2);
});

test("what is no object of a partition is left out", async () => {
  const folder = "cluster=prod/dt=2026-11-21/hour=14";
  const bucket = bucketOf([
    `${folder}/`,
    `${folder}/.hidden.parquet`,
    `${folder}/a.parquet`,
    `${folder}/b.json.gz`,
    `${folder}/deeper/c.parquet`,
    "cluster=prod/dt=2026-11-21/hour=99/d.parquet",
    "cluster=prod/readme.parquet",
  ]);
  for (const range of [since("2026-11-21T14:00:00Z"), EVER]) {
    expect(await bucket.list(range, null)).toEqual({ partitions: [folder], objects: 1 });
  }
});

test("any store, any window, any page size: exactly the objects of the partitions that a full listing has", async () => {
  const hour = fc.integer({ min: -60, max: 30 }).map((offset) => Math.floor(NOW_MS / 3_600_000) + offset);
  const spot = fc.record({ cluster: fc.constantFrom("a", "b c", "d"), hour, count: fc.integer({ min: 1, max: 9 }) });
  const edge = fc.option(
    hour.map((at) => BigInt(at) * 3_600_000_000_000n + 1_234n),
    { nil: null },
  );
  const clusters = fc.constantFrom(null, ["a"], ["b c", "d"], ["nowhere"]);
  const given = fc.record({
    spots: fc.array(spot, { maxLength: 30 }),
    from: edge,
    to: edge,
    clusters,
    page: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(given, async ({ spots, from, to, clusters: wanted, page }) => {
      const keys = spots.flatMap((at) => hourKeys(at.cluster, at.hour, at.count));
      const bucket = bucketOf(keys, page);
      const found = await bucket.list({ from, to }, wanted);
      const all = [...new Set(keys)].toSorted().map(partitionOf);
      const expected = prunePartitions([...new Map(all.map((at) => [at.path, at])).values()], { from, to }, wanted);
      expect(found.partitions).toEqual(expected.map(({ path }) => path));
      const paths = new Set(found.partitions);
      expect(found.objects).toBe(all.filter(({ path }) => paths.has(path)).length);
    }),
    { numRuns: 300 },
  );
});

/** A bucket of keys, listed as S3 does it. */
function bucketOf(keys: string[], pageKeys = 100) {
  const asked: ListQuery[] = [];
  const list = async (query: ListQuery): Promise<ListPage> => {
    asked.push(JSON.parse(JSON.stringify(query)) as ListQuery);
    return await Promise.resolve(pageOf([...new Set(keys)].toSorted(), query, pageKeys));
  };
  const listing = createListing(list, () => NOW_MS, { of: async () => await Promise.resolve(new Map()) });
  return {
    asked,
    listing,
    async list(range: TimeRange, clusters: readonly string[] | null) {
      const partitions = await listing.partitions(range, clusters, NEVER);
      const objects = await listing.objects(partitions, NEVER);
      expect(objects.map(({ key }) => key)).toEqual(
        partitions.flatMap(({ path }) =>
          objects
            .map(({ key }) => key)
            .filter((key) => key.startsWith(`${path}/`))
            .toSorted(),
        ),
      );
      expect(new Set(objects.map(({ key }) => key)).size).toBe(objects.length);
      return { partitions: partitions.map(({ path }) => path), objects: objects.length };
    },
  };
}

function pageOf(
  keys: readonly string[],
  { prefix, after = "", token, foldersOnly = false }: ListQuery,
  most: number,
): ListPage {
  const matching = keys.filter((key) => key.startsWith(prefix) && key > (token ?? after));
  const names: { name: string; last: string; isFolder: boolean }[] = [];
  for (const key of matching) {
    const end = foldersOnly ? key.indexOf("/", prefix.length) : -1;
    const name = end < 0 ? key : key.slice(0, end + 1);
    if (names.at(-1)?.name === name) names.at(-1)!.last = key;
    else names.push({ name, last: key, isFolder: end >= 0 });
  }
  const page = names.slice(0, most);
  return {
    objects: page.filter(({ isFolder }) => !isFolder).map(({ name }) => listed(name)),
    prefixes: page.filter(({ isFolder }) => isFolder).map(({ name }) => name),
    next: names.length > most ? page.at(-1)!.last : null,
  };
}

function listed(key: string): ListPage["objects"][number] {
  return { key, bytes: 1, modifiedMs: 0, etag: `"${key}"` };
}

function hours(cluster: string, dt: string, first: number, last: number, count: number): string[] {
  const start = Date.parse(`${dt}T00:00:00Z`) / 3_600_000;
  return Array.from({ length: last - first + 1 }, (_, i) => hourKeys(cluster, start + first + i, count)).flat();
}

function hourKeys(cluster: string, hour: number, count: number): string[] {
  const iso = new Date(hour * 3_600_000).toISOString();
  const folder = `cluster=${encodeURIComponent(cluster)}/dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`;
  return Array.from({ length: count }, (_, i) => `${folder}/node-${i}.parquet`);
}

function partitionOf(key: string): Partition {
  const path = key.slice(0, key.lastIndexOf("/"));
  const [, cluster, dt, hour] = /^cluster=(.*)\/dt=(.*)\/hour=(.*)$/.exec(path)!;
  return { cluster: decodeURIComponent(cluster!), hour: Date.parse(`${dt}T${hour}:00:00Z`) / 3_600_000, path };
}

function since(from: string): TimeRange {
  return { from: BigInt(Date.parse(from)) * 1_000_000n, to: null };
}

function between(from: string, to: string): TimeRange {
  return { ...since(from), to: BigInt(Date.parse(to)) * 1_000_000n };
}
