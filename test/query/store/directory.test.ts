import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDirectory } from "../../../query/store/directory.ts";

const HOUR_NS = 3_600_000_000_000n;
const EVERYTHING = { from: null, to: null };
const SIGNAL = new AbortController().signal;

test("of 48 hours × 20 objects --since 1h opens at most two hours' objects", async () => {
  const store = await temporary();
  const firstHour = Date.parse("2026-11-19T00:00:00Z") / 3_600_000;
  for (let hour = firstHour; hour < firstHour + 48; hour++) {
    const iso = new Date(hour * 3_600_000).toISOString();
    const folder = join(store, `cluster=prod/dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`);
    await mkdir(folder, { recursive: true });
    for (let i = 0; i < 20; i++) await writeFile(join(folder, `node-${i}.parquet`), "x");
  }
  const now = BigInt(firstHour + 48) * HOUR_NS - 1n;
  const opened = openDirectory(store);
  const partitions = await opened.listPartitions({ from: now - HOUR_NS, to: null }, null, SIGNAL);
  const objects = await opened.listObjects(partitions, SIGNAL);
  expect(objects).toHaveLength(40);
  expect(objects.every(({ key, bytes }) => bytes === 1 && /dt=2026-11-20\/hour=2[23]\//.test(key))).toBe(true);
  await using fetched = await opened.fetch(objects, { columns: null, range: EVERYTHING, bounds: [] }, SIGNAL);
  expect(fetched.files[0]).toBe(join(store, "cluster=prod/dt=2026-11-20/hour=22/node-0.parquet"));
});

test("unfinished, hidden and foreign files are left out, and so are folders that are no partitions", async () => {
  const store = await temporary();
  await mkdir(join(store, "cluster=prod/dt=2026-11-21/hour=05/deep.parquet"), { recursive: true });
  await mkdir(join(store, "cluster=prod/dt=2026-11-21/hour=99"), { recursive: true });
  await mkdir(join(store, "lost+found"));
  for (const name of ["b.parquet", "a.parquet", ".c.parquet", "d.parquet.tmp"]) {
    await writeFile(join(store, "cluster=prod/dt=2026-11-21/hour=05", name), "");
  }
  const partitions = await listPartitions(store);
  expect(partitions).toHaveLength(1);
  const objects = await openDirectory(store).listObjects(partitions, SIGNAL);
  const folder = "cluster=prod/dt=2026-11-21/hour=05";
  expect(objects.map(({ key }) => key)).toEqual([`${folder}/a.parquet`, `${folder}/b.parquet`]);
});

test("a partition that vanishes between listing and reading is empty", async () => {
  const store = await temporary();
  await mkdir(join(store, "cluster=prod/dt=2026-11-21/hour=05"), { recursive: true });
  const partitions = await listPartitions(store);
  await rm(join(store, "cluster=prod/dt=2026-11-21"), { recursive: true });
  expect(await openDirectory(store).listObjects(partitions, SIGNAL)).toEqual([]);
});

test("clusters are named as the agent was configured", async () => {
  const store = await temporary();
  await mkdir(join(store, "cluster=a%2Fb/dt=2026-11-21/hour=05"), { recursive: true });
  expect(await openDirectory(store).listClusters(SIGNAL)).toEqual(["a/b"]);
});

test("an object is read whole or in part", async () => {
  const store = await temporary();
  await writeFile(join(store, "x.parquet"), "0123456789");
  const opened = openDirectory(store);
  expect(String(await opened.read("x.parquet"))).toBe("0123456789");
  expect(String(await opened.read("x.parquet", { start: 2, end: 5 }))).toBe("234");
  expect(String(await opened.read("x.parquet", { start: 8, end: 20 }))).toBe("89");
  await expect(opened.read("y.parquet")).rejects.toThrow(refusal(`cannot read ${store}/y.parquet`, "exists"));
});

test("a store that does not exist says so", async () => {
  await expect(listPartitions("/no/such/store")).rejects.toThrow(
    refusal("store /no/such/store does not exist", "logq-agent"),
  );
});

test("an empty store says that nothing was shipped", async () => {
  const store = await temporary();
  await expect(listPartitions(store)).rejects.toThrow(refusal(`store ${store} is empty`, "shipped nothing"));
});

test("a file is no store", async () => {
  const store = join(await temporary(), "file");
  await writeFile(store, "");
  await expect(listPartitions(store)).rejects.toThrow(refusal(`store ${store} is a file`, "cluster=…"));
});

test("a folder above or below the store leads to the store", async () => {
  const above = await temporary();
  await mkdir(join(above, "logs/cluster=prod/dt=2026-11-21/hour=05"), { recursive: true });
  const store = join(above, "logs");
  for (const wrong of [above, join(store, "cluster=prod"), join(store, "cluster=prod/dt=2026-11-21")]) {
    await expect(listPartitions(wrong)).rejects.toThrow(
      refusal(`${wrong} is not a store`, `did you mean --store ${store}?`),
    );
  }
});

test("a folder of other things says what a store is", async () => {
  const folder = await temporary();
  await writeFile(join(folder, "notes.txt"), "");
  await expect(listPartitions(folder)).rejects.toThrow(refusal(`${folder} is not a store`, "holds cluster=… folders"));
});

function refusal(message: string, hint: string): unknown {
  return expect.objectContaining({
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
    exitCode: 4,
  });
}

const listPartitions = (store: string) => openDirectory(store).listPartitions(EVERYTHING, null, SIGNAL);

async function temporary(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "logq-store-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
