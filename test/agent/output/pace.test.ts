import { expect, test } from "vitest";
import { Pace, paced } from "../../../agent/output/pace.ts";
import { Fault } from "../../../agent/output/retry.ts";

const NEVER = new AbortController().signal;
const THROTTLED = new Fault("throttled", "ThrottlingException", "slower", undefined);

/** A pace on a clock that stands still but for waits. */
function bed() {
  const state = { nowMs: 0 };
  const waits: number[] = [];
  const wait = async (delayMs: number) => {
    waits.push(delayMs);
    state.nowMs += delayMs;
    await Promise.resolve();
  };
  const pace = new Pace({ clock: () => state.nowMs, wait });
  const ask = async (times: number) => {
    for (let count = 0; count < times; count++) await pace.turn(NEVER);
  };
  return { pace, state, waits, ask };
}

test("as long as nothing is throttled nobody waits", async () => {
  const { pace, waits, ask } = bed();
  await ask(1000);
  pace.answered(null);
  expect([pace.perSecond, waits]).toEqual([Infinity, []]);
});

test("throttling halves what was asked in the last second, once for all that is throttled together", async () => {
  const { pace, state, waits, ask } = bed();
  await ask(5);
  state.nowMs = 2000;
  await ask(40);
  for (let count = 0; count < 8; count++) pace.answered(THROTTLED);
  expect(pace.perSecond).toBe(20);
  await ask(3);
  expect(waits).toEqual([50, 50]);
  state.nowMs += 1000;
  await ask(40);
  pace.answered(THROTTLED);
  expect(pace.perSecond).toBe(10);
});

test("success adds one request per second in every second, until nothing is limited any more", async () => {
  const { pace, ask } = bed();
  await ask(8);
  pace.answered(THROTTLED);
  expect(pace.perSecond).toBe(4);
  for (let count = 0; count < 4; count++) pace.answered(null);
  expect(pace.perSecond).toBeCloseTo(4.92, 1);
  for (let count = 0; count < 600_000 && pace.perSecond !== Infinity; count++) pace.answered(null);
  expect(pace.perSecond).toBe(Infinity);
});

test("other faults change nothing, and no throttling stops an output", async () => {
  const { pace, state, ask } = bed();
  await ask(8);
  pace.answered(new Fault("retryable", "InternalError", "no", undefined));
  expect(pace.perSecond).toBe(Infinity);
  for (let count = 0; count < 20; count++) {
    state.nowMs += 1000;
    pace.answered(THROTTLED);
  }
  expect(pace.perSecond).toBe(0.2);
});

test("each call of a paced port is a request", async () => {
  const { pace, waits } = bed();
  const faults = [THROTTLED];
  const call = async () => {
    const fault = faults.pop();
    if (fault !== undefined) throw fault;
    await Promise.resolve();
  };
  const port = paced({ call }, pace, NEVER);
  await expect(port.call()).rejects.toBe(THROTTLED);
  await port.call();
  await port.call();
  expect(waits).toHaveLength(1);
});
