import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { createDirectoryStore } from "../../../agent/output/directory.ts";
import { tempFolder } from "../fixture.ts";

const NEVER = new AbortController().signal;
const KEY = "cluster=c/dt=2026-11-21/hour=05/x.parquet";

afterEach(() => void vi.restoreAllMocks());

async function staged(root: string, text: string, key = KEY) {
  const object = createDirectoryStore(root).create(key, "plan", NEVER);
  await object.write(Buffer.from(text.slice(0, 2)));
  await object.write(Buffer.from(text.slice(2)));
  await object.seal();
  return object;
}

test("an object is invisible until it is published, then whole, and its staged name is gone", async () => {
  using folder = tempFolder();
  const object = await staged(folder.path, "content");
  expect(readdirSync(folder.path)).toEqual(["_staging"]);
  await object.publish();
  expect(readFileSync(join(folder.path, KEY), "utf8")).toBe("content");
  expect(readdirSync(join(folder.path, "_staging"))).toEqual([]);
});

test("publishing twice is fine, a key that is there is never replaced", async () => {
  using folder = tempFolder();
  const first = await staged(folder.path, "first");
  await first.publish();
  await first.publish();
  const second = await staged(folder.path, "second");
  await second.publish();
  expect(readFileSync(join(folder.path, KEY), "utf8")).toBe("first");
});

test("an abandoned object leaves nothing, also half-written", async () => {
  using folder = tempFolder();
  const object = createDirectoryStore(folder.path).create(KEY, "plan", NEVER);
  await object.write(Buffer.from("half"));
  await object.abandon();
  expect(readdirSync(join(folder.path, "_staging"))).toEqual([]);
});

test("only the owner's staged objects are cleaned", async () => {
  using folder = tempFolder();
  const store = createDirectoryStore(folder.path);
  await store.clean({ prefix: "", isOwn: (name) => name.startsWith("life-out-") }, NEVER);
  mkdirSync(join(folder.path, "_staging"));
  for (const name of ["life-out-1-5", "life-out-1-5~12", "life-other-1-5~1", "other-out-1-5"])
    writeFileSync(join(folder.path, "_staging", name), "");
  await store.clean({ prefix: "", isOwn: (name) => name.startsWith("life-out-") }, NEVER);
  expect(readdirSync(join(folder.path, "_staging")).toSorted()).toEqual(["life-other-1-5~1", "other-out-1-5"]);
});

test("a shipment that hung and wakes up does not publish what its repetition is writing", async () => {
  using folder = tempFolder();
  const hung = await staged(folder.path, "whole");
  const repeated = createDirectoryStore(folder.path).create(KEY, "plan", NEVER);
  await repeated.write(Buffer.from("ha"));
  await hung.publish();
  expect(readFileSync(join(folder.path, KEY), "utf8")).toBe("whole");
  await repeated.abandon();
});

test("whether a key exists is known, an error is not taken for absence", async () => {
  using folder = tempFolder();
  const store = createDirectoryStore(folder.path);
  expect(await store.exists(KEY, "plan", NEVER)).toBe(false);
  await (await staged(folder.path, "content")).publish();
  expect(await store.exists(KEY, "plan", NEVER)).toBe(true);
  await expect(store.exists(`${KEY}/below`, "plan", NEVER)).rejects.toThrow("ENOTDIR");
});

test("the object, its folder and the folders made for it are synced", async () => {
  using folder = tempFolder();
  const handle = await open(folder.path, "r");
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "sync");
  await handle.close();
  const object = await staged(folder.path, "content");
  expect(sync).toHaveBeenCalledTimes(1);
  await object.publish();
  expect(sync).toHaveBeenCalledTimes(1 + 4);
  const next = await staged(folder.path, "next", `${KEY}-2`);
  await next.publish();
  expect(sync).toHaveBeenCalledTimes(5 + 2);
});

test("a folder that can't be synced fails the publication, and the next try makes up for it", async () => {
  using folder = tempFolder();
  const object = await staged(folder.path, "content");
  const handle = await open(folder.path, "r");
  vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, "sync").mockRejectedValueOnce(new Error("EIO"));
  await handle.close();
  await expect(object.publish()).rejects.toThrow("EIO");
  await object.publish();
  expect(existsSync(join(folder.path, KEY))).toBe(true);
});
