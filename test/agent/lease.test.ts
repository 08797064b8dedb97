import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApiClient, type ApiClient } from "../../agent/filter/kubernetes/api-client.ts";
import { createLease, type Lease } from "../../agent/lease.ts";
import { KubeServer } from "../servers/kube-server.ts";
import { recordingLogger } from "./fixture.ts";

const NEVER = new AbortController().signal;
const PATH = "/apis/coordination.k8s.io/v1/namespaces/logs/leases/control-plane";

/** A clock that moves when it is told to; one for all. */
class ManualClock {
  ms = 0;
  #waiting: { readonly atMs: number; readonly resolve: () => void }[] = [];

  readonly read = (): number => this.ms;
  readonly wait = async (delayMs: number, signal: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => reject(signal.reason as Error));
    if (signal.aborted) reject(signal.reason as Error);
    this.#waiting.push({ atMs: this.ms + delayMs, resolve });
    await promise;
  };

  /** By one second after the other, as long as `count` still wait after each: everyone has done what was due. */
  async advance(seconds: number, count: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.ms += 1000;
      const due = this.#waiting.filter(({ atMs }) => atMs <= this.ms);
      this.#waiting = this.#waiting.filter(({ atMs }) => atMs > this.ms);
      for (const { resolve } of due) resolve();
      await this.settled(count);
    }
  }

  async settled(count: number): Promise<void> {
    const check = (): void => {
      if (this.#waiting.length < count) throw new Error(`${this.#waiting.length} wait, not ${count}`);
    };
    await vi.waitFor(check, { timeout: 5000, interval: 1 });
  }
}

let server: KubeServer;
let clock: ManualClock;
let clients: ApiClient[];
beforeEach(async () => {
  server = await KubeServer.start();
  clock = new ManualClock();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await server[Symbol.asyncDispose]();
});

async function openLease(name: string) {
  const tls = { caFile: null, caPath: null, verify: true, verifyHostname: true, serverName: null };
  const client = await createApiClient({ url: server.url, tokenFile: "/nowhere/token", tokenTtlMs: 1000, ...tls });
  clients.push(client);
  const { log, lines } = recordingLogger();
  const names = { namespace: "logs", name: "control-plane", holder: name };
  const lease = createLease({ client, ...names, log, clock: clock.read, wait: clock.wait });
  return { lease, lines, client };
}

async function holder(): Promise<unknown> {
  const { client } = await openLease("observer");
  const { spec } = (await client.send("GET", PATH, null, NEVER)) as { spec: { holderIdentity: string } };
  return spec.holderIdentity;
}

/** What `acquire` has come to. */
function acquiring(lease: Lease, stop: AbortSignal = NEVER) {
  const state: { held: AbortSignal | null; ended: Promise<void> } = { held: null, ended: Promise.resolve() };
  state.ended = lease.acquire(stop).then(
    (held) => void (state.held = held),
    () => undefined,
  );
  return state;
}

test("the first one makes the lease and keeps it, the second waits as long as it is renewed", async () => {
  const first = await openLease("first");
  const held = await first.lease.acquire(NEVER);
  const second = acquiring((await openLease("second")).lease);
  await clock.settled(2);
  await clock.advance(60, 2);
  expect(held.aborted).toBe(false);
  expect(second.held).toBeNull();
  expect(await holder()).toBe("first");
});

test("one that is given up is taken at the next look", async () => {
  const first = await openLease("first");
  const held = await first.lease.acquire(NEVER);
  const second = acquiring((await openLease("second")).lease);
  await clock.settled(2);
  await first.lease.release();
  expect(held.aborted).toBe(true);
  await clock.advance(2, 1);
  await vi.waitFor(() => expect(second.held?.aborted).toBe(false));
  expect(await holder()).toBe("second");
});

test("one that is not renewed is taken after 15 seconds, not before", async () => {
  const stop = new AbortController();
  const first = await openLease("first");
  await first.lease.acquire(stop.signal);
  const second = acquiring((await openLease("second")).lease);
  await clock.settled(2);
  // As if it were killed: nothing is given up.
  stop.abort();
  await clock.advance(14, 1);
  expect(second.held).toBeNull();
  await clock.advance(3, 1);
  await vi.waitFor(() => expect(second.held).not.toBeNull());
  expect(await holder()).toBe("second");
});

test("who can't renew it for 10 seconds has lost it, before another may have it", async () => {
  const first = await openLease("first");
  const held = await first.lease.acquire(NEVER);
  await clock.settled(1);
  server.faults.status = { code: 500, times: 1000 };
  await clock.advance(9, 1);
  expect(held.aborted).toBe(false);
  await clock.advance(1, 0);
  await vi.waitFor(() => expect(held.aborted).toBe(true));
  expect(clock.ms).toBeLessThan(15_000);
  expect(first.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  // And it can be had again.
  server.faults.status.times = 0;
  const again = await first.lease.acquire(NEVER);
  expect(again.aborted).toBe(false);
});

test("one failed renewal is no reason to give it up", async () => {
  const first = await openLease("first");
  const held = await first.lease.acquire(NEVER);
  await clock.settled(1);
  server.faults.status = { code: 500, times: 3 };
  await clock.advance(40, 1);
  expect(held.aborted).toBe(false);
});

test("of two that see it free one gets it", async () => {
  const leases = await Promise.all(["a", "b", "c", "d"].map(async (name) => await openLease(name)));
  const states = leases.map(({ lease }) => acquiring(lease));
  await clock.settled(4);
  await clock.advance(20, 4);
  expect(states.filter(({ held }) => held !== null)).toHaveLength(1);
});

test("an API that does not answer is said once, and asked until it does", async () => {
  server.faults.status = { code: 403, times: 5 };
  const { lease, lines } = await openLease("first");
  const state = acquiring(lease);
  await clock.settled(1);
  await clock.advance(20, 1);
  await vi.waitFor(() => expect(state.held).not.toBeNull());
  expect(lines.filter(({ level }) => level === "error")).toMatchObject([
    { text: "cannot ask for the lease; trying again", fields: { reason: expect.stringContaining("403") as string } },
  ]);
});

test("waiting ends with the signal", async () => {
  const first = await openLease("first");
  await first.lease.acquire(NEVER);
  const stop = new AbortController();
  const second = acquiring((await openLease("second")).lease, stop.signal);
  await clock.settled(2);
  stop.abort();
  await second.ended;
  expect(second.held).toBeNull();
});
