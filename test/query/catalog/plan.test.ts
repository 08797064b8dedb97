import { expect, test } from "vitest";
import { isObject, parsePartition, prunePartitions } from "../../../query/catalog/plan.ts";

const FIRST_HOUR = Date.parse("2026-11-19T00:00:00Z") / 3_600_000;
const HOUR_NS = 3_600_000_000_000n;
/** 48 hours in two clusters. */
const store = ["staging", "prod"].flatMap((cluster) =>
  Array.from({ length: 48 }, (_, i) => {
    const iso = new Date((FIRST_HOUR + i) * 3_600_000).toISOString();
    return parsePartition(`cluster=${cluster}/dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`)!;
  }),
);

test("the last hour, asked for at half past, is two hours' partitions", () => {
  const now = BigInt(FIRST_HOUR + 47) * HOUR_NS + HOUR_NS / 2n;
  const partitions = prunePartitions(store, { from: now - HOUR_NS, to: null }, ["prod"]);
  expect(partitions.map((partition) => partition.path)).toEqual([
    "cluster=prod/dt=2026-11-20/hour=22",
    "cluster=prod/dt=2026-11-20/hour=23",
  ]);
});

test("a range's end is exclusive, its start inclusive", () => {
  const hour = BigInt(FIRST_HOUR + 5) * HOUR_NS;
  expect(hours({ from: hour, to: hour + HOUR_NS })).toEqual([FIRST_HOUR + 5]);
  expect(hours({ from: hour - 1n, to: hour + 1n })).toEqual([FIRST_HOUR + 4, FIRST_HOUR + 5]);
  expect(hours({ from: null, to: BigInt(FIRST_HOUR) * HOUR_NS })).toEqual([]);
});

test("an open range reads everything, by cluster and time", () => {
  const partitions = prunePartitions(store, { from: null, to: null }, null);
  expect(partitions).toHaveLength(96);
  expect(partitions[0]!.path).toBe("cluster=prod/dt=2026-11-19/hour=00");
  expect(partitions.at(-1)!.path).toBe("cluster=staging/dt=2026-11-20/hour=23");
});

test.each([
  "cluster=prod/dt=2026-11-21/hour=24",
  "cluster=prod/dt=2026-13-41/hour=05",
  "cluster=prod/dt=2026-11-21/hour=5",
  "cluster=/dt=2026-11-21/hour=05",
  "prod/dt=2026-11-21/hour=05",
])("%s is no partition", (path) => {
  expect(parsePartition(path)).toBeNull();
});

test("a cluster's name is decoded as the agent encodes it", () => {
  expect(parsePartition("cluster=a%2Fb/dt=2026-11-21/hour=05")!.cluster).toBe("a/b");
  expect(parsePartition("cluster=50%/dt=2026-11-21/hour=05")!.cluster).toBe("50%");
});

test("only finished objects count", () => {
  const names = ["n-1.parquet", ".n-1.parquet", "_tmp.parquet", "n-1.parquet.tmp", "n-1.json.gz", "notes.txt"];
  expect(names.filter(isObject)).toEqual(["n-1.parquet"]);
});

function hours(range: { from: bigint | null; to: bigint | null }): number[] {
  return prunePartitions(store, range, ["prod"]).map((partition) => partition.hour);
}
