import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createApiClient, type ApiAccess } from "../../agent/filter/kubernetes/api-client.ts";
import { ItemSplitter } from "../../agent/filter/kubernetes/item-splitter.ts";

/** An API server, real or ours, with pods of one namespace that a test makes and takes away. */
export interface KubeUnderTest {
  readonly access: ApiAccess;
  /** A token that is not let in. */
  readonly wrongToken: ApiAccess;
  /** `label` is the value of `label`; again for the same name: a change. */
  put(name: string, node: string, label: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Makes versions from before now be forgotten. */
  forget(): Promise<void>;
}

const PODS = "/api/v1/pods";
const NEVER = new AbortController().signal;

interface Lease {
  readonly metadata: object;
  readonly spec: { readonly holderIdentity?: string };
}

function leaseOf(metadata: object, holderIdentity: string): object {
  const time = "2026-11-21T12:00:00.000000Z";
  const spec = { holderIdentity, leaseDurationSeconds: 15, acquireTime: time, renewTime: time, leaseTransitions: 0 };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

interface Listed {
  readonly names: readonly string[];
  readonly version: string;
  readonly next: string;
}

/** What the agent takes for granted of an API server: our own in tests must do as the real one does. */
export function testKubeProtocol(open: () => Promise<KubeUnderTest>): void {
  test("a lease is made once, replaced by who knows its version, and may be nobody's", async () => {
    const { access } = await open();
    const client = await createApiClient(access);
    const folder = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    const name = `lease-${process.pid}`;
    const send = async (method: "GET" | "POST" | "PUT", body: object | null) =>
      (await client.send(method, method === "POST" ? folder : `${folder}/${name}`, body, NEVER)) as Lease;
    try {
      await expect(send("GET", null)).rejects.toMatchObject({ status: 404 });
      const made = await send("POST", leaseOf({ name }, "first"));
      expect(made.spec.holderIdentity).toBe("first");
      await expect(send("POST", leaseOf({ name }, "second"))).rejects.toMatchObject({ status: 409 });
      const { metadata } = await send("GET", null);
      expect((await send("PUT", leaseOf(metadata, "second"))).spec.holderIdentity).toBe("second");
      await expect(send("PUT", leaseOf(metadata, "third"))).rejects.toMatchObject({ status: 409 });
      const last = await send("GET", null);
      expect((await send("PUT", leaseOf(last.metadata, ""))).spec.holderIdentity ?? "").toBe("");
    } finally {
      client.close();
    }
  });

  test("a list comes in pages, each with the version of the first; a selector takes the node's pods", async () => {
    const kube = await open();
    for (const n of [1, 2, 3, 4, 5]) await kube.put(`page-${n}`, "paged", "a");
    await kube.put("page-other", "elsewhere", "a");
    const pages: Listed[] = [];
    for (let next: string | null = ""; next !== null;) {
      const query: string = `fieldSelector=spec.nodeName%3Dpaged&limit=2${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`;
      const page = await list(kube.access, query);
      pages.push(page);
      next = page.next === "" ? null : page.next;
    }
    expect(pages.flatMap(({ names }) => names).toSorted()).toEqual([1, 2, 3, 4, 5].map((n) => `page-${n}`));
    expect(pages.length).toBeGreaterThan(1);
    expect(new Set(pages.map(({ version }) => version)).size).toBe(1);
  });

  test("a list from the cache has all pods of the node too", async () => {
    const kube = await open();
    await kube.put("cached", "cached", "a");
    await expect
      .poll(
        async () => (await list(kube.access, "fieldSelector=spec.nodeName%3Dcached&limit=100&resourceVersion=0")).names,
        { timeout: 20_000 },
      )
      .toEqual(["cached"]);
  });

  test("a watch says what changed since the list, of its selector alone", async () => {
    const kube = await open();
    const { version } = await list(kube.access, "limit=100");
    await kube.put("seen", "watched", "a");
    await kube.put("unseen", "elsewhere", "a");
    await kube.put("seen", "watched", "b");
    await kube.delete("seen");
    const events = await watch(kube.access, version, "watched", ({ type }) => type === "DELETED");
    const seen = events.map(({ type, name }) => `${type} ${name}`);
    // That a pod is about to be deleted may be a change of its own.
    expect([...new Set(seen)]).toEqual(["ADDED seen", "MODIFIED seen", "DELETED seen"]);
    expect(seen.at(-1)).toBe("DELETED seen");
    const versions = events.map((event) => Number(event.version));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });

  test("a bookmark tells a quiet watch how far the others have come", async () => {
    const kube = await open();
    await kube.put("noise", "elsewhere", "0");
    const { version } = await list(kube.access, "limit=100");
    const isNewer = (event: SeenEvent): boolean => event.type === "BOOKMARK" && Number(event.version) > Number(version);
    const seen = watch(kube.access, version, "quiet", isNewer);
    // A real server sends none while nothing at all changes.
    const isOver = seen.then(() => true);
    for (let n = 1; !(await Promise.race([isOver, sleep(200, false)])); n++)
      await kube.put("noise", "elsewhere", String(n));
    const events = await seen;
    expect(events.at(-1)).toSatisfy(isNewer);
    await kube.delete("noise");
  });

  test("a version that is forgotten is answered with 410, in the status or as an event", async () => {
    const kube = await open();
    const { version } = await list(kube.access, "limit=100");
    await kube.forget();
    const answer = await watch(kube.access, version, "any", ({ type }) => type === "ERROR").catch(
      (error: { status: number }) => error.status,
    );
    expect(typeof answer === "number" ? answer : answer.at(-1)?.code).toBe(410);
  });

  test("a token that is not known is answered with 401", async () => {
    const kube = await open();
    await expect(list(kube.wrongToken, "limit=1")).rejects.toMatchObject({ status: 401 });
  });
}

async function list(access: ApiAccess, query: string): Promise<Listed> {
  const client = await createApiClient(access);
  try {
    const names: string[] = [];
    const items = new ItemSplitter((json) => {
      const { metadata } = JSON.parse(json) as { metadata: { name: string } };
      names.push(metadata.name);
    });
    for await (const chunk of client.get(`${PODS}?${query}`, 10_000, NEVER)) items.push(chunk);
    const { resourceVersion = "", continue: next = "" } = items.metadata();
    return { names, version: resourceVersion, next };
  } finally {
    client.close();
  }
}

interface SeenEvent {
  readonly type: string;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly code: number | undefined;
}

/** Watches until `isLast` says so of an event; a real server sends a bookmark about every minute, and before its time is over. */
async function watch(
  access: ApiAccess,
  version: string,
  node: string,
  isLast: (event: SeenEvent) => boolean,
): Promise<SeenEvent[]> {
  const client = await createApiClient(access);
  const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${version}&fieldSelector=spec.nodeName%3D${node}&timeoutSeconds=15`;
  const events: SeenEvent[] = [];
  let text = "";
  try {
    for await (const chunk of client.get(`${PODS}?${query}`, 120_000, NEVER)) {
      const lines = (text + chunk.toString("utf8")).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as {
          type: string;
          object: { metadata?: { name?: string; resourceVersion?: string }; code?: number };
        };
        const { name, resourceVersion } = object.metadata ?? {};
        events.push({ type, name, version: resourceVersion, code: object.code });
        if (isLast(events.at(-1)!)) return events;
      }
    }
    return events;
  } finally {
    client.close();
  }
}
