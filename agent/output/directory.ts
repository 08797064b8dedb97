import { link, mkdir, open, readdir, readFile, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncDirectory } from "../state/atomic-file.ts";
import type { ObjectStore, StagedObject } from "./object-store.ts";

/** Below the store's root; Hive, Athena and logq ignore names with a leading underscore. */
const STAGING = "_staging";

/** Of this process: the lock of the state folder sees to it that there is no other. */
let stagedFiles = 0;

/** Objects as files below `root`: staged in `_staging/`, made visible by link(2), which never replaces what is there. */
export function createDirectoryStore(root: string): ObjectStore {
  const exists = async (key: string) => (await stat(join(root, key)).catch(ignoreMissing)) !== null;
  return {
    create: (key) => new StagedFile(root, key),
    exists,
    isTaken: exists,
    listKeys: async (prefix) => {
      const folder = dirname(prefix);
      const names = (await readdir(join(root, folder)).catch(ignoreMissing)) ?? [];
      return names.map((name) => `${folder}/${name}`).filter((key) => key.startsWith(prefix));
    },
    read: async (key) => await readFile(join(root, key)),
    clean: async ({ isOwn }) => {
      const names = (await readdir(join(root, STAGING)).catch(ignoreMissing)) ?? [];
      for (const name of names)
        if (isOwn(name.replace(/~\d+$/, ""))) await rm(join(root, STAGING, name), { force: true });
    },
  };
}

class StagedFile implements StagedObject {
  readonly heldBytes = 0;
  readonly isFull = false;
  readonly #root: string;
  readonly #key: string;
  readonly #path: string;
  #file: FileHandle | null = null;
  #published = false;

  constructor(root: string, key: string) {
    this.#root = root;
    this.#key = key;
    // A name of its own: a shipment that hung, and wakes up beside the one that repeats it, must not link what that one is writing.
    this.#path = join(root, STAGING, `${basename(key)}~${++stagedFiles}`);
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#file === null) {
      await mkdir(dirname(this.#path), { recursive: true });
      this.#file = await open(this.#path, "w");
    }
    await this.#file.writeFile(chunk);
  }

  async seal(): Promise<void> {
    await this.#file?.sync();
    await this.#file?.close();
    this.#file = null;
  }

  async publish(): Promise<void> {
    if (this.#published) return;
    const path = join(this.#root, this.#key);
    const created = await mkdir(dirname(path), { recursive: true });
    try {
      await link(this.#path, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    await syncPath(dirname(path), created === undefined ? dirname(path) : dirname(created));
    this.#published = true;
    await rm(this.#path, { force: true });
  }

  async abandon(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
    await rm(this.#path, { force: true });
  }
}

/** Makes durable the folder of a new object and the folders that were made for it, up to `top`. */
async function syncPath(folder: string, top: string): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    await syncDirectory(at);
    if (at === top || at === dirname(at)) return;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
