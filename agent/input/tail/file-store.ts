import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { link, open, readdir, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Framing } from "../../../config/framing.ts";
import { ageMs, Tombstones } from "./tombstones.ts";
import { syncDirectory, writeFileAtomic } from "../../state/atomic-file.ts";
import { makePrivateFolder } from "../../state/folder.ts";
import type { MultilineConfig } from "../../../config/multiline.ts";
import type { Probe } from "../../probe.ts";
import type { Origin } from "../../record.ts";
import type { LostBytes } from "../../state/positions.ts";

/**
 * The followed files, on disk in `<storage.path>/files/`. The listing is the debugger:
 *
 *   <id>.json   what is known of a followed file, its metadata snapshot included
 *   <id>.log    hard link to its inode (absent where linking is not possible: the file is *held* by a descriptor)
 *   held.json sizes of the held files at the last clean stop: if one is deleted before the next start, so much of it is
 *             known. Removed by that start, since it says nothing of what is written later
 *   <id>.gone   tombstone of a file that every output has committed and whose names are gone; kept for 24 h
 *
 * Write: the link, then <id>.json (durable). Remove: rename .json to .gone (durable), then unlink .log. So a link
 * without its .json is the rest of an interrupted step: the file was not read yet, or is committed.
 */
export interface FileRecord {
  readonly version: 1;
  /** 64 random bits in hex. */
  readonly id: string;
  /** Id of the first file of its chain. */
  readonly chain: string;
  /** Place within the chain, ascending; over a gap it goes on in the next chain. */
  readonly order: number;
  /** Where its first record starts: 0, or what was there before with `read_from_head: off`. */
  readonly startAt: number;
  /** The resolved path under which the file was found, and the live path of its chain. */
  readonly path: string;
  readonly chainPath: string;
  readonly framing: Framing;
  /** Its pod was not known when it was found: `origin` is what the path says, and may still change. */
  readonly awaitsPod?: true;
  /** Lines without a message are left out: as it was when the file was found, so that a shipment repeats the same. */
  readonly skipEmpty?: true;
  /** Its lines are joined to records: as it was when the file was found. */
  readonly multiline?: MultilineConfig;
  readonly inode: number;
  readonly bornMs: number;
  /** CRC-32 of the first bytes (256 at most) and how many they were: tells a reused inode. */
  readonly head: { readonly length: number; readonly crc: number };
  readonly linked: boolean;
  /**
   * Its bytes can't be read any more: why, and how many were seen (a lower bound). `truncated` also when it was overwritten
   * in place: its inode is a later file of the chain.
   */
  readonly givenUp?: {
    readonly reason: LostBytes["reason"];
    readonly size: number;
    /** Of a held file that was deleted after a clean stop: the size is what it had then. Else nothing is known of it. */
    readonly isSizeKnown?: true;
  };
  /** It is compressed: the bytes of its content. Offsets are those of the content. */
  readonly gzip?: { readonly size: number };
  /** Of a tombstone: bytes of the file, to know it by when it is met compressed. */
  readonly size?: number;
  /** Nothing follows it in its chain: what did was missed (a suspected gap), or it is what was written to a file late. */
  readonly endsChain?: true;
  readonly origin: Origin;
}

/** Bytes that `FileRecord.head` covers. */
export const HEAD_BYTES = 256;
const HELD_NAME = "held.json";
const OUR_NAME = /^([0-9a-f]{16})\.(json|log|gone|json\.tmp)$/;

export function newFileId(): string {
  return randomBytes(8).toString("hex");
}

export class FileStore {
  readonly #directory: string;
  readonly #probe: Probe;
  readonly tombstones = new Tombstones();
  /** Sizes of the files that were held when the agent was last stopped, by id; empty if it was not stopped, but ended. */
  heldSizes: ReadonlyMap<string, number> = new Map();

  private constructor(directory: string, probe: Probe) {
    this.#directory = directory;
    this.#probe = probe;
  }

  /**
   * Opens the folder and reads every record. Removes the rests of interrupted steps and old tombstones. `foreign`: names
   * that are not ours, which are left alone. Throws if a record can't be read.
   */
  static async open(
    directory: string,
    nowMs: number,
    probe: Probe = () => undefined,
  ): Promise<{ store: FileStore; records: FileRecord[]; foreign: string[] }> {
    await makePrivateFolder(directory);
    const store = new FileStore(directory, probe);
    const names = new Set(await readdir(directory));
    const records: FileRecord[] = [];
    const foreign: string[] = [];
    const gone: string[] = [];
    for (const name of names) {
      const [, id, kind] = OUR_NAME.exec(name) ?? [];
      const path = join(directory, name);
      if (name === HELD_NAME || name === `${HELD_NAME}.tmp`) continue;
      if (kind === undefined) foreign.push(name);
      else if (kind === "json") records.push(await readRecord(path));
      else if (kind === "gone") gone.push(path);
      else if (kind === "json.tmp" || !names.has(`${id}.json`)) await rm(path, { force: true });
    }
    await store.#readTombstones(gone, nowMs);
    if (names.has(HELD_NAME)) store.heldSizes = await takeHeldSizes(directory);
    return { store, records, foreign };
  }

