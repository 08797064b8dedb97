import { expect, test } from "vitest";
import type { Chain } from "../../../agent/input/tail/followed-file.ts";
import { LagTracker } from "../../../agent/telemetry/lag.ts";
import type { Cursor } from "../../../agent/state/positions.ts";

/** One chain of one file, `id`, whose size and position a test moves. */
function fakeView(...ids: string[]) {
  const cursors = new Map<string, Cursor>();
  const incomplete = new Set<string>();
  const files = new Map(ids.map((id) => [id, { size: 0, gone: false, record: { id, order: 1, startAt: 0 } }]));
  const chains = ids.map((id) => ({ id, path: `/logs/${id}`, files: [files.get(id)!], superseded: false }));
  return {
    chains: () => chains as unknown as Chain[],
    cursors,
    incomplete,
    grow: (id: string, size: number) => (files.get(id)!.size = size),
    commit: (id: string, offset: number) => cursors.set(id, { file: id, offset, check: 0, open: [] }),
  };
}

test("lag is the age of the oldest byte that waits", () => {
  const view = fakeView("a");
  const lag = new LagTracker();
  lag.sample(view, 0);
  expect(lag.lagMs(0)).toBe(0);
  view.grow("a", 100);
  lag.sample(view, 10);
  view.grow("a", 200);
  lag.sample(view, 20);
  expect(lag.lagMs(60)).toBe(50);
  view.commit("a", 100);
  lag.sample(view, 70);
  expect(lag.lagMs(70)).toBe(60);
  view.commit("a", 200);
  lag.sample(view, 80);
  expect(lag.lagMs(80)).toBe(0);
});

test("a backlog that is worked off slowly shows its true age, however long it takes", () => {
  const view = fakeView("a");
  const lag = new LagTracker();
  for (let second = 0; second <= 1000; second += 10) {
    view.grow("a", 100 + second);
    view.commit("a", second / 2);
    lag.sample(view, second);
  }
  // Byte 500 was written at second 400.
  expect(lag.lagMs(1000)).toBeGreaterThanOrEqual(600);
  expect(lag.lagMs(1000)).toBeLessThan(800);
});

test("one file without progress is found among others that go on", () => {
  const view = fakeView("stuck", "fine");
  const lag = new LagTracker();
  for (let second = 0; second <= 400; second += 10) {
    view.grow("stuck", 100 + second);
    view.grow("fine", 100 + second);
    view.commit("fine", second);
    lag.sample(view, second * 1000);
  }
  expect(lag.stuck(300_000, 400_000)).toEqual([{ path: "/logs/stuck", pendingBytes: 500, forMs: 400_000 }]);
});

test("a line that is not complete is not stuck, unless it is longer than any line may be", () => {
  const view = fakeView("a");
  view.incomplete.add("a");
  const lag = new LagTracker();
  view.grow("a", 100);
  for (const ms of [0, 500_000]) lag.sample(view, ms);
  expect([lag.stuck(300_000, 500_000), lag.lagMs(500_000)]).toEqual([[], 0]);
  view.grow("a", 3 << 20);
  for (const ms of [600_000, 1_000_000]) lag.sample(view, ms);
  expect(lag.stuck(300_000, 1_000_000)).toHaveLength(1);
});

test("a file that is followed no more is forgotten", () => {
  const view = fakeView("a");
  const lag = new LagTracker();
  view.grow("a", 100);
  lag.sample(view, 0);
  lag.sample({ ...view, chains: () => [] }, 10);
  expect(lag.lagMs(1000)).toBe(0);
});
