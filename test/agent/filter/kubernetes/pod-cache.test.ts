import { expect, test } from "vitest";
import { podFacts, type PodFacts } from "../../../../agent/filter/kubernetes/facts.ts";
import { PodCache } from "../../../../agent/filter/kubernetes/pod-cache.ts";

const ALL = { labels: true, annotations: true, ownerReferences: true };
const HOUR_MS = 3_600_000;

function pod(uid: string, name: string, annotations = {}): PodFacts {
  return podFacts({ metadata: { uid, name, namespace: "shop", annotations } }, ALL);
}

test("two pods of one name are told apart by their ids; without an id it is the later one", () => {
  const cache = new PodCache();
  cache.put(pod("1", "db-0"));
  cache.put(pod("2", "db-0"));
  expect(["1", "2", null, "3"].map((id) => cache.find(id, "shop", "db-0")?.uid)).toEqual(["1", "2", "2", undefined]);
});

test("a static pod is found by the hash in its path", () => {
  const cache = new PodCache();
  cache.put(pod("1", "proxy-node-1", { "kubernetes.io/config.hash": "abc" }));
  expect(cache.find("abc", "shop", "proxy-node-1")?.uid).toBe("1");
});

test("a deleted pod stays as long as a file of it is followed, and some minutes in any case", () => {
  const cache = new PodCache();
  cache.put(pod("1", "a"));
  cache.put(pod("2", "b", { "kubernetes.io/config.hash": "abc" }));
  cache.put(pod("3", "c"));
  cache.put(pod("4", "d"));
  for (const uid of ["1", "2", "4"]) cache.delete(uid, 0);
  cache.sweep(() => false, 1000);
  expect(cache.size).toBe(4);
  cache.sweep((id) => id === "abc" || id === "4", HOUR_MS);
  expect(["1", "2", "3", "4"].map((id) => cache.find(id, "", "") !== null)).toEqual([false, true, true, true]);
  cache.sweep(() => false, HOUR_MS);
  expect(cache.size).toBe(1);
  expect(cache.find(null, "shop", "b")).toBeNull();
});

test("what a list has not is deleted when it ends, not before", () => {
  const cache = new PodCache();
  cache.put(pod("1", "a"));
  cache.put(pod("2", "b"));
  cache.beginList();
  cache.put(pod("2", "b"));
  cache.sweep(() => false, HOUR_MS);
  expect(cache.size).toBe(2);
  cache.endList(0);
  cache.sweep(() => false, HOUR_MS);
  expect(cache.size).toBe(1);
});
