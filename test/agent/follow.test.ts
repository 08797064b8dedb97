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
