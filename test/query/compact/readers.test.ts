import { expect, onTestFinished, test } from "vitest";
import { followObjects } from "../../../query/follow/new-objects.ts";
import { startS3Server } from "../../servers/s3-server.ts";
import { runLogq } from "../run-logq.ts";
import { PARTITION } from "../store/objects.ts";
import { AT, bed, nameOf, SIGNAL } from "./bed.ts";
import { bucketPlace } from "./bucket-place.ts";

async function openHour() {
  const server = await startS3Server();
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  const place = bucketPlace(server.endpoint, "logs");
  return { place, hour: await bed(place) };
}

test("-f shows nothing of a merge, and what comes beside it once", async () => {
  const { place, hour } = await openHour();
  const store = place.open();
  const objects = followObjects({
    store,
    clusters: null,
    from: null,
    seen: await store.listObjects([AT], SIGNAL),
    now: () => BigInt(AT.hour + 1) * 3_600_000_000_000n,
  });
  await hour.compact();
  expect(await objects.look(SIGNAL)).toEqual([]);
  await hour.put(nameOf(0, 100), 100);
  expect((await objects.look(SIGNAL)).map(({ key }) => key)).toEqual([`${PARTITION}/${nameOf(0, 100)}`]);
  expect(await objects.look(SIGNAL)).toEqual([]);
});

test("lines around a match are the same before a merge and after it", async () => {
  const { place, hour } = await openHour();
  const flags = ["--store", place.location, "--all-time", "-C", "2", "-o", "raw", "-q"];
  const around = async () => await runLogq(["pod = 'web-b-node-1' and log like 'web-b-node-1 7 %'", ...flags]);
  const before = await around();
  expect(before).toMatchObject({ code: 0, stderr: "" });
  expect(before.stdout).toContain("web-b-node-1 5 ");
  await hour.compact();
  expect(await around()).toEqual(before);
});

test("patterns of a bucket count each row once, before a merge and after it", async () => {
  const { place, hour } = await openHour();
  const counted = async (): Promise<number> => {
    const flags = ["--store", place.location, "--all-time", "--limit", "all", "-o", "ndjson", "-q"];
    const { code, stdout, stderr } = await runLogq(["patterns", ...flags]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trim().split("\n");
    return lines.reduce((sum, line) => sum + (JSON.parse(line) as { n: number }).n, 0);
  };
  expect(await counted()).toBe(2 * 6 * 60);
  await hour.compact();
  expect(await counted()).toBe(2 * 6 * 60);
});
