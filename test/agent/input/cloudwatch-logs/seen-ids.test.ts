import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LogEvent } from "../../../../agent/input/cloudwatch-logs/log-event.ts";
import { openSeenIds } from "../../../../agent/input/cloudwatch-logs/seen-ids.ts";

const T0_MS = Date.parse("2026-11-21T12:00:00Z");
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "logq-seen-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const event = (n: number, timestampMs = T0_MS): LogEvent => ({
  id: String(n).padStart(56, "0"),
  stream: "kube-apiserver-1",
  timestampMs,
  message: `message ${n}`,
});

test("an event is new once: within a page, in later pages, and after a restart", async () => {
  const seen = await openSeenIds(folder, 0);
  expect(await seen.takePage([event(1), event(2), event(1)])).toEqual([event(1), event(2)]);
  expect(await seen.takePage([event(2), event(3)])).toEqual([event(3)]);
  expect(seen.page).toBe(2);
  const later = await openSeenIds(folder, 2);
  expect(await later.takePage([event(1), event(3), event(4)])).toEqual([event(4)]);
});

test("a page whose events did not become durable is new after a restart, and the page before it is not", async () => {
  const seen = await openSeenIds(folder, 0);
  await seen.takePage([event(1)]);
  await seen.takePage([event(2), event(3, T0_MS + 3_600_000)]);
  const later = await openSeenIds(folder, 1);
  expect(await later.takePage([event(1), event(2), event(3, T0_MS + 3_600_000)])).toEqual([
    event(2),
    event(3, T0_MS + 3_600_000),
  ]);
  // The number was given again, and this time it counts.
  expect(later.page).toBe(2);
  const last = await openSeenIds(folder, 2);
  expect(await last.takePage([event(2)])).toEqual([]);
});

test("what a crash tore off, or wrote as zeros, is dropped, and what follows is kept", async () => {
  const seen = await openSeenIds(folder, 0);
  await seen.takePage([event(1)]);
  const [name] = readdirSync(folder);
  const path = join(folder, name!);
  const whole = readFileSync(path);
  for (const torn of [whole.subarray(0, whole.length - 3), Buffer.alloc(7), Buffer.alloc(100)]) {
    writeFileSync(path, whole);
    appendFileSync(path, torn);
    const later = await openSeenIds(folder, 1);
    expect(await later.takePage([event(1), event(2)])).toEqual([event(2)]);
    const last = await openSeenIds(folder, 2);
    expect(await last.takePage([event(2)])).toEqual([]);
  }
});

test("files are of ten minutes of event time, and go when that is over", async () => {
  const seen = await openSeenIds(folder, 0);
  await seen.takePage([event(1), event(2, T0_MS + 599_999), event(3, T0_MS + 600_000)]);
  expect(readdirSync(folder).toSorted()).toEqual(["20261121T1200.ids", "20261121T1210.ids"]);
  expect(statSync(join(folder, "20261121T1200.ids")).size).toBe(16 + 2 * 8);
  await seen.forgetBefore(T0_MS + 599_999);
  expect(readdirSync(folder)).toHaveLength(2);
  await seen.forgetBefore(T0_MS + 600_000);
  expect(readdirSync(folder)).toEqual(["20261121T1210.ids"]);
  const later = await openSeenIds(folder, 1);
  await later.forgetBefore(T0_MS + 1_200_000);
  expect(readdirSync(folder)).toEqual([]);
});

const page = (bucket: number) =>
  Array.from({ length: 1000 }, (_, n) => event(bucket * 1000 + n, T0_MS + bucket * 600_000));

test("what does not fit into memory is read again from its file", async () => {
  const tablesBytesMax = 64 * 1024;
  const seen = await openSeenIds(folder, 0, tablesBytesMax);
  // 20 tables of 16 KB each.
  for (let bucket = 0; bucket < 20; bucket++) expect(await seen.takePage(page(bucket))).toHaveLength(1000);
  expect(seen.bytes).toBeLessThanOrEqual(tablesBytesMax);
  for (const bucket of [0, 19, 10, 0]) expect(await seen.takePage(page(bucket))).toEqual([]);
});

test("files that are not its own are left alone", async () => {
  writeFileSync(join(folder, "notes.txt"), "mine");
  const seen = await openSeenIds(folder, 0);
  await seen.takePage([event(1)]);
  expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("mine");
});
