import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LogGroupRequests } from "../../../../agent/input/cloudwatch-logs/requests.ts";
import { pullLogGroup } from "../../../../agent/input/cloudwatch-logs/pull.ts";
import type { Spool, SpoolAppend } from "../../../../agent/input/spool/spool.ts";
import type { CloudWatchInputConfig } from "../../../../config/input/cloudwatch-logs.ts";
import { FilteredEvents, type Disorder, type FilteredEvent } from "../../../servers/filtered-events.ts";
import { mulberry32 } from "../../../servers/s3-faults.ts";
import { inputConfig } from "./bed.ts";

const T0_MS = Date.parse("2026-11-21T12:00:00Z");
const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];
const FAILURES_MAX = 1000;
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "logq-pull-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** What is durable: over crashes. */
class MemorySpool implements Spool {
  readonly appended: { source: string; container: string; node: string; ms: number; log: string }[] = [];
  readonly checkpoints = new Map<string, string>();
  /** Called before and after something becomes durable; may throw. */
  crash: () => void = () => undefined;

  async append(): Promise<void> {
    return await Promise.reject(new Error("not asked for here"));
  }
  async appendAll(appends: readonly SpoolAppend[]): Promise<void> {
    this.crash();
    for (const { source, records, checkpoint } of appends) {
      const { container = "", node = "" } = source.origin;
      for (const { seconds, nanos, log } of records)
        this.appended.push({
          source: source.name,
          container,
          node,
          ms: seconds * 1000 + nanos / 1e6,
          log: Buffer.from(log!).toString(),
        });
      if (checkpoint !== null) this.checkpoints.set(source.name, checkpoint);
    }
    this.crash();
    await Promise.resolve();
  }
  checkpoint(source: string): string | null {
    return this.checkpoints.get(source) ?? null;
  }
  bytes(): number {
    return 0;
  }
}

/** A log group, and the time that passes while it is asked. */
function simulate(disorder: Disorder | null = null, saysTime = true) {
  const events = new FilteredEvents();
  const spool = new MemorySpool();
  const asked: { startMs: number; endMs: number; nowMs: number; prefix: string | null }[] = [];
  let due: { atMs: number; event: FilteredEvent }[] = [];
  let nowMs = T0_MS;
  let stop = new AbortController();
  let endMs = Infinity;
  /** How far this machine's clock is ahead. */
  const machine: { aheadMs?: () => number } = {};

  function pass(ms: number): void {
    nowMs += ms;
    const arrived = due.filter(({ atMs }) => atMs <= nowMs);
    due = due.filter(({ atMs }) => atMs > nowMs);
    events.deliver(arrived.map(({ event }) => event));
    if (nowMs >= endMs) stop.abort();
  }

  const requests: LogGroupRequests = {
    page: async ({ prefix, startMs, endMs: end, token }) => {
      pass(50);
      asked.push({ startMs, endMs: end, nowMs, prefix });
      const page = events.page(
        {
          startTime: startMs,
          endTime: end - 1,
          ...(prefix !== null && { logStreamNamePrefix: prefix }),
          ...(token !== null && { nextToken: token }),
        },
        disorder,
      );
      return await Promise.resolve({
        events: page.events.map((each) => ({
          id: each.eventId,
          stream: each.logStreamName,
          timestampMs: each.timestamp,
          message: each.message,
        })),
        token: page.nextToken ?? null,
        serviceMs: saysTime ? Math.floor(nowMs / 1000) * 1000 : null,
      });
    },
  };

  return {
    spool,
    asked,
    now: () => nowMs,
    /** This machine's clock is ahead by so much, asked for each time it is looked at. */
    shift: (by: () => number) => void (machine.aheadMs = by),
    /** An event of stream and time, found from `atMs` on. */
    deliver: (id: number, stream: string, timestamp: number, atMs: number) =>
      due.push({ atMs, event: { eventId: `id-${id}`, logStreamName: stream, timestamp, message: `event ${id}` } }),
    /** Runs until so much time has passed, over every failure that is thrown; returns how many were. */
    run: async (ms: number, changes: Partial<CloudWatchInputConfig> = {}, once = false): Promise<number> => {
      endMs = nowMs + ms;
      stop = new AbortController();
      pass(0);
      const context = {
        spool,
        folder,
        requests,
        tagOf: (name: string) => `cp.${name}`,
        once,
        now: () => nowMs + (machine.aheadMs?.() ?? 0),
      };
      const wait = async (delayMs: number): Promise<void> => await Promise.resolve(pass(delayMs));
      for (let failures = 0; ; failures++) {
        try {
          await pullLogGroup(inputConfig("", changes), { ...context, wait }, stop.signal);
          return failures;
        } catch (error) {
          if (stop.signal.aborted) return failures;
          if (failures > FAILURES_MAX) throw error;
        }
      }
    },
  };
}

