import { constants, fstatSync, readlinkSync, type Stats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Framing } from "../../../config/framing.ts";
import type { MultilineConfig } from "../../../config/multiline.ts";
import type { Report } from "./discover.ts";
import { readHead, type FileRecord, type FileStore } from "./file-store.ts";
import type { FollowedFile } from "./followed-file.ts";
import { LINKS_OFF } from "./mounts.ts";
import type { Described } from "./settle.ts";

/** What is to be retained: a file under its present name, and what its record will say. */
export interface RetainRequest {
  readonly id: string;
  /** The name it has now. */
  readonly resolved: string;
  readonly chainPath: string;
  readonly framing: Framing;
  readonly skipEmpty: boolean;
  readonly multiline: MultilineConfig | null;
  readonly links: boolean;
  readonly described: Described;
  /** Whether an inode is followed already. */
  isKnown(device: number, inode: number): boolean;
  /** Whether this very file was shipped and buried before. */
  wasBuried(handle: FileHandle, inode: number): Promise<boolean>;
  /** Hears how the file is retained: by a link (null), or why not. */
  onMode(device: number, reason: string | null): void;
}

/** An inode that can't vanish any more, but has no place in its chain yet. */
export interface Retained {
  readonly id: string;
  readonly inode: number;
  readonly size: number;
  /** As a file at its place in a chain, to be read from `startAt` on; not recorded yet. */
  at(place: Pick<FileRecord, "chain" | "order" | "startAt" | "gzip">): FollowedFile;
  /** Gives it up again. */
  abandon(): Promise<void>;
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
  const opened = await openRegular(request.resolved, report);
  if (opened === null) return null;
  const { handle, status } = opened;
  let keeps = false;
  try {
    if (request.isKnown(status.dev, status.ino) || (await request.wasBuried(handle, status.ino))) return null;
    const head = await readHead(handle);
    const link = request.links
      ? await store.link(request.id, request.resolved, status.ino)
      : ({ mode: "held", reason: LINKS_OFF } as const);
    if (link.mode === "changed") return null;
    request.onMode(status.dev, link.mode === "held" ? link.reason : null);
    // From here on nothing fails.
    keeps = link.mode === "held";
    return {
      id: request.id,
      inode: status.ino,
      size: status.size,
      at: (place) => {
        const { id, chainPath, framing, skipEmpty, multiline, described, resolved: path } = request;
        const lines = { framing, ...(skipEmpty && { skipEmpty }), ...(multiline !== null && { multiline }) } as const;
        const own = { version: 1, id, ...place, path, chainPath, ...lines } as const;
        const record = { ...own, inode: status.ino, bornMs: status.birthtimeMs, head, linked: !keeps, ...described };
        return { ...newFollowedFile(record, keeps ? handle : null, status, nowMs), unrecorded: true };
      },
      abandon: async () => {
        if (keeps) await handle.close();
        else await store.unlink(request.id);
      },
    };
  } catch (error) {
    report(request.resolved, `cannot read it: ${(error as Error).message}`);
    return null;
  } finally {
    if (!keeps) await handle.close();
  }
}

/** Never waits for the writer of a FIFO, and never follows a link: the path was resolved, what is one by now was put there since. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

const FOLDER_REPLACED =
  "one of its folders was replaced by a link to another place while it was opened; not followed, looking again";

/**
 * Whether what is open lies in the folder that was allowed: O_NOFOLLOW says nothing of the folders above. A look at the
 * path could be deceived again, what the kernel says of a descriptor can't.
 */
function isInFolder(fd: number, folder: string): boolean {
  try {
    return dirname(readlinkSync(`/proc/self/fd/${fd}`)) === folder;
  } catch {
    return true; // there is no /proc
  }
}

async function openRegular(path: string, report: Report): Promise<{ handle: FileHandle; status: Stats } | null> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, OPEN_FLAGS);
    const status = fstatSync(handle.fd);
    const isInside = isInFolder(handle.fd, dirname(path));
    if (status.isFile() && isInside) return { handle, status };
    await handle.close();
    report(path, isInside ? "it is no regular file; not followed" : FOLDER_REPLACED);
  } catch (error) {
    await handle?.close();
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
    nlink: null,
    absentSinceMs: null,
    gone: false,
    passed: false,
    frozen: false,
    unrecorded: false,
    awaitsPodSinceMs: record.awaitsPod === true ? nowMs : null,
    lossCounted: false,
  };
}
