import { expect, test } from "vitest";
import { Fault } from "../../../agent/output/retry.ts";
import { judgeHealth, type Condition, type OutputHealth } from "../../../agent/telemetry/health.ts";
import type { StuckChain } from "../../../agent/telemetry/lag.ts";
import { OutputStats } from "../../../agent/telemetry/output-stats.ts";

const CONFIG = { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 };
const NOW_MS = 1_000_000;
const GOOD: Condition = { outputs: [], look: null, unlisted: [], podApi: null };

function outputWith(stats: OutputStats, changes: Partial<OutputHealth> = {}): OutputHealth {
  return { id: "out", uploadTimeoutMs: 60_000, stats, stuck: () => [], ...changes };
}

function failing(error: Error, times = 1, atMs = NOW_MS): OutputStats {
  const stats = new OutputStats();
  for (let i = 0; i < times; i++) stats.failed(error, atMs, atMs + 1000);
  return stats;
}

const judge = (output: OutputHealth) => judgeHealth(CONFIG, { ...GOOD, outputs: [output] }, NOW_MS).reasons;

test("an agent without trouble is healthy", () => {
  expect(judgeHealth(CONFIG, { ...GOOD, outputs: [outputWith(new OutputStats())] }, NOW_MS)).toEqual({
    healthy: true,
    reasons: [],
  });
});

test("more failures than hc_errors_count within hc_period are an error, older ones are forgotten", () => {
  expect(judge(outputWith(failing(new Error("down"), 5)))).toEqual([]);
  expect(judge(outputWith(failing(new Error("down"), 6)))).toEqual(["output out: 6 failures in 60 s, the last: down"]);
  expect(judge(outputWith(failing(new Error("down"), 6, NOW_MS - 60_001)))).toEqual([]);
});

test("a failure that somebody must act on is an error at once, until it is gone", () => {
  const stats = failing(new Error("shipment failed", { cause: Object.assign(new Error("no"), { kind: "permanent" }) }));
  expect(judge(outputWith(stats))).toEqual(["output out: somebody must act: shipment failed"]);
  stats.recovered();
  expect(judge(outputWith(stats))).toEqual([]);
});

test("a Kubernetes API that can't be asked for a minute is an error", () => {
  const podApi = { message: "refused", sinceMs: NOW_MS - 60_000 };
  expect(judgeHealth(CONFIG, { ...GOOD, podApi }, NOW_MS - 1).reasons).toEqual([]);
  expect(judgeHealth(CONFIG, { ...GOOD, podApi }, NOW_MS).reasons).toEqual([
    "the Kubernetes API can't be asked for 60 s, so new pods are shipped with what their paths say: refused",
  ]);
});

test("a full disk is an error at once", () => {
  const stats = failing(new Error("cannot write", { cause: Object.assign(new Error("full"), { code: "ENOSPC" }) }));
  expect(judge(outputWith(stats))).toEqual(["output out: disk full: cannot write"]);
});

test("a file without progress is an error after hc_stuck_after, but five times upload_timeout at least", () => {
  const asked: number[] = [];
  const chain: StuckChain = { path: "/logs/a", pendingBytes: 7, forMs: 400_000 };
  const stuck = (afterMs: number) => {
    asked.push(afterMs);
    return [chain, { ...chain, path: "/logs/b" }];
  };
  expect(judge(outputWith(new OutputStats(), { stuck }))).toEqual([
    "output out: no progress for 400 s with 7 bytes waiting in /logs/a, and 1 other files",
  ]);
  judge(outputWith(new OutputStats(), { stuck, uploadTimeoutMs: 600_000 }));
  expect(asked).toEqual([300_000, 3_000_000]);
});

test("files that can't be looked after for half a minute are an error", () => {
  const look = { message: "EIO", sinceMs: NOW_MS - 29_000 };
  expect(judgeHealth(CONFIG, { ...GOOD, look }, NOW_MS).healthy).toBe(true);
  expect(judgeHealth(CONFIG, { ...GOOD, look }, NOW_MS + 1000).reasons).toEqual([
    "files can't be looked after for 30 s: EIO",
  ]);
});

test("with health_check off it is always ok, and still says why it would not be", () => {
  const report = judgeHealth(
    { ...CONFIG, enabled: false },
    { ...GOOD, outputs: [outputWith(failing(new Error("x"), 9))] },
    NOW_MS,
  );
  expect([report.healthy, report.reasons.length]).toEqual([true, 1]);
});

test("faults within a shipment count, and the answer to a repeated request ends the last of them", () => {
  const stats = new OutputStats();
  for (let i = 0; i < 6; i++) stats.answered(new Fault("throttled", "SlowDown", "SlowDown", null), i > 0, NOW_MS);
  expect(judge(outputWith(stats))).toEqual(["output out: 6 failures in 60 s, the last: SlowDown"]);
  stats.answered(null, false, NOW_MS);
  expect(stats.failing).not.toBeNull();
  stats.answered(null, true, NOW_MS);
  expect([stats.failing, stats.failures]).toEqual([null, 6]);
  expect([stats.requests, stats.requestRetries, stats.throttles]).toEqual([8, 6, 6]);
});

test("a folder that can't be listed is an error at once", () => {
  const unlisted = ["/logs", "/more"].map((path) => ({ path, message: "EACCES" }));
  expect(judgeHealth(CONFIG, { ...GOOD, unlisted }, NOW_MS)).toEqual({
    healthy: false,
    reasons: ["cannot list /logs, and 1 other folders: EACCES"],
  });
});
