import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Chain } from "../../agent/input/tail/followed-file.ts";
import { pendingBytes, planShipment, shareFairly } from "../../agent/plan.ts";
import type { Cursor } from "../../agent/state/positions.ts";
import { chainOf, cursorAt } from "./chains.ts";
import { T0_MS } from "./fixture.ts";

const givenUp = { reason: "truncated", size: 20 } as const;

/** What is planned, as `file start-limit` with `!` for torn and a final `end`. */
function plan(
  chains: readonly Chain[],
  cursors: Record<string, Cursor> = {},
  options: { bytesMax?: number; once?: boolean; podWaitMs?: number } = {},
) {
  const plans = planShipment(chains, new Map(Object.entries(cursors)), {
    nowMs: T0_MS,
    bytesMax: 1e9,
    once: false,
    ...options,
  });
  return plans.map(({ segments, ended }) =>
    [
      ...segments.map(({ file, start, target, torn }) => `${file.record.id} ${start}-${target}${torn ? "!" : ""}`),
      ...(ended ? ["end"] : []),
    ].join(", "),
  );
}

const at = (id: string, namespace: string, workload: string, pod: string, container: string) =>
  chainOf(id, [{ size: 1, origin: { namespace, workload, pod, container } }]);

const rotated = (grewAgoMs: number, size: number) => [
  chainOf("a", [{ size: 10, grewAtMs: T0_MS - grewAgoMs }, { size }]),
];

test("a file that waits for its pod is left alone as long as the output waits, and what follows it", () => {
  const chains = [chainOf("a", [{ size: 10, awaitsPodSinceMs: T0_MS - 5000 }, { size: 10 }])];
  expect(plan(chains)).toEqual([]);
  expect(plan(chains, {}, { podWaitMs: 5001 })).toEqual([]);
  expect(plan(chains, {}, { podWaitMs: 5000 })).not.toEqual([]);
});

test("shares are max-min fair, and never more than there is", () => {
  expect(shareFairly([10, 100, 100], 90)).toEqual([10, 40, 40]);
  expect(shareFairly([10, 20], 90)).toEqual([10, 20]);
  expect(shareFairly([], 90)).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.nat(1e6)), fc.nat(1e6), (demands, total) => {
      const shares = shareFairly(demands, total);
      const sum = shares.reduce((a, b) => a + b, 0);
      const wanted = demands.reduce((a, b) => a + b, 0);
      const least = Math.min(...shares.filter((share, index) => share < demands[index]!));
      expect(shares.every((share, index) => share >= 0 && share <= demands[index]!)).toBe(true);
      expect(sum).toBe(Math.min(total, wanted));
      // Who gets less than it asks gets as much as anybody, to a byte.
      expect(Math.max(0, ...shares) <= least + 1 || least === Infinity).toBe(true);
    }),
  );
});

test("chains are ordered by namespace, workload, pod and container", () => {
  const chains = [
    at("e", "b", "a", "a", "a"),
    at("d", "a", "b", "a", "a"),
    at("c", "a", "a", "b", "a"),
    at("b", "a", "a", "a", "b"),
    at("a", "a", "a", "a", "a"),
  ];
  expect(plan(chains)).toEqual(["a0 0-1", "b0 0-1", "c0 0-1", "d0 0-1", "e0 0-1"]);
});

test("the live file is read from its cursor, and its rest without newline waits", () => {
  expect(plan([chainOf("a", [{ size: 100 }])], { a: cursorAt("a0", 40) })).toEqual(["a0 40-100"]);
  expect(plan([chainOf("a", [{ size: 100 }])], { a: cursorAt("a0", 100) })).toEqual([]);
});

test("a rotated file is final once its successor has data and it was quiet for 5 s; until then the successor waits", () => {
  expect(plan(rotated(4999, 5))).toEqual(["a0 0-10"]);
  expect(plan(rotated(5000, 5))).toEqual(["a0 0-10!, a1 0-5"]);
  expect(plan(rotated(5000, 0))).toEqual(["a0 0-10"]);
});

test("a gone file ends its chain, and what is open there with it", () => {
  expect(plan([chainOf("a", [{ size: 10, gone: true }])])).toEqual(["a0 0-10!, end"]);
  const open = [{ stream: 1, fragments: [{ file: "a0", start: 0, end: 5 }] }];
  expect(plan([chainOf("a", [{ size: 10, gone: true }])], { a: cursorAt("a0", 10, open) })).toEqual(["a0 10-10!, end"]);
  expect(plan([chainOf("a", [{ size: 10, gone: true }])], { a: cursorAt("a0", 10) })).toEqual([]);
});

