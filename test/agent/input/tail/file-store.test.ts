import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileStore, newFileId, openSame, type FileRecord } from "../../../../agent/input/tail/file-store.ts";
import { faultyFiles } from "../../../helpers/faulty-files.ts";
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
  const { records, store: after } = await FileStore.open(files, Date.now());
  expect([records, [...after.tombstones]]).toEqual([[record], []]);
  expect(statSync(store.linkPath(record.id)).ino).toBe(record.inode);
});

test("a link without its record and half-written files are removed at the start", async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, "files"));
  for (const name of ["0123456789abcdef.log", "0123456789abcdef.json.tmp"])
    writeFileSync(join(folder.path, "files", name), "");
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
  const idsAt = async (nowMs: number) => [...(await FileStore.open(files, nowMs)).store.tombstones].map(({ id }) => id);
  expect(await idsAt(Date.now() + DAY_MS - 60_000)).toEqual([record.id]);
  const { store: running } = await FileStore.open(files, Date.now());
  await running.expireTombstones(performance.now() + DAY_MS - 60_000);
  expect(readdirSync(files)).toEqual([`${record.id}.gone`]);
  await running.expireTombstones(performance.now() + DAY_MS + 60_000);
  expect([...running.tombstones]).toEqual([]);
  expect(readdirSync(files)).toEqual([]);
});

test("a clock that jumps ahead over a restart expires no tombstone, one that jumps back keeps none for ever", async () => {
  using folder = tempFolder();
  const { files, store, record } = await followed(folder.path);
  await store.bury(record);
  const { store: ahead } = await FileStore.open(files, Date.now() + 365 * DAY_MS);
  expect([...ahead.tombstones]).toHaveLength(1);
  const { store: back } = await FileStore.open(files, Date.now() - 365 * DAY_MS);
  expect([...back.tombstones]).toHaveLength(1);
  await back.expireTombstones(performance.now() + DAY_MS + 60_000);
  expect(readdirSync(files)).toEqual([]);
});

test("names that are not ours are left alone and told", async () => {
  using folder = tempFolder();
  const { files, record } = await followed(folder.path);
  const names = ["notes.txt", "x.json.tmp", "app.log", "0123456789ABCDEF.json"];
  for (const name of names) writeFileSync(join(files, name), "");
  const { foreign, records } = await FileStore.open(files, Date.now());
  expect(foreign.toSorted()).toEqual(names.toSorted());
  expect(records).toEqual([record]);
  expect(readdirSync(files)).toEqual(expect.arrayContaining(names));
});

test("a link that a crash left beside its tombstone is removed", async () => {
  using folder = tempFolder();
  const { files, store, record } = await followed(folder.path);
  await store.bury(record);
  writeFileSync(store.linkPath(record.id), "");
  await FileStore.open(files, Date.now());
  expect(readdirSync(files)).toEqual([`${record.id}.gone`]);
});

test.each(["", "{", "null", '{"version":2}', '{"version":1}'])(
  "a record that says %s stops the start, and says which file to move",
  async (text) => {
    using folder = tempFolder();
    const { files, record } = await followed(folder.path);
    const path = join(files, `${record.id}.json`);
    writeFileSync(path, text);
    await expect(FileStore.open(files, Date.now())).rejects.toThrow(`cannot read the state: ${path}: `);
  },
);

test("a folder in the place of a record stops the start, and nothing is removed", async () => {
  using folder = tempFolder();
  const { files } = await followed(folder.path);
  mkdirSync(join(files, "0123456789abcdef.json"));
  await expect(FileStore.open(files, Date.now())).rejects.toThrow("cannot read the state: ");
  expect(readdirSync(files)).toHaveLength(3);
});

test("a burial that failed half way is finished by the next one", async () => {
  using folder = tempFolder();
  using faults = await faultyFiles();
  const { files, store, record } = await followed(folder.path);
  faults.fail({ op: "FileHandle.sync", path: /files$/, code: "EIO", times: 1 });
  await expect(store.bury(record)).rejects.toThrow("EIO");
  await store.bury(record);
  expect(readdirSync(files)).toEqual([`${record.id}.gone`]);
});

test("the same file is known by its inode and first bytes, or birth time while they are few", async () => {
  using folder = tempFolder();
  const { path, record } = await followed(folder.path);
  expect(await openSame(`${path}.missing`, record)).toBeNull();
  expect(await openSame(path, { ...record, inode: 1 })).toBeNull();
  expect(await openSame(path, { ...record, head: { length: 4, crc: 1 } })).toBeNull();
  // Its first bytes are no bytes: another file that got its inode has them too.
  expect(await openSame(path, record)).toBeNull();
  const same = await openSame(path, { ...record, bornMs: statSync(path).birthtimeMs });
  expect(same).not.toBeNull();
  await same?.close();
});
