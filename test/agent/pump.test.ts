import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { NullConfig } from "../../config/config.ts";
import { Pump } from "../../agent/pump.ts";
import type { Shipped, Shipper } from "../../agent/shipper.ts";
import { recordingLogger, T0_MS } from "./fixture.ts";

const CONFIG: NullConfig = {
  plugin: "null",
  alias: "out",
  match: { pattern: "*", regex: false },
  uploadTimeoutMs: 60_000,
  totalFileSizeBytes: 1000,
};
const NEVER = new AbortController().signal;

/** A shipper with `pending` bytes, whose shipments are what `results` says: an error, or whether there is more. */
function fakePump(pending: number, results: (Error | boolean)[] = []) {
  const state = { pending, shipments: 0 };
  const ship = async (): Promise<Shipped> => {
    state.shipments++;
    const result = results.shift() ?? false;
    if (result instanceof Error) throw result;
    return await Promise.resolve({ records: 1, rawBytes: 1, more: result });
  };
  const shipper = { pendingBytes: () => state.pending, ship } as unknown as Shipper;
  const { log, lines } = recordingLogger();
  const pump = new Pump(shipper, CONFIG, log);
  const tickAt = async (ms: number, signal = NEVER) => {
    vi.setSystemTime(T0_MS + ms);
    pump.tick(T0_MS + ms, signal);
    await pump.idle();
    return state.shipments;
  };
  return { state, tickAt, lines, pump };
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a few bytes wait for upload_timeout, counted from when they were first seen", async () => {
  const { tickAt } = fakePump(10);
  expect(await tickAt(0)).toBe(0);
  expect(await tickAt(59_999)).toBe(0);
  expect(await tickAt(60_000)).toBe(1);
  expect(await tickAt(60_001)).toBe(1);
  expect(await tickAt(120_001)).toBe(2);
});

test("total_file_size bytes are shipped at once", async () => {
  const { tickAt } = fakePump(1000);
  expect(await tickAt(0)).toBe(1);
});

test("a backlog is shipped without a pause", async () => {
  const { tickAt } = fakePump(1000, [true, true, false]);
  expect(await tickAt(0)).toBe(3);
});

test("nothing is shipped when nothing waits, and the wait starts anew", async () => {
  const { tickAt, state } = fakePump(10);
  await tickAt(0);
  state.pending = 0;
  await tickAt(30_000);
  state.pending = 10;
  expect(await tickAt(70_000)).toBe(0);
  expect(await tickAt(130_000)).toBe(1);
});

test("a clock that jumps back does not silence an output", async () => {
  const { tickAt } = fakePump(10);
  await tickAt(0);
  expect(await tickAt(-3_600_000)).toBe(1);
});

test("a failure is logged and tried again after the back-off, without another upload_timeout", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const { tickAt, lines } = fakePump(10, [new Error("no space"), new Error("no space"), false]);
  await tickAt(0);
  expect(await tickAt(60_000)).toBe(1);
  expect(lines).toMatchObject([{ level: "error", fields: { output: "out", retryInMs: 1000 } }]);
  expect(await tickAt(60_999)).toBe(1);
  expect(await tickAt(61_000)).toBe(2);
  expect(await tickAt(62_999)).toBe(2);
  expect(await tickAt(63_000)).toBe(3);
  expect(await tickAt(63_001)).toBe(3);
});

test("the back-off doubles up to 30 s", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const { tickAt, lines } = fakePump(
    1000,
    Array.from({ length: 8 }, () => new Error("down")),
  );
  for (let i = 0; i < 8; i++) await tickAt(i * 30_000);
  expect(lines.map(({ fields }) => fields["retryInMs"])).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000,
  ]);
});

test("a failure because the agent stops is no failure", async () => {
  const { tickAt, lines } = fakePump(1000, [new Error("aborted")]);
  await tickAt(0, AbortSignal.abort());
  expect(lines).toEqual([]);
});

test("a pump that is told to stop lets the shipment under way end and starts none, whatever waits", async () => {
  const { tickAt, state, pump } = fakePump(1000, [true, true, true]);
  pump.tick(T0_MS, NEVER);
  await pump.stop();
  expect(await tickAt(60_000)).toBe(1);
  expect(state.shipments).toBe(1);
});

test("the last shipment does not wait for upload_timeout, and is one", async () => {
  const { state, pump } = fakePump(10, [true, true]);
  await pump.flush(NEVER);
  expect(state.shipments).toBe(1);
});

test.each([
  ["when nothing waits", 0, NEVER],
  ["when the grace is over", 10, AbortSignal.abort()],
])("there is no last shipment %s", async (_, pending, signal) => {
  const { state, pump } = fakePump(pending);
  await pump.flush(signal);
  expect(state.shipments).toBe(0);
});

test("an output that failed is not tried again at the end", async () => {
  const { state, tickAt, pump } = fakePump(1000, [new Error("down")]);
  await tickAt(0);
  await pump.flush(NEVER);
  expect(state.shipments).toBe(1);
});
