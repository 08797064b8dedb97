import { expect, test } from "vitest";
import { footerLine, timeText, windowText } from "../../query/footer.ts";
import type { Scan } from "../../query/plan-scan.ts";
import type { Receipt } from "../../query/engine/engine.ts";
import { nothingTaken } from "../../query/run.ts";
import { openDirectory } from "../../query/store/directory.ts";

const FROM = BigInt(Date.parse("2026-11-21T04:00:00Z")) * 1_000_000n;

test("the footer says rows, window with zone, objects and time", () => {
  const partition = { cluster: "prod", hour: 1, path: "p" };
  const range = { from: FROM, to: null };
  const object = { bytes: 617_283, modifiedMs: 0, partition };
  const scan: Scan = {
    clusters: null,
    partitions: [partition],
    objects: [
      { ...object, key: "p/a" },
      { ...object, key: "p/b" },
    ],
    need: { columns: null, range, bounds: [] },
    store: openDirectory("/s"),
    window: { range, source: "flags" },
  };
  expect(footerLine({ rows: 1234, elapsedMs: 123, taken: nothingTaken() }, scan, "Asia/Shanghai")).toBe(
    "1,234 rows · 2026-11-21T12:00:00+08:00 to now (Asia/Shanghai) · 2 objects, 1.2 MB, in 1 hour · DuckDB · 0.12 s",
  );
});

test("a query that reads no logs has no window", () => {
  expect(footerLine({ rows: 1, elapsedMs: 5, taken: nothingTaken() }, null, "UTC")).toBe("1 row · DuckDB · 0.01 s");
});

test("what was fetched from S3 is said with its requests and their price", () => {
  const taken = { ...nothingTaken(), bytesRead: 12_300_000, requests: 85, listRequests: 1, requestsUsd: 0.000039 };
  expect(footerLine({ rows: 1, elapsedMs: 5, taken }, null, "UTC")).toBe(
    "1 row · DuckDB over S3: 12.3 MB in 85 GET and 1 LIST request, $0.000039 · 0.01 s",
  );
});

test("what Athena scanned is said with its price, of several queries together", () => {
  expect(line(receipt("a"))).toBe("1 row · Athena: 2.0 MB scanned, $0.00005 (a) · 0.01 s");
  expect(line(receipt("a"), receipt("b"))).toBe("1 row · Athena: 4.0 MB scanned, $0.0001 (a, b) · 0.01 s");
  expect(line(receipt("a", true))).toBe("1 row · Athena: an earlier result, $0 (a) · 0.01 s");
});

test("windows are named by what is open", () => {
  expect(windowText({ from: null, to: null }, "UTC")).toBe("all time");
  expect(windowText({ from: null, to: FROM }, "UTC")).toBe("until 2026-11-21T04:00:00Z");
  expect(windowText({ from: FROM, to: FROM + 1n }, "UTC")).toBe(
    "2026-11-21T04:00:00Z to 2026-11-21T04:00:00.000000001Z",
  );
});

test("a time shows as many digits of the second as it has", () => {
  expect(timeText(FROM + 500_000_000n, "UTC")).toBe("2026-11-21T04:00:00.5Z");
});

function receipt(queryId: string, reused = false): Receipt {
  const billed = { scannedBytes: reused ? 0 : 2_000_000, billedBytes: 10_485_760, usd: reused ? 0 : 0.00005 };
  return { engine: "athena", queryId, state: "succeeded", ...billed, engineMs: 1, queueMs: 1, reused };
}

function line(...receipts: Receipt[]): string {
  const taken = { ...nothingTaken(), receipts: new Map(receipts.map((one) => [one.queryId, one])) };
  return footerLine({ rows: 1, elapsedMs: 5, taken }, null, "UTC");
}
