import { link, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { openDirectory } from "../store/directory.ts";
import type { CompactStore } from "./compact-store.ts";
import { parseRecordKey, RECORDS } from "../../config/compact-records.ts";
import { makeWorkFolder, removeDeadFolders } from "./work-folder.ts";

/** As the agent's output `directory` stages: readers ignore it. */
const STAGING = "_staging";

/** A directory: what is new is written beside, and appears by link(2), which never replaces what is there. */
export async function openCompactDirectory(root: string): Promise<CompactStore> {
  const store = openDirectory(root);
  // The other name of a record that a killed run had just made: without it the record has another ctime, and its grace begins anew.
  await removeDeadFolders(join(root, STAGING));
  return {
    listStored: (partition, signal) => store.listStored([partition], signal),
    async listRecords({ path }) {
      const folder = `${RECORDS}/${dirname(path)}`;
      const names = await readdir(join(root, folder)).catch(noneIfMissing);
      const keys = names.map((name) => `${folder}/${name}`).filter((key) => parseRecordKey(key)?.partition === path);
      // link(2) sets the ctime; the mtime is that of the writing, before it appeared.
      const ctime = async (key: string): Promise<number> => (await stat(join(root, key))).ctimeMs;
      return await Promise.all(keys.map(async (key) => ({ key, appearedMs: await ctime(key) })));
    },
    readRecord: async (key) => await readFile(join(root, key), "utf8"),
    async createRecord(key, text) {
      const folder = await makeWorkFolder(join(root, STAGING));
      try {
        const file = join(folder, "record");
        await writeDurably(file, text);
        return await appear(root, file, key);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    obtain: async (objects) => await Promise.resolve(objects.map(({ key }) => join(root, key))),
    makeFolder: async () => await makeWorkFolder(join(root, STAGING)),
    publish: async (file, key) => void (await appear(root, file, key)),
    async replace({ key }, marker, folder) {
      const file = join(folder, basename(key));
      await writeDurably(file, marker);
      await rename(file, join(root, key));
      await syncFolder(dirname(join(root, key)));
    },
    async remove(key) {
      await rm(join(root, key), { force: true });
    },
  };
}

/** False: there is one. */
async function appear(root: string, file: string, key: string): Promise<boolean> {
  const path = join(root, key);
  await mkdir(dirname(path), { recursive: true });
  try {
    await link(file, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  for (let at = dirname(path); at.length >= root.length; at = dirname(at)) await syncFolder(at);
  return true;
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function noneIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}