const ids = (spool: MemorySpool): number[] =>
  spool.appended.map(({ log }) => Number(log.slice(6))).toSorted((a, b) => a - b);

test("events become records of their stream, with component, instance and time", async () => {
  const { deliver, run, spool } = simulate();
  deliver(1, "kube-apiserver-audit-0a1b2c3d", T0_MS - SECOND - 1, T0_MS);
  deliver(2, "kube-scheduler-0a1b2c3d", T0_MS - HOUR, T0_MS);
  await run(HOUR, {}, true);
  expect(spool.appended).toEqual([
    {
      source: "kube-apiserver-audit-0a1b2c3d",
      container: "kube-apiserver-audit",
      node: "0a1b2c3d",
      ms: T0_MS - SECOND - 1,
      log: "event 1",
    },
    {
      source: "kube-scheduler-0a1b2c3d",
      container: "kube-scheduler",
      node: "0a1b2c3d",
      ms: T0_MS - HOUR,
      log: "event 2",
    },
  ]);
});

test("a new event is there after the interval, a late one at the next age after it was delivered", async () => {
  const { deliver, run, spool, now } = simulate();
  const seen = new Map<string, number>();
  spool.crash = () => {
    for (const { log } of spool.appended) if (!seen.has(log)) seen.set(log, now());
  };
  const at = T0_MS + 10 * MINUTE;
  const delays = [SECOND, 50 * SECOND, 10 * MINUTE, 5 * HOUR + 59 * MINUTE];
  for (const [id, delay] of delays.entries()) deliver(id, "kube-scheduler-1", at, at + delay);
  // Others that came in time: the newest that was seen is not the late ones.
  for (let n = 0; n < 40; n++)
    deliver(100 + n, "kube-scheduler-2", T0_MS + n * 30 * SECOND, T0_MS + (n * 30 + 1) * SECOND);
  await run(6.5 * HOUR, { intervalMs: 30 * SECOND });
  const ages = delays.map((_, id) => seen.get(`event ${id}`)! - at);
  expect(ages[0]).toBeLessThan(35 * SECOND);
  expect(ages[1]).toBeLessThan(2 * MINUTE);
  expect(ages[2]).toBeLessThan(20 * MINUTE);
  expect(ages[3]).toBeLessThan(6 * HOUR + 6 * MINUTE);
  expect(ids(spool)).toHaveLength(4 + 40);
});

test("what is older than since is left out, and since counts once", async () => {
  const { deliver, run, spool } = simulate();
  deliver(1, "kube-scheduler-1", T0_MS - 25 * HOUR, T0_MS);
  deliver(2, "kube-scheduler-1", T0_MS - 23 * HOUR, T0_MS);
  await run(HOUR, { sinceMs: 24 * HOUR }, true);
  expect(ids(spool)).toEqual([2]);
  await run(HOUR, { sinceMs: 48 * HOUR }, true);
  expect(ids(spool)).toEqual([2]);
});

test("streams that were not chosen are left out", async () => {
  const { deliver, run, spool, asked } = simulate();
  for (const [id, stream] of ["kube-apiserver-1", "kube-apiserver-audit-1", "kube-scheduler-1"].entries())
    deliver(id, stream, T0_MS - MINUTE, T0_MS);
  await run(HOUR, { types: ["api"] }, true);
  expect(ids(spool)).toEqual([0]);
  expect(new Set(asked.map(({ prefix }) => prefix))).toEqual(new Set(["kube-apiserver-"]));
});

