import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PARTITION } from "../store/objects.ts";
import { bed, HOUR_MS, nameOf, rowsOf } from "./bed.ts";

const WEEK_MS = 7 * 24 * HOUR_MS;

test("the objects of an hour become one with the same rows, sorted by workload, pod and time", async () => {
  const hour = await bed();
  const before = await hour.rows();
  expect(before).toHaveLength(12 * 60);
  expect(await hour.compact()).toMatchObject({ merged: 12, into: 1, cleaned: 0 });
  expect(await hour.visible()).toEqual(["merged-1-0.parquet"]);
  expect(await hour.rows()).toEqual(before);
  const merged = [join(hour.root, PARTITION, "merged-1-0.parquet")];
  const sorted = await rowsOf(merged, "workload NULLS FIRST, pod NULLS FIRST, ts_ns, file, pos");
  expect(await rowsOf(merged, "file_row_number")).toEqual(sorted);
});

test("inputs stay for the grace, become markers without rows for a week, and go", async () => {
  const hour = await bed();
  const before = await hour.rows();
  await hour.compact();
  hour.clock.nowMs += HOUR_MS / 2;
  expect(await hour.compact()).toMatchObject({ merged: 0, cleaned: 0 });
  hour.clock.nowMs += HOUR_MS;
  expect(await hour.compact()).toMatchObject({ cleaned: 12, closed: 0 });
  const inputs = (await hour.stored()).filter((name) => !name.startsWith("merged"));
  expect(inputs).toHaveLength(12);
  // Whoever reads all objects has each row once now.
  expect(await rowsOf((await hour.stored()).map((name) => join(hour.root, PARTITION, name)))).toEqual(before);
  hour.clock.nowMs += WEEK_MS + HOUR_MS;
  expect(await hour.compact()).toMatchObject({ closed: 12 });
  expect(await hour.stored()).toEqual(["merged-1-0.parquet"]);
  expect(await hour.rows()).toEqual(before);
});

describe("stopped at any point", () => {
  for (const step of ["planned", "merged", "published", "finished", "marking", "marked"]) {
    test(`after ${step}, rows are the same at once and after the next run, which goes on`, async () => {
      const hour = await bed();
      const before = await hour.rows();
      const stop = { probe: (at: string) => stopAt(step, at), graceMs: 0 };
      for (let run = 0; run < 2; run++) {
        await hour.compact(stop).catch(unlessStopped);
        expect(await hour.rows()).toEqual(before);
        hour.clock.nowMs += HOUR_MS;
      }
      await hour.compact();
      hour.clock.nowMs += 2 * HOUR_MS;
      await hour.compact();
      expect(await hour.visible()).toEqual(["merged-1-0.parquet"]);
      expect(await hour.rows()).toEqual(before);
      expect(readdirSync(join(hour.root, "_staging"))).toEqual([]);
    });
  }
});

test("late objects count at once, and are merged by a later run beside what is merged", async () => {
  const hour = await bed();
  await hour.compact();
  await hour.put(nameOf(0, 100), 100);
  expect(await hour.visible()).toEqual(["merged-1-0.parquet", nameOf(0, 100)]);
  expect(await hour.compact()).toMatchObject({ merged: 0 });
  for (let seq = 101; seq < 105; seq++) await hour.put(nameOf(0, seq), seq);
  const before = await hour.rows();
  expect(await hour.compact()).toMatchObject({ merged: 6, into: 1 });
  expect(await hour.visible()).toEqual(["merged-2-0.parquet"]);
  expect(await hour.rows()).toEqual(before);
  hour.clock.nowMs += 2 * HOUR_MS;
  await hour.compact();
  expect(await hour.stored()).not.toContain("merged-1-0.parquet");
  expect(await hour.rows()).toEqual(before);
});

test("a shipment that comes again after its marker is gone is not counted, and deleted by the next run", async () => {
  const hour = await bed();
  await hour.compact({ graceMs: 0 });
  await hour.compact({ graceMs: 0 });
  hour.clock.nowMs += 2 * WEEK_MS;
  await hour.compact();
  const before = await hour.rows();
  await hour.put(nameOf(1, 3), 3, "node-1");
  expect(await hour.rows()).toEqual(before);
  await hour.compact();
  expect(hour.notices.at(-1)).toContain("came again after it was merged");
  expect(await hour.stored()).toEqual(["merged-1-0.parquet"]);
});

test("an object that cannot be read stays as it is, and is named", async () => {
  const hour = await bed();
  writeFileSync(join(hour.root, PARTITION, nameOf(0, 0)), "PAR1 not really PAR1");
  expect(await hour.compact()).toMatchObject({ merged: 11, into: 1 });
  expect(hour.notices[0]).toContain(`${nameOf(0, 0)} is not merged`);
  expect(await hour.visible()).toEqual(["merged-1-0.parquet", nameOf(0, 0)]);
});

test("a plan whose inputs retention has deleted is cancelled, and what was merged of it is swept away", async () => {
  const hour = await bed();
  const stop = { targetBytes: 40_000, probe: (at: string) => stopAt("published", at) };
  await expect(hour.compact(stop)).rejects.toThrow("stopped");
  for (const name of [nameOf(1, 4), nameOf(1, 5)]) rmSync(join(hour.root, PARTITION, name));
  const before = await hour.rows();
  await hour.compact({ targetBytes: 40_000 });
  expect(hour.notices[0]).toMatch(/is not merged: \d of its objects are gone/);
  expect(await hour.rows()).toEqual(before);
  expect((await hour.stored()).filter((name) => name.startsWith("merged-1"))).toEqual([]);
  expect((await hour.visible()).every((name) => name.startsWith("merged-2"))).toBe(true);
});

test("another run at the same time loses nothing and adds nothing", async () => {
  const hour = await bed();
  const before = await hour.rows();
  const [a, b] = await Promise.all([hour.compact(), hour.compact()]);
  expect(a.into + b.into).toBeGreaterThanOrEqual(1);
  expect(await hour.rows()).toEqual(before);
});

function stopAt(step: string, at: string): void {
  if (at === step) throw new Error("stopped");
}

function unlessStopped(error: Error): void {
  if (error.message !== "stopped") throw error;
}
