import { afterEach, expect, test, vi } from "vitest";
import type { NullConfig } from "../../config/output/null.ts";
import { Pump } from "../../agent/pump.ts";
import type { Shipped, Shipper } from "../../agent/shipper.ts";
import { OutputStats } from "../../agent/telemetry/output-stats.ts";
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
function fakePump(pending: number, results: (Error | boolean | Promise<boolean>)[] = []) {
  const state = { pending, shipments: 0 };
  const ship = async (): Promise<Shipped> => {
    state.shipments++;
    const result = await (results.shift() ?? false);
    if (result instanceof Error) throw result;
    return { records: 1, rawBytes: 1, objects: 1, storedBytes: 2, more: result, fault: null };
  };
  const shipper = { pendingBytes: () => state.pending, ship } as unknown as Shipper;
  const { log, lines } = recordingLogger();
  const stats = new OutputStats();
  let nowMs = 0;
  const pump = new Pump(shipper, { config: CONFIG, stats, log, clock: () => nowMs });
  const tickAt = async (ms: number, signal = NEVER) => {
    nowMs = ms;
    pump.tick(signal);
    await pump.idle();
    return state.shipments;
  };
  return { state, tickAt, lines, pump, stats };
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a few bytes wait for upload_timeout, however often they are looked at", async () => {
  const { tickAt } = fakePump(10);
  expect(await tickAt(0)).toBe(0);
  expect(await tickAt(59_800)).toBe(0);
  expect(await tickAt(60_000)).toBe(1);
  expect(await tickAt(60_001)).toBe(1);
  expect(await tickAt(120_001)).toBe(2);
});

test("bytes may have waited since the last look that saw none, or whose bytes are shipped", async () => {
  const { tickAt, state } = fakePump(0);
  await tickAt(0);
  state.pending = 10;
  expect(await tickAt(50_000)).toBe(0);
  expect(await tickAt(60_000)).toBe(1);
  expect(await tickAt(119_800)).toBe(1);
  expect(await tickAt(120_000)).toBe(2);
});

test("what comes during a shipment waits from the look before it", async () => {
  const shipped = Promise.withResolvers<boolean>();
  const { tickAt, pump } = fakePump(10, [shipped.promise]);
  await tickAt(0);
  const first = tickAt(60_000);
  void tickAt(90_000);
  shipped.resolve(false);
  await first;
  await pump.idle();
  expect(await tickAt(119_800)).toBe(1);
  expect(await tickAt(120_000)).toBe(2);
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

test.each([-3_600_000, 3_600_000])(
  "a wall clock that jumps by %i ms neither silences an output nor hurries it",
  async (jumpMs) => {
    vi.useFakeTimers({ toFake: ["Date"], now: T0_MS });
    vi.spyOn(Math, "random").mockReturnValue(1);
    const { tickAt } = fakePump(10, [new Error("down")]);
    await tickAt(0);
    vi.setSystemTime(T0_MS + jumpMs);
    expect(await tickAt(59_800)).toBe(0);
    expect(await tickAt(60_000)).toBe(1);
    vi.setSystemTime(T0_MS);
    expect(await tickAt(60_999)).toBe(1);
    expect(await tickAt(61_000)).toBe(2);
  },
);

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
  pump.tick(NEVER);
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

test("a failure that somebody must act on is said once, and tried again ever more rarely, up to five minutes", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const denied = Object.assign(new Error("access denied"), { kind: "permanent" });
  const { tickAt, lines, stats } = fakePump(
    1000,
    Array.from({ length: 8 }, () => denied),
  );
  const pauses: number[] = [];
  for (let atMs = 0, i = 0; i < 8; i++) {
    await tickAt(atMs);
    pauses.push(stats.retryAtMs! - atMs);
    atMs = stats.retryAtMs!;
  }
  expect(pauses.map((ms) => ms / 1000)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  expect(lines.filter(({ level }) => level === "error").map(({ text }) => text)).toEqual([
    "a shipment failed, and somebody must act; until then it is tried again, ever more rarely",
  ]);
});

test("what was shipped and what failed is counted, and a success ends the failure with a line", async () => {
  vi.spyOn(Math, "random").mockReturnValue(1);
  const { tickAt, stats, lines } = fakePump(1000, [new Error("down"), true, false]);
  await tickAt(0);
  expect(stats).toMatchObject({
    failures: 1,
    retries: 0,
    shipments: 0,
    failing: { message: "down", permanent: false },
  });
  expect(stats.retryAtMs).toBe(1000);
  await tickAt(1000);
  expect(stats).toMatchObject({ failures: 1, retries: 1, shipments: 2, objects: 2, storedBytes: 4, failing: null });
  expect(stats.inFlight).toBe(false);
  expect(lines.at(-1)).toMatchObject({ level: "info", text: "shipments succeed again" });
});
