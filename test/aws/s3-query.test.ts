import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openS3 } from "../agent/output/s3/bed.ts";
import { objectOf, PARTITION } from "../query/store/objects.ts";
import { runLogq } from "../query/run-logq.ts";
import { makeBucket } from "./moto.ts";

test("a store on moto is asked by logq, from the bucket and then from the cache", async () => {
  const { endpoint, bucket } = await makeBucket();
  process.env["AWS_ENDPOINT_URL_S3"] = endpoint;
  const folder = mkdtempSync(join(tmpdir(), "logq-moto-"));
  const { once } = openS3(endpoint, { bucket, requestTimeoutMs: 30_000 });
  const pods = ["api-1", "nginx-1", "shop-1"].map((pod) => ({ pod, rows: 50, logBytes: 400 }));
  for (let i = 0; i < 3; i++) await once.put(`team/${PARTITION}/node-${i}.parquet`, [await objectOf(pods)], "plan");
  const query = `select count(*) as n, min(pos) as first, cluster, hour from logs where pod = 'nginx-1' group by cluster, hour`;
  const flags = ["--store", `s3://${bucket}/team`, "--from", "2026-11-21T05:00:00Z", "--to", "2026-11-21T06:00:00Z"];
  const env = { LOGQ_CACHE_DIR: join(folder, "cache") };
  try {
    for (let i = 0; i < 2; i++) {
      const ran = await runLogq([query, ...flags, "--cluster", "prod", "-o", "ndjson", "-q"], { env });
      expect(ran).toMatchObject({ code: 0, stderr: "" });
      expect(ran.stdout).toBe('{"n":150,"first":0,"cluster":"prod","hour":"05"}\n');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
