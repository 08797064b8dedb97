import { expect, test } from "vitest";
import { Fault } from "../../../agent/output/retry.ts";
import { sendAll } from "../../../agent/output/send.ts";

const DENIED = new Fault("permanent", "AccessDenied", "denied", undefined);
const BUSY = new Fault("retryable", "InternalFailure", "busy", undefined);

interface Request {
  readonly name: string;
  readonly sources: ReadonlySet<string>;
}

const request = (name: string, ...sources: string[]): Request => ({ name, sources: new Set(sources) });

/** Sends by a service that meets the faults of each name in order; every fault takes 4 s. */
async function run(requests: readonly Request[], faults: Record<string, Fault[]>, inFlightMax = 1) {
  const stop = new AbortController();
  const sent: string[] = [];
  let nowMs = 0;
  const undelivered = await sendAll(requests, {
    inFlightMax,
    signal: stop.signal,
    clock: () => nowMs,
    send: async ({ name }, isHopeless) => {
      for (const fault of faults[name] ?? []) {
        nowMs += 4000;
        await Promise.resolve();
        if (isHopeless(fault)) throw fault;
      }
      sent.push(name);
      if (name === "last") stop.abort(new Error("stopped"));
    },
  });
  return { sent, undelivered: Object.fromEntries(undelivered) };
}

test("all requests are sent, and nothing is undelivered", async () => {
  expect(await run([request("1", "a"), request("2", "b"), request("3", "a")], {}, 2)).toEqual({
    sent: ["1", "2", "3"],
    undelivered: {},
  });
});

test("what is refused for good is given up at once, with the other requests of its source; the others go on", async () => {
  const requests = [request("1", "a"), request("2", "a"), request("3", "b")];
  expect(await run(requests, { 1: [DENIED] })).toEqual({ sent: ["3"], undelivered: { a: DENIED } });
});

test("faults that may pass are sat out for 10 s", async () => {
  const requests = [request("1", "a"), request("2", "b")];
  expect(await run(requests, { 1: [BUSY, BUSY] })).toEqual({ sent: ["1", "2"], undelivered: {} });
  expect(await run(requests, { 1: [BUSY, BUSY, BUSY] })).toEqual({ sent: ["2"], undelivered: { a: BUSY } });
});

test("the rest of a source that was acknowledged in part is not given up for a fault that may pass", async () => {
  const requests = [request("1", "a"), request("2", "a", "b")];
  expect((await run(requests, { 2: Array.from({ length: 50 }, () => BUSY) })).undelivered).toEqual({});
  expect((await run(requests, { 2: [DENIED] })).undelivered).toEqual({ a: DENIED, b: DENIED });
});

test("after the signal nothing is begun, and what was not sent is undelivered", async () => {
  const { sent, undelivered } = await run([request("last", "a"), request("2", "b")], {});
  expect([sent, Object.keys(undelivered)]).toEqual([["last"], ["b"]]);
});
