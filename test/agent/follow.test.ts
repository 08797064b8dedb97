import { afterEach, expect, test, vi } from "vitest";
import { follow } from "../../agent/follow.ts";
import type { Pipeline } from "../../agent/pipeline.ts";
import { Telemetry } from "../../agent/telemetry/telemetry.ts";
import { recordingLogger, tempFolder } from "./fixture.ts";
import { tailConfig } from "./bed.ts";

afterEach(() => vi.restoreAllMocks());

test.each([3_600_000, -3_600_000])(
  "a wall clock that jumps by %i ms is no lapse of time for the inputs",
  async (jumpMs) => {
    using folder = tempFolder();
    const stop = new AbortController();
    const times: number[] = [];
    const tail = {
      files: new Map(),
      folders: [],
      discover: async () => await Promise.resolve(),
      poll: async (nowMs: number) => {
        times.push(nowMs);
        const realMs = Date.now();
        vi.spyOn(Date, "now").mockReturnValue(realMs + jumpMs);
        if (times.length > 3) stop.abort();
        await Promise.resolve();
      },
    };
    const config = { inputs: [tailConfig(`${folder.path}/*.log`)], outputs: [{ uploadTimeoutMs: 50 }] };
    const parts = {
      config,
      tails: [tail],
      spools: [],
      pumps: [],
      recoveries: [],
      openedAtMs: 0,
      release: async () => {},
    };
    const { log } = recordingLogger();
    const { signal } = stop;
    const telemetry = new Telemetry(log, { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 });
    await follow(parts as unknown as Pipeline, { stop: signal, abandon: signal, telemetry, log });
    for (const [index, time] of times.slice(1).entries()) {
      expect(time - times[index]!).toBeGreaterThan(0);
      expect(time - times[index]!).toBeLessThan(60_000);
    }
  },
);

test("a file that a spool has made is looked for at once: nothing else announces it in a folder that has one already", async () => {
  using folder = tempFolder();
  const stop = new AbortController();
  const spool = { filesMade: 1, isFull: false };
  const looks: number[] = [];
  let ticks = 0;
  const tail = {
    files: new Map(),
    folders: [],
    discover: async () => await Promise.resolve(looks.push(spool.filesMade)),
    poll: async () => {
      ticks++;
      if (ticks === 3) spool.filesMade++;
      if (ticks === 6) stop.abort();
      await Promise.resolve();
    },
  };
  const config = { inputs: [tailConfig(`${folder.path}/*.log`)], outputs: [{ uploadTimeoutMs: 50 }] };
  const spools = [{ id: "a", input: null, spool, tail }];
  const parts = { config, tails: [], spools, pumps: [], recoveries: [], openedAtMs: 0, release: async () => {} };
  const { log } = recordingLogger();
  const { signal } = stop;
  const telemetry = new Telemetry(log, { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 });
  const polled = { ...parts, tails: [{ ...tail, discover: async () => await Promise.resolve() }] };
  await follow(polled as unknown as Pipeline, { stop: signal, abandon: signal, telemetry, log });
  expect(looks).toEqual([1, 2]);
});
