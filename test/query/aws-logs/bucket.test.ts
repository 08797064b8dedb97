import { expect, test } from "vitest";
import { openBed, type S3Bed } from "../store/s3/bed.ts";
import { runLogq } from "../run-logq.ts";
import { TRAIL, gzippedRecords, trailKey } from "./cloudtrail-files.ts";

const COUNT = "select eventname, count(*) as n from cloudtrail group by 1 order by 1";

function putTrail(bed: S3Bed): void {
  for (const [key, events] of TRAIL) bed.put(key, gzippedRecords(events));
}

test.each([["team/logs"], [""]])(
  "a trail's bucket answers as its files in a folder do: prefix '%s'",
  async (prefix) => {
    await using bed = await openBed({ prefix });
    putTrail(bed);
    const { code, stdout, stderr } = await runLogq(["--store", bed.location, "--all-time", "-o", "csv", COUNT]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").slice(0, 3)).toEqual(["eventname,n", "AccessKubernetesApi,1", "AssumeRole,1"]);
  },
);

test("a bucket is asked for the last hour, unless the query or a flag says another time", async () => {
  await using bed = await openBed();
  putTrail(bed);
  const plan = async (query: string) => (await runLogq(["--store", bed.location, "--dry-run", query])).stdout;
  expect(await plan("select count(*) from cloudtrail")).toMatch(/window: \S+ to now/);
  expect(await plan("select count(*) from cloudtrail where dt = '2026-11-21'")).toContain("would read: 4 objects");
  // The file that holds the end of a day may have been written on the next.
  expect(await plan("select count(*) from cloudtrail where dt = '2026-11-20'")).toContain("would read: 1 object");
});

test("account and region are folders that are not listed, and a window's days are where listing begins and ends", async () => {
  await using bed = await openBed();
  putTrail(bed);
  for (let day = 1; day <= 9; day++)
    bed.put(trailKey("111122223333", "eu-central-1", `2026120${day}T0005Z`, "aaaaaaaaaaaaaaa9"), gzippedRecords([]));
  bed.requests();
  const ask = async (condition: string) => {
    const query = `select count(*) as n from cloudtrail where dt = '2026-11-21' and ${condition}`;
    const { stdout } = await runLogq(["--store", bed.location, query]);
    return [stdout, bed.requests()];
  };
  // Accounts, services' regions, and the days of each region.
  expect(await ask("true")).toEqual(['{"n":8}\n', { GetObject: 4, ListObjectsV2: 5 }]);
  expect(await ask("account = '444455556666'")).toEqual(['{"n":1}\n', { GetObject: 1, ListObjectsV2: 3 }]);
  expect(await ask("region = 'eu-central-1'")).toEqual(['{"n":7}\n', { GetObject: 3, ListObjectsV2: 4 }]);
});

test("trails of an organization lie a folder deeper", async () => {
  await using bed = await openBed();
  for (const [key, events] of TRAIL)
    bed.put(key.replace("AWSLogs/", "AWSLogs/o-exampleorgid/"), gzippedRecords(events));
  const { stdout } = await runLogq(["--store", bed.location, "--all-time", "select count(*) as n from cloudtrail"]);
  expect(stdout).toBe('{"n":9}\n');
});

test("a folder inside of the logs is a store, too", async () => {
  await using bed = await openBed();
  putTrail(bed);
  const location = `${bed.location}/AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/21`;
  const { stdout } = await runLogq(["--store", location, "--all-time", "select count(*) as n from cloudtrail"]);
  expect(stdout).toBe('{"n":8}\n');
});

test("a bucket without such logs is named, with what to do", async () => {
  await using bed = await openBed();
  bed.put("cluster=prod/dt=2026-11-21/hour=05/a.parquet", Buffer.from("x"));
  const { code, stderr } = await runLogq(["--store", bed.location, "select * from cloudtrail"]);
  expect([code, stderr]).toEqual([4, expect.stringContaining("s3://logs/team/logs holds no AWSLogs/\n")]);
});

test("a bucket with other logs of AWS's alone is no empty one", async () => {
  await using bed = await openBed();
  putTrail(bed);
  const { code, stderr } = await runLogq(["--store", bed.location, "select count(*) from alb"]);
  expect([code, stderr]).toEqual([
    4,
    expect.stringContaining("s3://logs/team/logs holds no AWSLogs/<account>/elasticloadbalancing/\n"),
  ]);
});
