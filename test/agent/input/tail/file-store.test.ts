import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileStore, newFileId, openSame, type FileRecord } from "../../../../agent/input/tail/file-store.ts";
import { originOfFile, tempFolder } from "../../fixture.ts";

const DAY_MS = 86_400_000;

function recordOf(id: string, path: string): FileRecord {
  const status = statSync(path);
  const place = { chain: id, order: 1, startAt: 0, path, chainPath: path, framing: "cri" } as const;
  return {
    version: 1,
    id,
    ...place,
    inode: status.ino,
    bornMs: 0,
    head: { length: 0, crc: 0 },
    linked: true,
    origin: originOfFile(id),
  };
}

async function followed(folder: string) {
  const path = join(folder, "a.log");
  writeFileSync(path, "text");
  const files = join(folder, "files");
  const { store } = await FileStore.open(files, Date.now());
  const id = newFileId();
  const record = recordOf(id, path);
  expect(await store.link(id, path, record.inode)).toEqual({ mode: "linked" });
  await store.record(record);
  return { path, files, store, record };
}

test("a record comes back after a restart, and its link keeps the inode", async () => {
  using folder = tempFolder();
  const { files, store, record } = await followed(folder.path);
  const { records, tombstones } = await FileStore.open(files, Date.now());
  expect([records, tombstones]).toEqual([[record], []]);
  expect(statSync(store.linkPath(record.id)).ino).toBe(record.inode);
});

test("a link without its record and half-written files are removed at the start", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "files"));
  for (const name of ["0123456789abcdef.log", "x.json.tmp"]) writeFileSync(join(folder.path, "files", name), "");
  await FileStore.open(join(folder.path, "files"), Date.now());
  expect(readdirSync(join(folder.path, "files"))).toEqual([]);
});

test("a path that another file has by now is not linked", async () => {
  using folder = tempFolder();
  const { path, store } = await followed(folder.path);
  const id = newFileId();
  expect(await store.link(id, path, 1)).toEqual({ mode: "changed" });
  expect(await store.link(id, `${path}.gone`, 1)).toEqual({ mode: "changed" });
  expect(existsSync(store.linkPath(id))).toBe(false);
});

test("another file system can't be linked from: the file is held", async () => {
  using folder = tempFolder();
  const { store } = await followed(folder.path);
  expect(await store.link(newFileId(), "/proc/self/status", 1)).toEqual({ mode: "held", reason: "EXDEV" });
});

test("a buried file leaves a tombstone for 24 hours from its burial, however old its record is", async () => {
  using folder = tempFolder();
  const { files, store, record } = await followed(folder.path);
  utimesSync(join(files, `${record.id}.json`), 0, 0);
  await store.bury(record);
  expect(readdirSync(files)).toEqual([`${record.id}.gone`]);
  expect((await FileStore.open(files, Date.now() + DAY_MS - 60_000)).tombstones).toEqual([record]);
  expect((await FileStore.open(files, Date.now() + DAY_MS + 60_000)).tombstones).toEqual([]);
  expect(readdirSync(files)).toEqual([]);
});

test("a link that a crash left beside its tombstone is removed", async () => {
  using folder = tempFolder();
  const { files, store, record } = await followed(folder.path);
  await store.bury(record);
  writeFileSync(store.linkPath(record.id), "");
  await FileStore.open(files, Date.now());
  expect(readdirSync(files)).toEqual([`${record.id}.gone`]);
});

test.each(["{", '{"version":2}'])(
  "a record that says %s stops the start, and says which file to move",
  async (text) => {
    using folder = tempFolder();
    const { files, record } = await followed(folder.path);
    const path = join(files, `${record.id}.json`);
    writeFileSync(path, text);
    await expect(FileStore.open(files, Date.now())).rejects.toThrow(`cannot read the state: ${path}: `);
  },
);

test("the same file is known by its inode and first bytes", async () => {
  using folder = tempFolder();
  const { path, record } = await followed(folder.path);
  expect(await openSame(`${path}.missing`, record)).toBeNull();
  expect(await openSame(path, { ...record, inode: 1 })).toBeNull();
  expect(await openSame(path, { ...record, head: { length: 4, crc: 1 } })).toBeNull();
  const same = await openSame(path, record);
  expect(same).not.toBeNull();
  await same?.close();
});
