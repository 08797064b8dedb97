import { join } from "node:path";
import { expect, test } from "vitest";
import { makeStore } from "../../../helpers/store.ts";
import { runLogq } from "../../run-logq.ts";
import { objectOf, PARTITION } from "../objects.ts";
import { openBed } from "./bed.ts";

test("a query over a bucket answers as one over the directory with the same objects", async () => {
  await using bed = await openBed();
  const directory = join(bed.folder, "store");
  await makeStore(directory);
  bed.putDirectory(directory);
  const env = { LOGQ_CACHE_DIR: join(bed.folder, "cache") };
  for (const query of [
    "select * from logs order by file, pos",
    "select count(*) as n, cluster, dt, hour from logs group by cluster, dt, hour order by dt, hour",
    "select level, count(*) as n from logs group by level order by level",
    "select log from logs where pod = 'no-such-pod'",
  ]) {
    const flags = ["--all-time", "-o", "ndjson", "-q"];
    const local = await runLogq([query, "--store", directory, ...flags]);
    const remote = await runLogq([query, "--store", bed.location, ...flags], { env });
    expect(remote).toEqual(local);
    expect(remote.code).toBe(0);
  }
});

test("what was fetched is said with its requests and their price", async () => {
  await using bed = await openBed();
  const directory = join(bed.folder, "store");
  await makeStore(directory);
  bed.putDirectory(directory);
  const env = { LOGQ_CACHE_DIR: join(bed.folder, "cache") };
  const argv = ["select count(*)", "--store", bed.location, "--cluster", "prod", "--stats"];
  const window = ["--from", "2026-03-01T04:00:00Z", "--to", "2026-03-01T05:00:00Z"];
  const first = await runLogq([...argv, ...window], { env });
  expect(first.stderr).toMatch(/DuckDB over S3: [\d.]+ kB in 2 GET and 1 LIST request, \$0\.0000058/);
  const second = await runLogq([...argv, ...window], { env });
  expect(second.stderr).toContain("DuckDB over S3: 0 B in 0 GET and 1 LIST request, $0.000005");
  expect(second.stdout).toBe(first.stdout);
});

test("an object whose pages are broken is named as it is called in the bucket", async () => {
  await using bed = await openBed();
  const object = await objectOf([{ pod: "api-1", rows: 300, logBytes: 1000 }]);
  // The first page that is compressed is no zstd frame any more.
  const at = object.indexOf(Buffer.of(0x28, 0xb5, 0x2f, 0xfd));
  object.fill(0xff, at, at + 4);
  bed.put(`${PARTITION}/node-1.parquet`, object);
  const env = { LOGQ_CACHE_DIR: join(bed.folder, "cache") };
  const ran = await runLogq(["select * from logs", "--all-time", "--store", bed.location], { env });
  expect(ran.code).toBe(4);
  expect(ran.stderr).toContain(`${bed.location}/${PARTITION}/node-1.parquet`);
  expect(ran.stderr).not.toContain("/logq-s3-");
});
