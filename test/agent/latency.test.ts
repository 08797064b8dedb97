import { join } from "node:path";
import { expect, test } from "vitest";
import type { NullConfig } from "../../config/output/null.ts";
import { Pump } from "../../agent/pump.ts";
import { OutputStats } from "../../agent/telemetry/output-stats.ts";
import { openBed } from "./bed.ts";
import { append, cri, recordingLogger, T0_MS } from "./fixture.ts";

/** As `flush 1` has it. */
const CONFIG: NullConfig = {
  plugin: "null",
  alias: "out",
  match: { pattern: "*", regex: false },
  uploadTimeoutMs: 1000,
  totalFileSizeBytes: 1 << 26,
};
const NEVER = new AbortController().signal;
/** What `follow` sleeps, and what its work adds to that. */
const TICK_MS = 1010;
const SHIP_MS_MAX = 500;

/** Writes a line to one file at each of these times, and follows it at `flush 1` on a clock of its own: how long each waited. */
async function waitsOf(writtenAtMs: readonly number[]): Promise<number[]> {
  await using bed = await openBed({ pollMs: 1000 });
  const path = join(bed.logs, "a.log");
  const { log } = recordingLogger();
  let nowMs = T0_MS;
  const pump = new Pump(bed.shipper, { config: CONFIG, stats: new OutputStats(), log, clock: () => nowMs });
  append(path, cri("stdout", "F", "first"));
  await bed.tail.discover(nowMs);
  const waits: number[] = [];
  for (let next = 0; waits.length < writtenAtMs.length; nowMs += TICK_MS) {
    while (next < writtenAtMs.length && T0_MS + writtenAtMs[next]! <= nowMs) {
      append(path, cri("stdout", "F", `line ${next}`));
      next++;
    }
    await bed.tail.poll(nowMs);
    pump.tick(NEVER);
    await pump.idle();
    for (let count = bed.logsShipped().length - 1; waits.length < count;)
      waits.push(nowMs - T0_MS - writtenAtMs[waits.length]!);
  }
  return waits;
}

test("at flush 1 a line of a file that was written to in the last minute is shipped within 2 s of its writing", async () => {
  const waits = await waitsOf(Array.from({ length: 200 }, (_, index) => index * 373 + (index > 100 ? 59_000 : 0)));
  expect(Math.max(...waits)).toBeLessThanOrEqual(2000 - SHIP_MS_MAX);
});

test("at flush 1 the first line after silence is shipped within 7 s, however long the silence was", async () => {
  const silences = [61_000, 75_100, 90_200, 120_300, 150_400, 600_500, 3_600_600, 3_600_700];
  let atMs = 0;
  const waits = await waitsOf(silences.map((silenceMs) => (atMs += silenceMs)));
  expect(Math.max(...waits)).toBeLessThanOrEqual(7000 - SHIP_MS_MAX);
  // Else this would not be about silence.
  expect(Math.max(...waits)).toBeGreaterThan(2000);
});
