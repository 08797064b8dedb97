import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createApiClient } from "../../../../agent/filter/kubernetes/api-client.ts";
import { watchObjects, type WatchOptions } from "../../../../agent/filter/kubernetes/watch.ts";
import { KubeServer } from "../../../servers/kube-server.ts";

const PODS = "/api/v1/pods";
let server: KubeServer;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  server = await KubeServer.start();
  stop = new AbortController();
  running = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await running;
  await server[Symbol.asyncDispose]();
});

function pod(uid: string, nodeName = "node-1") {
  return { metadata: { uid, name: `pod-${uid}` }, spec: { nodeName } };
}

function uidOf(object: unknown): string {
  return (object as { metadata: { uid: string } }).metadata.uid;
}

/** The names of the pods as the sink has them, and what was said of failures. */
async function follow(options: Partial<WatchOptions> = {}, tokenFile = "/nowhere") {
  const access = { url: server.url, tokenFile, tokenTtlMs: 600_000, caFile: null, caPath: null };
  const client = await createApiClient({ ...access, verify: true, verifyHostname: true, serverName: null });
  const pods = new Map<string, unknown>();
  const states: (string | null)[] = [];
  let listed = new Set<string>();
  let lists = 0;
  const sink: WatchOptions["sink"] = {
    beginList: () => (listed = new Set()),
    put: (object) => {
      listed.add(uidOf(object));
      pods.set(uidOf(object), object);
    },
    delete: (object) => pods.delete(uidOf(object)),
    endList: () => {
      lists++;
      for (const uid of pods.keys()) if (!listed.has(uid)) pods.delete(uid);
    },
  };
  running = watchObjects(
    {
      client,
      path: PODS,
      fieldSelector: "spec.nodeName=node-1",
      backOffMs: 1,
      sink,
      onState: (error) => states.push(error === null ? null : error.message),
      ...options,
    },
    stop.signal,
  ).finally(() => client.close());
  return { uids: () => [...pods.keys()].toSorted(), states, lists: () => lists, client };
}

/** Polls; a busy machine takes its time. */
const until = async (check: () => void) => await vi.waitFor(check, { timeout: 20_000, interval: 5 });

const kinds = () => server.requests.map(({ kind }) => kind);

test("one paged list and one watch give the pods of the node, over one connection", async () => {
  for (let i = 0; i < 25; i++) server.put(PODS, pod(`a${i}`, i % 5 === 0 ? "node-2" : "node-1"));
  const { uids, states } = await follow({ pageSize: 8 });
  await until(() => expect(server.openWatches).toBe(1));
  expect(uids()).toHaveLength(20);
  server.put(PODS, pod("b"));
  server.put(PODS, pod("elsewhere", "node-2"));
  server.delete(PODS, "a1");
  await until(() => expect(uids()).not.toContain("a1"));
  expect(uids()).toContain("b");
  expect(uids()).not.toContain("elsewhere");
  expect(kinds()).toEqual(["list", "list", "list", "watch"]);
  expect(new Set(server.requests.map(({ socket }) => socket)).size).toBe(1);
  expect(states).toEqual([null]);
});

test.each(["end", "reset"] as const)("a watch that %ss goes on where it was, without a list", async (how) => {
  const { uids, lists } = await follow();
  await until(() => expect(server.openWatches).toBe(1));
  server.put(PODS, pod("a"));
  await until(() => expect(uids()).toEqual(["a"]));
  server.endWatches(how);
  server.put(PODS, pod("b"));
  await until(() => expect(uids()).toEqual(["a", "b"]));
  expect(lists()).toBe(1);
});

test("bookmarks move the version on, so that a forgotten past is no reason to list", async () => {
  const { lists } = await follow();
  await until(() => expect(server.openWatches).toBe(1));
  server.put(PODS, pod("elsewhere", "node-2"));
  server.bookmark();
  server.compact();
  await until(() => {
    server.endWatches();
    expect(server.requests.at(-1)!.url.searchParams.get("resourceVersion")).toBe(String(server.version));
  });
  await until(() => expect(server.openWatches).toBe(1));
  expect(lists()).toBe(1);
});

test("a forgotten version is listed anew: what is gone by then is gone", async () => {
  server.put(PODS, pod("a"));
  server.put(PODS, pod("b"));
  const { uids, lists } = await follow();
  await until(() => expect(server.openWatches).toBe(1));
  server.endWatches();
  server.delete(PODS, "a");
  server.compact();
  await until(() => expect(uids()).toEqual(["b"]));
  await until(() => expect(lists()).toBe(2));
  // Not from the server's cache, which may be what is too old.
  expect(server.requests.findLast(({ kind }) => kind === "list")!.url.searchParams.has("resourceVersion")).toBe(false);
});

test("410 as an event of a watch makes it list anew", async () => {
  const { uids, lists } = await follow();
  await until(() => expect(server.openWatches).toBe(1));
  server.expireWatches();
  server.put(PODS, pod("a"));
  await until(() => expect(uids()).toEqual(["a"]));
  expect(lists()).toBe(2);
});

test("a list that expires between two pages, or is cut off, starts again and loses none", async () => {
  for (let i = 0; i < 10; i++) server.put(PODS, pod(`a${i}`));
  Object.assign(server.faults, { expirePages: 1, cutLists: 1 });
  const { uids, lists } = await follow({ pageSize: 4 });
  await until(() => expect(server.openWatches).toBe(1));
  expect(uids()).toHaveLength(10);
  expect(lists()).toBe(1);
});

test.each([
  { faults: { status: { code: 500, times: 3 } }, said: "answered with 500: as the test said" },
  { faults: { status: { code: 403, times: 2 } }, said: "answered with 403: as the test said" },
  { faults: { status: { code: 429, times: 1, retryAfter: 0 } }, said: "answered with 429: as the test said" },
  { faults: { garbageWatches: 2 }, said: "not valid JSON" },
])("it goes on after $faults, and says what was wrong", async ({ faults, said }) => {
  Object.assign(server.faults, faults);
  const { uids, states } = await follow();
  await until(() => expect(server.openWatches).toBe(1));
  server.put(PODS, pod("a"));
  await until(() => expect(uids()).toEqual(["a"]));
  expect(states.join()).toContain(said);
  expect(states.at(-1)).toBeNull();
});

test("a watch in which nothing comes is taken for dead, and opened again", async () => {
  server.faults.hangWatches = 1;
  const { uids, states, lists } = await follow({ idleMs: 50 });
  await until(() => expect(states.join()).toContain("nothing came from the server for 0.05 s"));
  server.put(PODS, pod("a"));
  await until(() => expect(uids()).toEqual(["a"]));
  expect(lists()).toBe(1);
});

test("a server that is down is tried again until it is back", async () => {
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const old = server;
  Object.defineProperty(old, "url", { value: `http://127.0.0.1:${port}` });
  const { uids, states } = await follow();
  await until(() => expect(states.length).toBeGreaterThan(2));
  server = await KubeServer.start(port);
  server.put(PODS, pod("a"));
  await until(() => expect(uids()).toEqual(["a"]));
  expect(states.at(-1)).toBeNull();
});
