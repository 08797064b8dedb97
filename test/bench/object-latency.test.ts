import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { latencyInObjects } from "../../bench/object-latency.ts";

const AT_MS = Date.parse("2026-03-01T10:00:00Z");
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "logq-latency-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test("lines take until their object is stored; what is earlier or of a loud pod is not looked at", async () => {
  await store("one.parquet", AT_MS + 5000, [
    { atMs: AT_MS, log: "seq=0-000000001" },
    { atMs: AT_MS + 4000, log: "seq=1-000000001" },
    { atMs: AT_MS - 60_000, log: "seq=0-000000000" },
    { atMs: AT_MS - 60_000 + 90_000, log: "seq=2-000000000" },
  ]);
  const latency = await latencyInObjects(root, { fromMs: AT_MS, quietPods: 2 });
  expect(latency).toEqual({ medianMs: 3000, p99Ms: 4960, maxMs: 5000 });
});

test("nothing stored has no latency", async () => {
  expect(await latencyInObjects(root, { fromMs: AT_MS, quietPods: 2 })).toBeNull();
});

async function store(name: string, storedAtMs: number, lines: readonly { atMs: number; log: string }[]): Promise<void> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const values = lines.map(({ atMs, log }) => `(${atMs}000000::BIGINT, '${log}')`).join();
  await connection.run(
    `COPY (SELECT * FROM (VALUES ${values}) AS t(ts_ns, log)) TO '${join(root, name)}' (FORMAT parquet)`,
  );
  connection.closeSync();
  utimesSync(join(root, name), storedAtMs / 1000, storedAtMs / 1000);
}
