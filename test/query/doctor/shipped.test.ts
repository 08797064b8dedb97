import { expect, test } from "vitest";
import { parsePartition } from "../../../query/catalog/plan.ts";
import { shippedObjects } from "../../../query/doctor/shipped.ts";
import { shippingChecks } from "../../../query/doctor/shipping.ts";
import type { StoredObject } from "../../../query/store/store.ts";

const MINUTE_MS = 60_000;
const FIRST_MS = Date.UTC(2026, 10, 21, 5);
/** Two agents' shipments of a minute each over two hours; the first hour was merged, and its inputs are markers since. */
const MARKED_MS = FIRST_MS + 140 * MINUTE_MS;

function objectAt(name: string, hour: number, modifiedMs: number): StoredObject {
  const path = `cluster=prod/dt=2026-11-21/hour=0${5 + hour}`;
  return { key: `${path}/${name}`, bytes: 100, modifiedMs, partition: parsePartition(path)! };
}

function stored(missing: number | null): StoredObject[] {
  const shipments = [0, 1].flatMap((node) =>
    Array.from({ length: 120 }, (_, seq) => {
      const hour = Math.floor(seq / 60);
      const name = `node-${node}-0123456789abcdef0123-s3-${seq + 1}.parquet`;
      return seq === missing ? [] : [objectAt(name, hour, hour === 0 ? MARKED_MS : FIRST_MS + (seq + 1) * MINUTE_MS)];
    }).flat(),
  );
  return [...shipments, objectAt("merged-1-0.parquet", 0, FIRST_MS + 80 * MINUTE_MS)];
}

function warnings(missing: number | null) {
  const all = stored(missing);
  const counting = all.filter(
    ({ key, partition }) => partition.hour * 60 * MINUTE_MS > FIRST_MS || key.includes("merged-"),
  );
  const checks = shippingChecks(shippedObjects(all, counting), FIRST_MS + 121 * MINUTE_MS, "UTC");
  return checks.filter(({ status }) => status !== "ok").map(({ message }) => message);
}

test("of an hour that was merged, the markers' numbers are known, and their times are no pause", () => {
  expect(warnings(null)).toEqual([]);
});

test("a shipment that was missing before the merge is still missing", () => {
  const missing = warnings(30);
  expect(missing).toHaveLength(2);
  expect(missing[0]).toMatch(/^node-0: shipment 31 has no object here, between 2026-11-21 05:30/);
});
