import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { collectMetrics } from "../../../agent/telemetry/metrics.ts";
import { Telemetry } from "../../../agent/telemetry/telemetry.ts";
import { openBed } from "../bed.ts";
import { append, cri, recordingLogger, T0_MS } from "../fixture.ts";

const HEALTH = { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 };

/** A value by metric name, of the sample whose labels include these. */
function valueOf(telemetry: Telemetry, name: string, labels: Record<string, string> = {}, nowMs?: number): unknown {
  const metric = collectMetrics(telemetry, nowMs).find((each) => each.name === name);
  const wanted = Object.entries(labels);
  return metric?.samples.find((sample) => wanted.every(([key, value]) => sample.labels?.[key] === value))?.value;
}

test("docs/metrics.md names every metric, and no other", () => {
  const page = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/`((?:logq|process|fluentbit_filter)_[a-z_]+)`/g)].map(([, name]) => name);
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  telemetry.podApi = () => ({ listed: true, error: null, pods: 1, requests: 2, failures: 0 });
  const names = collectMetrics(telemetry).map(({ name }) => name);
  expect(new Set(documented)).toEqual(new Set(names));
});

test("files, bytes, lag and stuck files are those of the pipeline", async () => {
  await using bed = await openBed();
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  telemetry.files = () => bed.tail.files.values();
  const { chains, cursors } = { chains: () => [...bed.tail.chains.values()], cursors: bed.positions.cursors };
  telemetry.attach({ id: "out", uploadTimeoutMs: 1000, chains, cursors, incomplete: bed.shipper.incomplete });
  append(`${bed.logs}/a.log`, cri("stdout", "F", "one"));
  await bed.tail.discover(T0_MS);
  expect(valueOf(telemetry, "logq_input_files", { retained: "linked" })).toBe(1);
  expect(valueOf(telemetry, "logq_output_pending_bytes", { output: "out" })).toBe(cri("stdout", "F", "one").length);
  const startMs = performance.now();
  valueOf(telemetry, "logq_output_lag_seconds", {}, startMs);
  expect(valueOf(telemetry, "logq_output_lag_seconds", {}, startMs + 400_000)).toBeGreaterThanOrEqual(400);
  expect(telemetry.health(startMs + 400_000).reasons).toEqual([expect.stringContaining("no progress for")]);
  await bed.run(T0_MS + 1000);
  expect(valueOf(telemetry, "logq_output_lag_seconds", {}, startMs + 402_000)).toBe(0);
  expect(telemetry.health(startMs + 402_000).healthy).toBe(true);
});

test("an unterminated line is no stuck file", async () => {
  await using bed = await openBed();
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  const { chains, cursors } = { chains: () => [...bed.tail.chains.values()], cursors: bed.positions.cursors };
  telemetry.attach({ id: "out", uploadTimeoutMs: 1000, chains, cursors, incomplete: bed.shipper.incomplete });
  append(`${bed.logs}/a.log`, cri("stdout", "F", "one").trimEnd());
  await bed.run(T0_MS);
  const startMs = performance.now();
  for (const afterMs of [0, 400_000]) telemetry.sample(startMs + afterMs);
  expect(telemetry.health(startMs + 400_000)).toEqual({ healthy: true, reasons: [] });
});

test("an output that is configured no more leaves the gauges, and its totals stay", async () => {
  await using bed = await openBed();
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  const view = { id: "out", uploadTimeoutMs: 1000, chains: () => [], cursors: bed.positions.cursors };
  telemetry.attach({ ...view, incomplete: new Set<string>() });
  telemetry.statsOf("out").failed(new Error("down"), 0, 1000);
  telemetry.detach("out");
  expect(valueOf(telemetry, "logq_output_lag_seconds", { output: "out" })).toBeUndefined();
  expect(valueOf(telemetry, "logq_output_delivered_bytes_total", { output: "out" })).toBe(0);
  expect(telemetry.health()).toEqual({ healthy: true, reasons: [] });
});

test("a round that fails once is no trouble, for half a minute it is, until one succeeds", () => {
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  telemetry.looked(new Error("EIO"), 0);
  telemetry.looked(new Error("EIO again"), 29_000);
  expect(telemetry.health(29_000).healthy).toBe(true);
  expect(telemetry.health(30_000).reasons).toEqual(["files can't be looked after for 30 s: EIO again"]);
  telemetry.looked(null, 31_000);
  expect(telemetry.health(31_000).healthy).toBe(true);
});

test("what is written into the state folder is counted", async () => {
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  const before = Number(valueOf(telemetry, "logq_state_written_bytes_total"));
  await using bed = await openBed();
  append(`${bed.logs}/a.log`, cri("stdout", "F", "one"));
  await bed.run(T0_MS);
  expect(Number(valueOf(telemetry, "logq_state_written_bytes_total")) - before).toBeGreaterThan(500);
});

test("how the files of each mount are retained is in the metrics, once however many inputs there are", () => {
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  const linked = { path: "/var/log", mode: "linked", reason: null } as const;
  telemetry.mounts = () => [linked, { path: "/mnt", mode: "held", reason: "EXDEV" }, linked];
  telemetry.keptBytes = () => 4096;
  const mounts = collectMetrics(telemetry).find(({ name }) => name === "logq_input_mount_info");
  expect(mounts?.samples.map(({ labels }) => labels)).toEqual([
    { mount: "/var/log", retained: "linked", reason: "" },
    { mount: "/mnt", retained: "held", reason: "EXDEV" },
  ]);
  expect(valueOf(telemetry, "logq_input_kept_bytes")).toBe(4096);
});

test("what filters did has Fluent Bit's names, by filter and output", () => {
  const telemetry = new Telemetry(recordingLogger().log, HEALTH);
  const counts = { records: 5, dropped: 2, droppedBytes: 70, changed: 1 };
  const entry = {
    segments: [],
    resumed: [],
    open: [],
    records: 3,
    counters: { unparsed: 0, cut: 0, clamped: 0, repaired: 0 },
  };
  for (let shipment = 0; shipment < 2; shipment++)
    telemetry.ledger.committed("out", { ...entry, filters: new Map([["grep.0", counts]]) });
  const labels = { name: "grep.0", output: "out" };
  expect(valueOf(telemetry, "fluentbit_filter_records_total", labels)).toBe(10);
  expect(valueOf(telemetry, "fluentbit_filter_drop_records_total", labels)).toBe(4);
  expect(valueOf(telemetry, "fluentbit_filter_drop_bytes_total", labels)).toBe(140);
  expect(valueOf(telemetry, "fluentbit_filter_add_records_total", labels)).toBe(0);
  expect(valueOf(telemetry, "logq_filter_changed_records_total", labels)).toBe(2);
});