  linkPath(id: string): string {
    return join(this.#directory, `${id}.log`);
  }

  /**
   * Hard-links the file at `path` as `id`, if it still is `inode`. If that can't be, whatever the reason, the caller must
   * keep its descriptor. Until `record` the link alone means nothing.
   */
  async link(id: string, path: string, inode: number): Promise<LinkResult> {
    const linkPath = this.linkPath(id);
    try {
      await link(path, linkPath);
    } catch (error) {
      const { code = "unknown" } = error as NodeJS.ErrnoException;
      return code === "ENOENT" ? { mode: "changed" } : { mode: "held", reason: code };
    }
    const linked = statSync(linkPath, { throwIfNoEntry: false });
    if (linked?.ino === inode) return { mode: "linked" };
    await this.unlink(id);
    return { mode: "changed" };
  }

  /** Removes the link alone. */
  async unlink(id: string): Promise<void> {
    await rm(this.linkPath(id), { force: true });
  }

  /** Makes a record durable, and the link made before it. */
  async record(record: FileRecord): Promise<void> {
    await writeFileAtomic(join(this.#directory, `${record.id}.json`), JSON.stringify(record));
  }

  /** The agent stops: makes the sizes of its held files durable, by id. */
  async recordHeld(sizes: ReadonlyMap<string, number>): Promise<void> {
    const text = JSON.stringify({ version: 1, sizes: Object.fromEntries(sizes) });
    await writeFileAtomic(join(this.#directory, HELD_NAME), text);
  }

  /** The file is committed everywhere and gone: leaves a tombstone, then gives up the link. If it fails, try again. */
  async bury(record: FileRecord): Promise<void> {
    try {
      await rename(join(this.#directory, `${record.id}.json`), join(this.#directory, `${record.id}.gone`));
    } catch (error) {
      // It was renamed before what failed then, or never recorded.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    await syncDirectory(this.#directory);
    this.tombstones.add(record, performance.now());
    this.#probe("burying");
    await this.unlink(record.id);
  }

  /** Removes the tombstones that are too old or too many. */
  async expireTombstones(nowMs = performance.now()): Promise<void> {
    for (const id of this.tombstones.expire(nowMs)) await rm(join(this.#directory, `${id}.gone`), { force: true });
  }

  async #readTombstones(paths: readonly string[], nowMs: number): Promise<void> {
    // The rename changed ctime alone: mtime says when the file was found.
    const buried = await Promise.all(paths.map(async (path) => ({ path, atMs: (await stat(path)).ctimeMs })));
    const newestMs = buried.reduce((newest, { atMs }) => Math.max(newest, atMs), 0);
    for (const { path, atMs } of buried.toSorted((a, b) => a.atMs - b.atMs)) {
      this.tombstones.add(await readRecord(path), performance.now() - ageMs(atMs, { nowMs, newestMs }));
    }
    await this.expireTombstones();
  }
}

/** `held`: it could not be linked, for this reason (an error code). `changed`: another file has the path by now. */
type LinkResult = { readonly mode: "linked" | "changed" } | { readonly mode: "held"; readonly reason: string };

/** Reads the first bytes of a file for `FileRecord.head`. */
export async function readHead(file: FileHandle, length = HEAD_BYTES): Promise<{ length: number; crc: number }> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, 0);
  return { length: bytesRead, crc: crc32(bytes.subarray(0, bytesRead)) };
}

/** Opens `path` if it holds the very file of the record (inode, and the same first bytes), else null. */
export async function openSame(path: string, record: FileRecord): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return await orClose(file, async () => {
    const { ino, birthtimeMs } = await file.stat();
    const head = await readHead(file, record.head.length);
    // A few first bytes, or none, may be those of the next file with its inode.
    const isSure = head.length >= HEAD_BYTES || birthtimeMs === record.bornMs;
    const hasHead = head.crc === record.head.crc && head.length === record.head.length;
    if (ino === record.inode && hasHead && isSure) return file;
    await file.close();
    return null;
  });
}

/** What `use` gives; if it fails the file is closed. */
export async function orClose<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Without these sizes a loss is said all the same, only not how large it is: a damaged file is no reason not to start. */
async function takeHeldSizes(directory: string): Promise<Map<string, number>> {
  const path = join(directory, HELD_NAME);
  const text = await readFile(path, "utf8");
  await rm(path);
  await syncDirectory(directory);
  try {
    const { version, sizes } = JSON.parse(text) as { version: unknown; sizes: Record<string, number> };
    return new Map(version === 1 ? Object.entries(sizes).filter(([, size]) => Number.isSafeInteger(size)) : []);
  } catch {
    return new Map();
  }
}

async function readRecord(path: string): Promise<FileRecord> {
  try {
    const record = JSON.parse(await readFile(path, "utf8")) as FileRecord;
    if (record.version !== 1) throw new Error(`version ${String(record.version)}, this logq-agent reads version 1`);
    if (!isComplete(record)) throw new Error("it is no complete record of a file");
    return record;
  } catch (cause) {
    throw new Error(
      `cannot read the state: ${path}: ${(cause as Error).message}. Move it and its .log link out of the folder to go on without this file`,
      { cause },
    );
  }
}

/** A check for what others may have written, not for what we write. */
function isComplete({ id, chain, order, startAt, chainPath, inode, head, origin }: Partial<FileRecord>): boolean {
  const texts = [id, chain, chainPath, origin?.path].every((text) => typeof text === "string");
  return texts && [order, startAt, inode, head?.length, head?.crc].every((number) => typeof number === "number");
}
