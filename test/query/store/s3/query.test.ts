import { join } from "node:path";
import { expect, test } from "vitest";
import { makeStore } from "../../../helpers/store.ts";
import { runLogq } from "../../run-logq.ts";
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
