import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startS3Server, type S3ServerOptions } from "../../servers/s3-server.ts";
import { PARTITION } from "../store/objects.ts";
import { AT, bed, HOUR_MS, nameOf, SIGNAL } from "./bed.ts";
import { bucketPlace } from "./bucket-place.ts";

test("a marker has the logq-plan of the object in whose place it is, so that its agent takes it for its own", async () => {
  const { hour, place } = await bucketHour();
  await hour.compact();
  hour.clock.nowMs += 2 * HOUR_MS;
  expect(await hour.compact()).toMatchObject({ cleaned: 12 });
  const metadata = await place.metadata(`${PARTITION}/${nameOf(1, 2)}`);
  expect(metadata).toEqual({ "logq-plan": `plan of ${nameOf(1, 2)}`, "logq-compacted": "1" });
});

test("a query asks for records only where there is a merged object, by one listing, and for each outcome once", async () => {
  const { hour, place, asked } = await bucketHour();
  asked();
  await place.open().listObjects([AT], SIGNAL);
  expect(asked()).toEqual({ ListObjectsV2: 1 });
  await hour.compact();
  asked();
  for (let process = 0; process < 2; process++) {
    const store = place.open();
    for (let query = 0; query < 2; query++) await store.listObjects([AT], SIGNAL);
    expect(asked()).toEqual({ ListObjectsV2: 4, ...(process === 0 && { GetObject: 1 }) });
  }
});

test("a run that finds nothing to do lists records of a day once, and an hour once", async () => {
  const { hour, asked } = await bucketHour();
  await hour.compact();
  asked();
  await hour.compact();
  expect(asked()).toEqual({ ListObjectsV2: 2, GetObject: 1 });
});

for (const [conditions, records] of [
  ["refused", 0],
  ["ignored", 1],
] as const) {
  test(`a store by which conditions are ${conditions} is refused before anything is merged`, async () => {
    const { hour, keys } = await bucketHour({ conditions });
    await expect(hour.compact()).rejects.toThrow("does not mind If-None-Match");
    expect(keys()).toHaveLength(12 + records);
    expect(await hour.visible()).toHaveLength(12);
  });
}

test("a merged object of several parts appears whole", async () => {
  const { hour, place } = await bucketHour();
  const store = await place.openCompact();
  const folder = await store.makeFolder();
  const file = join(folder, "large");
  const body = Buffer.alloc(20 * 1024 * 1024, "large object");
  await writeFile(file, body);
  for (let twice = 0; twice < 2; twice++) await store.publish(file, "_large", SIGNAL);
  expect(Buffer.compare(await place.open().read("_large"), body)).toBe(0);
  expect(await hour.place.leftovers()).toEqual([]);
  await rm(folder, { recursive: true });
});

async function bucketHour(options: S3ServerOptions = {}) {
  const server = await startS3Server(options);
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  const place = bucketPlace(server.endpoint, "logs");
  let before: Record<string, number> = {};
  return {
    place,
    hour: await bed(place),
    keys: () => server.bucket("logs").keys(),
    /** How often each operation was asked since the last call. */
    asked: (): Record<string, number> => {
      const now = { ...server.stats().requests };
      const since = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
      before = now;
      return Object.fromEntries(since.filter(([, count]) => count > 0));
    },
  };
}
