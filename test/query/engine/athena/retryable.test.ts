import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { mayPass } from "../../../../query/engine/athena/retryable.ts";
import type { Receipt } from "../../../../query/engine/engine.ts";
import { ask, CREDENTIALS, quickClock, startWorld, type World } from "./harness.ts";

let world: World;

beforeAll(async () => {
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value);
  world = await startWorld();
}, 60_000);

beforeEach(() => {
  world.athena.faults.clear();
  world.athena.asked.length = 0;
  world.athena.stops.length = 0;
  world.athena.failure = "GENERIC_INTERNAL_ERROR: Encountered an exception while executing the query";
  world.athena.athenaError = { ErrorCategory: 1, ErrorType: 200, Retryable: true };
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

const tokens = () =>
  world.athena.asked
    .filter(({ operation }) => operation === "StartQueryExecution")
    .map(({ input }) => input.ClientRequestToken);

describe("a query that failed for what may pass", () => {
  test("is started again after a moment, as another query, and both are accounted for", async () => {
    world.athena.faults.add({ kind: "failed", operation: "StartQueryExecution", times: 1 });
    const clock = quickClock();
    const { rows, receipts, notices } = await ask(world, "select 7 as x", { clock });
    expect(rows).toEqual([[7n]]);
    expect(new Set(tokens()).size).toBe(2);
    expect(Math.max(...clock.sleptMs)).toBe(4000);
    const last = new Map(receipts.map((receipt) => [receipt.queryId, receipt]));
    expect([...last.values()]).toMatchObject([
      { state: "failed", scannedBytes: 1e6, usd: 0 },
      { state: "succeeded", scannedBytes: 1e6, usd: 0.00005 },
    ]);
    expect(notices).toEqual([
      "Athena failed, which may pass (GENERIC_INTERNAL_ERROR: Encountered an exception while executing the query): the query is started again, once",
    ]);
  });

  test("is not started a third time", async () => {
    world.athena.faults.add({ kind: "failed", operation: "StartQueryExecution" });
    await expect(ask(world, "select 8 as x")).rejects.toMatchObject({
      message: expect.stringMatching(/^the query failed on Athena: GENERIC_INTERNAL_ERROR/),
      exitCode: 4,
    });
    expect(tokens()).toHaveLength(2);
  });

  test("is throttled by S3, and stays so: exit code 5", async () => {
    world.athena.failure =
      "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://logs/a.parquet: Please reduce your request rate. (Service: Amazon S3; Error Code: SlowDown)";
    world.athena.athenaError = { ErrorCategory: 2, ErrorType: 1006, Retryable: false };
    world.athena.faults.add({ kind: "failed", operation: "StartQueryExecution" });
    await expect(ask(world, "select 9 as x")).rejects.toMatchObject({ exitCode: 5 });
    expect(tokens()).toHaveLength(2);
  });

  test("may scan what the first run has left of --max-scan", async () => {
    world.athena.faults.add({ kind: "failed", operation: "StartQueryExecution", times: 1 });
    world.athena.faults.add({ kind: "slow", operation: "StartQueryExecution", times: 1 });
    const receipts: Receipt[] = [];
    const asked = ask(world, "select 10 as x", {
      scanBytesMax: 3_500_000,
      onReceipt: (receipt) => receipts.push(receipt),
    });
    await expect(asked).rejects.toMatchObject({
      message: expect.stringMatching(/^stopped: the query had scanned [\d.]+ MB, more than --max-scan 3\.5 MB/),
      exitCode: 3,
    });
    // Three of the second run, one of the first.
    expect(receipts.filter(({ state }) => state === "running").at(-1)!.scannedBytes).toBe(3e6);
    expect(world.athena.stops).toHaveLength(1);
  });

  test("is not started again by who was interrupted meanwhile", async () => {
    world.athena.faults.add({ kind: "failed", operation: "StartQueryExecution" });
    const stop = new AbortController();
    const clock = quickClock();
    const sleep = async (ms: number): Promise<void> => {
      if (ms === 4000) stop.abort();
      await clock.sleep(ms);
    };
    await expect(ask(world, "select 11 as x", { clock: { ...clock, sleep }, signal: stop.signal })).rejects.toThrow(
      "aborted",
    );
    expect(tokens()).toHaveLength(1);
  });
});

test.each([
  ["an internal error that Athena calls retryable", true, "FAILED", "GENERIC_INTERNAL_ERROR: x", 200, true],
  ["the same, not retryable", false, "FAILED", "GENERIC_INTERNAL_ERROR: x", 200, false],
  ["S3's throttling", true, "FAILED", "HIVE_CURSOR_ERROR: Please reduce your request rate.", 1006, false],
  ["resources that were exhausted", false, "FAILED", "Query exhausted resources at this scale factor", 1, true],
  [
    "the same without a type",
    false,
    "FAILED",
    "EXCEEDED_LOCAL_MEMORY_LIMIT: Query exceeded per-node limit",
    undefined,
    true,
  ],
  ["a timeout", false, "FAILED", "Query timeout", 210, true],
  ["a mistake in the text", false, "FAILED", "SYNTAX_ERROR: line 1:1: x", 1006, false],
  ["a query that was stopped", false, "CANCELLED", "Query cancelled by user", 200, true],
  ["one that succeeded", false, "SUCCEEDED", "", 200, true],
] as const)("%s may pass: %s", (_, passes, State, StateChangeReason, ErrorType, Retryable) => {
  expect(mayPass({ Status: { State, StateChangeReason, AthenaError: { ErrorType, Retryable } } })).toBe(passes);
});
