import { expect, onTestFinished, test } from "vitest";
import { startS3Server } from "../servers/s3-server.ts";
import { bed, HOUR_MS, nameOf } from "./compact/bed.ts";
import { bucketPlace } from "./compact/bucket-place.ts";
import { runLogq } from "./run-logq.ts";

const UNKNOWN = `NOT regexp_like("$path", '/merged-[0-9]+-[0-9]+[.]parquet$')`;
const WINDOW = ["--from", "2026-11-21T05:00:00Z", "--to", "2026-11-21T06:00:00Z"];

async function openHour() {
  const server = await startS3Server();
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  const place = bucketPlace(server.endpoint, "logs");
  const explain = async () => {
    const flags = ["-e", "athena", "--store", place.location, "--cluster", "prod", ...WINDOW];
    return await runLogq([...flags, "--explain", "select count(*)"], { env: { AWS_REGION: "us-east-1" } });
  };
  return { server, explain, hour: await bed(place) };
}

test("what Athena is asked leaves out merged objects that don't count yet, then inputs, then neither", async () => {
  const { explain, hour, server } = await openHour();
  expect((await explain()).stdout).toContain(`hour = '05' AND (${UNKNOWN}) AND ts >= `);
  await hour.compact();
  await hour.put(nameOf(0, 100), 100);
  const { stdout, stderr, code } = await explain();
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  const at = `regexp_extract("$path", 'dt=[^/]+/hour=[^/]+') = 'dt=2026-11-21/hour=05'`;
  const late = `regexp_extract("$path", 'dt=[^/]+/hour=.*') IN ('dt=2026-11-21/hour=05/${nameOf(0, 100)}')`;
  const merged = (parts: string) => `regexp_like("$path", '/merged-(${parts})[.]parquet$') AND (${at})`;
  expect(stdout).toContain(`(${UNKNOWN} AND (NOT (${at}) OR ${late}) OR ${merged("1-(0)")}) AND ts >= `);
  hour.clock.nowMs += 2 * HOUR_MS;
  await hour.compact();
  expect((await explain()).stdout).toContain(`(${UNKNOWN} OR ${merged("1-[0-9]+")}) AND ts >= `);
  const lists = () => server.stats().requests["ListObjectsV2"]!;
  const before = lists();
  await explain();
  // The records; no hour has inputs left to be told apart.
  expect(lists() - before).toBe(1);
});

test("who may not list the store still asks Athena, and is told what that means", async () => {
  const { explain, server } = await openHour();
  server.faults.add({ kind: "forbidden", operation: "ListObjectsV2" });
  const { code, stdout, stderr } = await explain();
  expect(code).toBe(0);
  expect(stdout).not.toContain("$path");
  expect(stderr).toContain("cannot look for merged objects, whose rows may count twice for a while after logq compact");
  expect(stderr).toContain("access denied");
});