test("another lateness goes on from where all is known to have been read, and repeats nothing", async () => {
  const { deliver, run, spool } = simulate();
  for (let n = 0; n < 100; n++) deliver(n, "kube-scheduler-1", T0_MS - n * MINUTE, T0_MS);
  await run(10 * MINUTE);
  deliver(100, "kube-scheduler-1", T0_MS - 5 * HOUR, T0_MS + 9 * MINUTE);
  await run(10 * MINUTE, { latenessMs: 10 * HOUR });
  await run(10 * MINUTE, { latenessMs: 2 * HOUR });
  expect(ids(spool)).toEqual(Array.from({ length: 101 }, (_, n) => n));
});

test("a service that does not say what time it is, is read by this machine's clock", async () => {
  const { deliver, run, spool } = simulate(null, false);
  for (let n = 0; n < 50; n++)
    deliver(n, "kube-scheduler-1", T0_MS + n * MINUTE, T0_MS + n * MINUTE + (n % 5) * MINUTE);
  await run(7 * HOUR);
  expect(ids(spool)).toHaveLength(50);
});

test.each([
  ["a day ahead", () => 24 * HOUR],
  ["a day behind", () => -24 * HOUR],
])(
  "on a machine whose clock is %s, the first start begins where it should, and nothing is missed",
  async (_, shift) => {
    const { deliver, run, shift: setClock, spool } = simulate();
    setClock(shift);
    deliver(0, "kube-scheduler-1", T0_MS - 7 * HOUR, T0_MS);
    for (let n = 1; n < 100; n++) deliver(n, "kube-scheduler-1", T0_MS + (n - 50) * MINUTE, T0_MS + n * 2 * MINUTE);
    await run(10 * HOUR);
    expect(ids(spool)).toEqual(Array.from({ length: 99 }, (__, n) => n + 1));
  },
);

test("a clock that jumps by hours, forth and back, neither loses nor repeats an event", async () => {
  const { deliver, run, now, shift, spool } = simulate();
  shift(() => (Math.floor((now() - T0_MS) / (17 * MINUTE)) % 3) * 9 * HOUR);
  for (let n = 0; n < 100; n++)
    deliver(n, "kube-scheduler-1", T0_MS + n * 4 * MINUTE, T0_MS + n * 4 * MINUTE + (n % 7 === 0 ? 5 * HOUR : n * 100));
  await run(13 * HOUR, { intervalMs: 5 * MINUTE });
  expect(ids(spool)).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test("ids of times that are read for good take no disk", async () => {
  const { deliver, run } = simulate();
  for (let n = 0; n < 48; n++) deliver(n, "kube-scheduler-1", T0_MS - 24 * HOUR + n * 30 * MINUTE, T0_MS);
  await run(10 * MINUTE, { sinceMs: 24 * HOUR, latenessMs: HOUR });
  expect(readdirSync(folder).length).toBeLessThanOrEqual(3);
});

test.each([1, 2])(
  "seed %i: every event once, delivered late, twice and in any order, over crashes at any point",
  async (seed) => {
    const random = mulberry32(seed);
    const disorder = { random, emptyShare: 0.1, twiceShare: 0.1, shuffled: true, pageEvents: 40 };
    const { deliver, run, spool } = simulate(disorder);
    const latenessMs = 2 * HOUR;
    const count = 300;
    for (let id = 0; id < count; id++) {
      const stream = `kube-apiserver-audit-${Math.floor(random() * 20)}`;
      const timestamp = T0_MS + Math.floor((random() - 0.4) * 4 * HOUR);
      const delay = random() < 0.7 ? random() * 20 * SECOND : random() * latenessMs;
      deliver(id, stream, timestamp, timestamp + delay);
      if (random() < 0.1) deliver(id, stream, timestamp, timestamp + random() * latenessMs);
    }
    spool.crash = () => {
      if (random() < 0.06) throw new Error("kill -9");
    };
    const failures = await run(6 * HOUR, { latenessMs, sinceMs: 4 * HOUR, intervalMs: 2 * MINUTE });
    expect(failures).toBeGreaterThan(3);
    expect(ids(spool)).toEqual(Array.from({ length: count }, (_, id) => id));
  },
);