test("a superseded chain ends when it is quiet", () => {
  expect(plan([chainOf("a", [{ size: 10 }], { superseded: true })])).toEqual(["a0 0-10!, end"]);
  expect(plan([chainOf("a", [{ size: 10, grewAtMs: T0_MS }], { superseded: true })])).toEqual(["a0 0-10"]);
  expect(plan([chainOf("a", [{ size: 10 }, { size: 0 }], { superseded: true })])).toEqual(["a0 0-10!, a1 0-0!, end"]);
});

test("with --once, and for a plain path, a quiet file's rest is a line, but the chain goes on", () => {
  expect(plan([chainOf("a", [{ size: 10 }])], {}, { once: true })).toEqual(["a0 0-10!"]);
  expect(plan([chainOf("a", [{ size: 10, grewAtMs: T0_MS - 100 }])], {}, { once: true })).toEqual(["a0 0-10"]);
  expect(plan([chainOf("a", [{ size: 10 }], { plainPath: true })])).toEqual(["a0 0-10!"]);
});

test("a file that can't be read any more is passed over, and the records that are open in it are dropped", () => {
  const chains = [chainOf("a", [{ size: 100, givenUp }, { size: 7 }])];
  const open = [{ stream: 1, fragments: [{ file: "a0", start: 30, end: 40 }] }];
  const [planned] = planShipment(chains, new Map([["a", cursorAt("a0", 40, open)]]), {
    nowMs: T0_MS,
    bytesMax: 1e9,
    once: false,
  });
  expect(planned?.segments.map(({ file }) => file.record.id)).toEqual(["a1"]);
  expect(planned?.from?.open).toEqual([]);
});

test("a cursor whose file is gone means the first that is left", () => {
  expect(plan([chainOf("a", [{ size: 10 }])], { a: cursorAt("buried", 99) })).toEqual(["a0 0-10"]);
});

test("a file that shrank is planned, so that reading it finds out", () => {
  expect(plan([chainOf("a", [{ size: 10 }])], { a: cursorAt("a0", 40) })).toEqual(["a0 40-40"]);
});

test("bytes_max is shared: a small chain gets all, a large one stops early, within its first files", () => {
  const chains = [
    chainOf("a", [{ size: 10 }]),
    chainOf("b", [{ size: 50 }, { size: 100 }]),
    chainOf("c", [{ size: 100 }]),
  ];
  expect(plan(chains, {}, { bytesMax: 130 })).toEqual(["a0 0-10", "b0 0-50!, b1 0-10", "c0 0-60"]);
  expect(plan(chains, {}, { bytesMax: 70 })).toEqual(["a0 0-10", "b0 0-30!", "c0 0-30"]);
});

test("pending bytes are what lies beyond the cursor, without given-up files", () => {
  const chain = chainOf("a", [{ size: 10 }, { size: 20, givenUp }, { size: 30 }]);
  expect([pendingBytes(chain, null), pendingBytes(chain, cursorAt("a0", 4)), pendingBytes(chain, cursorAt("a2", 30))]).toEqual([40, 36, 0]); // prettier-ignore
});

test("what is open in a chain that is over is pending, in one that goes on it is not", () => {
  const cursor = cursorAt("a0", 10, [{ stream: 1, fragments: [{ file: "a0", start: 2, end: 9 }] }]);
  expect(pendingBytes(chainOf("a", [{ size: 10 }]), cursor)).toBe(0);
  expect(pendingBytes(chainOf("a", [{ size: 10, gone: true }]), cursor)).toBe(7);
  expect(pendingBytes(chainOf("a", [{ size: 10 }], { superseded: true }), cursor)).toBe(7);
});

test("a neighbour that writes 20 MB/s delays the others' lines by one interval at most, whatever its backlog", () => {
  const [intervalS, bytesMax, noisyBytesPerS] = [10, 64e6, 20e6];
  // 60 pods of 1 KB/s to 60 KB/s, in the order in which neither first nor last is the neighbour.
  const quietBytesPerS = Array.from({ length: 60 }, (_, index) => 1000 * (index + 1));
  const rates = quietBytesPerS.toSpliced(30, 0, noisyBytesPerS);
  const cursors = new Map<string, Cursor>();
  let backlog = 0;
  for (let round = 1; round <= 30; round++) {
    const chains = rates.map((rate, index) => chainOf(`c${index}`, [{ size: rate * intervalS * round }]));
    const plans = planShipment(chains, cursors, { nowMs: T0_MS, bytesMax, once: false });
    expect(plans.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(bytesMax);
    const left = chains.map(({ id, files }) => {
      const { target } = plans.find(({ chain }) => chain.id === id)!.segments.at(-1)!;
      cursors.set(id, cursorAt(`${id}0`, target));
      return files[0]!.size - target;
    });
    // All that was written until now: the oldest line left out of the shipment before is in this one.
    expect(left.toSpliced(30, 1)).toEqual(quietBytesPerS.map(() => 0));
    backlog = left[30]!;
  }
  expect(backlog).toBeGreaterThan(20 * bytesMax);
});
