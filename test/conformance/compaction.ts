import { describe, expect, test } from "vitest";
import { recordKey } from "../../config/compact-records.ts";
import { AT, bed, HOUR_MS, nameOf, SIGNAL, WEEK_MS, type Place } from "../query/compact/bed.ts";
import { PARTITION } from "../query/store/objects.ts";

/** What `logq compact` promises, tried on any place for objects. */
export function compactionClaims(name: string, open: () => Promise<Place>): void {
  test(`${name}: the objects of an hour become one with the same rows, sorted by workload, pod and time`, async () => {
    const hour = await bed(await open());
    const before = await hour.rows();
    expect(before).toHaveLength(12 * 60);
    expect(await hour.compact()).toMatchObject({ merged: 12, into: 1, cleaned: 0 });
    expect(await hour.visible()).toEqual(["merged-1-0.parquet"]);
    expect(await hour.rows()).toEqual(before);
    const merged = ["merged-1-0.parquet"];
    const sorted = await hour.rowsIn(merged, "workload NULLS FIRST, pod NULLS FIRST, ts_ns, file, pos");
    expect(await hour.rowsIn(merged, "file_row_number")).toEqual(sorted);
  });

  test(`${name}: inputs stay for the grace, become markers without rows for a week, and go`, async () => {
    const hour = await bed(await open());
    const before = await hour.rows();
    await hour.compact();
    hour.clock.nowMs += HOUR_MS / 2;
    expect(await hour.compact()).toMatchObject({ merged: 0, cleaned: 0 });
    hour.clock.nowMs += HOUR_MS;
    expect(await hour.compact()).toMatchObject({ cleaned: 12, closed: 0 });
    const inputs = (await hour.stored()).filter((stored) => !stored.startsWith("merged"));
    expect(inputs).toHaveLength(12);
    // Whoever reads all objects has each row once now.
    expect(await hour.rowsIn(await hour.stored())).toEqual(before);
    hour.clock.nowMs += WEEK_MS + HOUR_MS;
    expect(await hour.compact()).toMatchObject({ closed: 12 });
    expect(await hour.stored()).toEqual(["merged-1-0.parquet"]);
    expect(await hour.rows()).toEqual(before);
  });

  describe(`${name}: stopped at any point`, () => {
    for (const step of ["planned", "merged", "published", "finished", "marking", "marked"]) {
      test(`after ${step}, rows are the same at once and after the next run, which goes on`, async () => {
        const hour = await bed(await open());
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
        expect(await hour.place.leftovers()).toEqual([]);
      });
    }
  });

  test(`${name}: late objects count at once, and are merged by a later run beside what is merged`, async () => {
    const hour = await bed(await open());
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

  test(`${name}: a shipment that comes again after its marker is gone is not counted, and deleted by the next run`, async () => {
    const hour = await bed(await open());
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

  test(`${name}: an object that cannot be read stays as it is, and is named`, async () => {
    const hour = await bed(await open());
    await hour.place.put(`${PARTITION}/${nameOf(0, 0)}`, Buffer.from("PAR1 not really PAR1"), "");
    expect(await hour.compact()).toMatchObject({ merged: 11, into: 1 });
    expect(hour.notices[0]).toContain(`${nameOf(0, 0)} is not merged`);
    expect(await hour.visible()).toEqual(["merged-1-0.parquet", nameOf(0, 0)]);
  });

  test(`${name}: an object with broken pages is named, and once it is moved away the others are merged`, async () => {
    const hour = await bed(await open());
    const key = `${PARTITION}/${nameOf(0, 3)}`;
    const bytes = Buffer.from(await hour.place.open().read(key));
    await hour.place.put(key, bytes.fill(0xff, 4, 300), "");
    await expect(hour.compact()).rejects.toThrow(/0-s3-3\.parquet is broken \(.*\): move it out of the store/);
    await hour.place.remove(key);
    const before = await hour.rows();
    await hour.compact();
    expect(hour.notices.at(-1)).toContain("1 of its objects are gone");
    await hour.compact();
    expect(await hour.rows()).toEqual(before);
    expect((await hour.visible()).every((object) => object.startsWith("merged-"))).toBe(true);
  });

  test(`${name}: a plan whose inputs retention has deleted is cancelled, and what was merged of it is swept away`, async () => {
    const hour = await bed(await open());
    const stop = { targetBytes: 40_000, probe: (at: string) => stopAt("published", at) };
    await expect(hour.compact(stop)).rejects.toThrow("stopped");
    for (const seq of [4, 5]) await hour.place.remove(`${PARTITION}/${nameOf(1, seq)}`);
    const before = await hour.rows();
    await hour.compact({ targetBytes: 40_000 });
    expect(hour.notices[0]).toMatch(/is not merged: \d of its objects are gone/);
    expect(await hour.rows()).toEqual(before);
    expect((await hour.stored()).filter((stored) => stored.startsWith("merged-1"))).toEqual([]);
    expect((await hour.visible()).every((stored) => stored.startsWith("merged-2"))).toBe(true);
  });

  test(`${name}: a record is listed with the time at which it appeared`, async () => {
    const place = await open();
    const key = recordKey(PARTITION, 1, "plan");
    // S3 says seconds.
    const beforeMs = Math.floor(Date.now() / 1000) * 1000;
    await (await place.openCompact()).createRecord(key, "{}", SIGNAL);
    const [record, ...others] = await (await place.openCompact()).listRecords(AT, SIGNAL);
    expect({ key: record?.key, others }).toEqual({ key, others: [] });
    expect(record?.appearedMs).toBeGreaterThanOrEqual(beforeMs);
    expect(record?.appearedMs).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test(`${name}: another run at the same time loses nothing and adds nothing`, async () => {
    const hour = await bed(await open());
    const before = await hour.rows();
    const [a, b] = await Promise.all([hour.compact(), hour.compact()]);
    expect(a.into + b.into).toBeGreaterThanOrEqual(1);
    expect(await hour.rows()).toEqual(before);
    expect(await hour.visible()).toEqual(["merged-1-0.parquet"]);
  });
}

function stopAt(step: string, at: string): void {
  if (at === step) throw new Error("stopped");
}

function unlessStopped(error: Error): void {
  if (error.message !== "stopped") throw error;
}
