import { open, type FileHandle } from "node:fs/promises";
import type { Origin } from "../../record.ts";
import type { Logger } from "../../telemetry/log.ts";
import { readHead, type FileRecord, type FileStore } from "./file-store.ts";
import type { FollowedFile } from "./followed-file.ts";

/** What is to be retained: a file under its present name, and what its record will say. */
export interface RetainRequest {
  readonly id: string;
  /** The name it has now. */
  readonly resolved: string;
  readonly chain: string;
  readonly chainPath: string;
  readonly framing: "cri" | "plain";
  readonly links: boolean;
  readonly origin: Origin;
  /** Whether an inode is followed in this chain already. */
  isKnown(inode: number): boolean;
  /** Whether this very file was shipped and buried before. */
  wasBuried(handle: FileHandle, inode: number): Promise<boolean>;
}

/** An inode that can't vanish any more, but has no place in its chain yet. */
export interface Retained {
  readonly inode: number;
  readonly size: number;
  /** Makes it durable as the chain's file at `order`, to be read from `startAt` on. */
  record(order: number, startAt: number): Promise<FollowedFile>;
}

/**
 * Retains the inode that `resolved` names: by a hard link, or by an open descriptor where none can be made. Null if there
 * is nothing to retain: no such file (any more), or one that is followed or shipped already.
 */
export async function retain(
  request: RetainRequest,
  store: FileStore,
  log: Logger,
  nowMs: number,
): Promise<Retained | null> {
  const handle = await open(request.resolved, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") log.warn({ path: request.resolved }, `cannot open it: ${error.message}`);
    return null;
  });
  if (handle === null) return null;
  let held = false;
  try {
    const status = await handle.stat();
    if (request.isKnown(status.ino) || (await request.wasBuried(handle, status.ino))) return null;
    const link = request.links ? await store.link(request.id, request.resolved, status.ino) : "held";
    if (link === "changed") return null;
    held = link === "held";
    const head = await readHead(handle);
    return {
      inode: status.ino,
      size: status.size,
      record: async (order, startAt) => {
        const { id, chain, chainPath, framing, origin, resolved: path } = request;
        const identity = { version: 1, id, chain, order, startAt, path, chainPath, framing } as const;
        const record = { ...identity, inode: status.ino, bornMs: status.birthtimeMs, head, linked: !held, origin };
        await store.record(record);
        return newFollowedFile(record, held ? handle : null, status.size, Math.min(nowMs, status.mtimeMs));
      },
    };
  } finally {
    if (!held) await handle.close();
  }
}

export function newFollowedFile(
  record: FileRecord,
  descriptor: FileHandle | null,
  size: number,
  grewAtMs: number,
): FollowedFile {
  return { record, descriptor, size, grewAtMs, absentSinceMs: null, gone: false };
}
