import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startGrace } from "../../agent/grace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** When, after the stop, shipments were abandoned and all was over, in milliseconds. */
async function timesOf(graceMs: number): Promise<{ abandonedMs: number; overMs: number }> {
  const stop = new AbortController();
  using grace = startGrace(stop.signal, () => graceMs);
  const times = { abandonedMs: Number.NaN, overMs: Number.NaN };
  let nowMs = 0;
  grace.abandon.addEventListener("abort", () => (times.abandonedMs = nowMs));
  void grace.over.then(() => (times.overMs = nowMs));
  await vi.advanceTimersByTimeAsync(3_600_000);
  stop.abort();
  for (; nowMs <= graceMs + 10; nowMs += 10) await vi.advanceTimersByTimeAsync(nowMs === 0 ? 0 : 10);
  return times;
}

test("the grace starts with the stop; a fifth of it is kept for clearing away", async () => {
  expect(await timesOf(500)).toEqual({ abandonedMs: 400, overMs: 500 });
});

test("a second is enough for clearing away", async () => {
  expect(await timesOf(20_000)).toEqual({ abandonedMs: 19_000, overMs: 20_000 });
});

test("without grace all is over at once", async () => {
  expect(await timesOf(0)).toEqual({ abandonedMs: 0, overMs: 0 });
});

test("a stop that came before counts", async () => {
  using grace = startGrace(AbortSignal.abort(), () => 100);
  await vi.advanceTimersByTimeAsync(100);
  await grace.over;
  expect(grace.abandon.aborted).toBe(true);
});

test("after a stop that needed no grace no timer is left", () => {
  const stop = new AbortController();
  const grace = startGrace(stop.signal, () => 1000);
  stop.abort();
  grace[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});
