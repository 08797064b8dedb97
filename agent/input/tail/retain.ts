import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { Origin } from "../../record.ts";
import type { Report } from "./discover.ts";
import { readHead, type FileRecord, type FileStore } from "./file-store.ts";
import type { FollowedFile } from "./followed-file.ts";

/** What is to be retained: a file under its present name, and what its record will say. */
export interface RetainRequest {
  readonly id: string;
  /** The name it has now. */
  readonly resolved: string;
  readonly chainPath: string;
  readonly framing: "cri" | "plain";
  readonly skipEmpty: boolean;
  readonly links: boolean;
  readonly origin: Origin;
  /** Whether an inode is followed already. */
  isKnown(device: number, inode: number): boolean;
  /** Whether this very file was shipped and buried before. */
  wasBuried(handle: FileHandle, inode: number): Promise<boolean>;
}

/** An inode that can't vanish any more, but has no place in its chain yet. */
export interface Retained {
  readonly id: string;
  readonly inode: number;
  readonly size: number;
  /** Makes it durable at its place in a chain, to be read from `startAt` on. */
  record(place: Pick<FileRecord, "chain" | "order" | "startAt" | "gzip">): Promise<FollowedFile>;
}

/**
 * Retains the inode that `resolved` names: by a hard link, or by an open descriptor where none can be made. Null if there
 * is nothing to retain: no such file (any more), or one that is followed or shipped already.
 */
export async function retain(
  request: RetainRequest,
  store: FileStore,
  report: Report,
  nowMs: number,
): Promise<Retained | null> {
  const handle = await openRegular(request.resolved, report);
  if (handle === null) return null;
  let held = false;
  try {
    const status = await handle.stat();
    if (request.isKnown(status.dev, status.ino) || (await request.wasBuried(handle, status.ino))) return null;
    const link = request.links ? await store.link(request.id, request.resolved, status.ino) : "held";
    if (link === "changed") return null;
    held = link === "held";
    const head = await readHead(handle);
    return {
      id: request.id,
      inode: status.ino,
      size: status.size,
      record: async (place) => {
        const { id, chainPath, framing, skipEmpty, origin, resolved: path } = request;
        const identity = {
          version: 1,
          id,
          ...place,
          path,
          chainPath,
          framing,
          ...(skipEmpty && { skipEmpty }),
        } as const;
        const record = { ...identity, inode: status.ino, bornMs: status.birthtimeMs, head, linked: !held, origin };
        await store.record(record);
        return newFollowedFile(record, held ? handle : null, status, nowMs);
      },
    };
  } finally {
    if (!held) await handle.close();
  }
}

/** Never waits for the writer of a FIFO, and never follows a link: the path was resolved, what is one by now was put there since. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function openRegular(path: string, report: Report): Promise<FileHandle | null> {
  try {
    const handle = await open(path, OPEN_FLAGS);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    report(path, "it is no regular file; not followed");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM")
      report(path, "no permission to read it; run logq-agent as root, or let its user read the file");
    else if (code !== "ENOENT") report(path, `cannot open it: ${message}`);
  }
  return null;
}

/** `nowMs`: of a clock that never jumps; how long ago the file was written is by the clock that wrote it. */
export function newFollowedFile(
  record: FileRecord,
  descriptor: FileHandle | null,
  status: { readonly dev: number; readonly size: number; readonly mtimeMs: number },
  nowMs: number,
): FollowedFile {
  const device = status.dev;
  const size = record.gzip?.size ?? status.size;
  const grewAtMs = nowMs - Math.max(0, Date.now() - status.mtimeMs);
  return {
    record,
    descriptor,
    device,
    size,
    grewAtMs,
    absentSinceMs: null,
    gone: false,
    frozen: false,
    lossCounted: false,
  };
}
