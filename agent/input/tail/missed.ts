import { open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { inspectGzip, type GzipContent } from "./gzip-file.ts";
import { openLogFile } from "./log-file.ts";
import { listSiblings, type Sibling } from "./siblings.ts";
import { fileOfInode, pathOfFile, type TailState } from "./tail-state.ts";
import type { Tombstone } from "./tombstones.ts";

/** A file of a chain that was born and rotated unseen. */
export interface Missed {
  readonly sibling: Sibling;
  /** What it holds, if it is compressed. */
  readonly gzip: GzipContent | null;
}

/**
 * The siblings that come after the newest known file of the chain, oldest first. `connected`: there is such a one, so
 * that nothing is missing in between. The kubelet compresses what it has rotated: a compressed file is known by its
 * content if its plain one is followed, or was shipped.
 */
export async function findMissed(
  state: TailState,
  chain: Chain,
  live: FollowedFile,
): Promise<{ missed: Missed[]; connected: boolean }> {
  const missed: Missed[] = [];
  const siblings = await listSiblings(chain.path);
  const sinceMs = await lastModifiedMs(state, chain);
  const own = siblings.findIndex(({ inode }) => inode === live.record.inode);
  // What is newer than the live one is a rotation since, and waits for the next look.
  for (const sibling of siblings.slice(0, own < 0 ? siblings.length : own).toReversed()) {
    const file = fileOfInode(state, sibling.device, sibling.inode);
    if (file?.record.chain === chain.id) return { missed: missed.toReversed(), connected: true };
    // Names that only look rotated: the chain's if a pattern matches them, or if they were written since its last file.
    const isOwn = sibling.kubelet || state.matched.has(sibling.path) || sibling.mtimeMs >= sinceMs;
    const isIgnored = chain.files.length === 0 && isOlder(sibling, state.options.config.ignoreOlderMs);
    if (file !== null || !isOwn || isIgnored) continue;
    const gzip = sibling.gzip ? await inspectSibling(sibling) : null;
    // Removed since the folder was listed, or another file by now: what is there is to be seen anew.
    if (gzip === "vanished") return await findMissed(state, chain, live);
    if (gzip !== null && isContentOf(state, gzip, live)) {
      missed.length = 0;
      continue;
    }
    if (gzip !== null && isFollowedIn(state, chain, gzip)) return { missed: missed.toReversed(), connected: true };
    if (gzip !== null && wasBuried(state, chain, gzip)) break;
    if (gzip !== null && gzip.problem !== null)
      state.report(sibling.path, `the compressed file is damaged: ${gzip.problem}; what comes before that is shipped`);
    if (gzip?.size !== 0) missed.push({ sibling, gzip });
  }
  return { missed: missed.toReversed(), connected: false };
}

/** Whether a compressed file holds the start of what a record describes. */
export function hasHead(gzip: GzipContent, head: { readonly length: number; readonly crc: number }): boolean {
  return gzip.head.length >= head.length && crc32(gzip.head.subarray(0, head.length)) === head.crc;
}

function isOlder(sibling: Sibling, ignoreOlderMs: number | null): boolean {
  return ignoreOlderMs !== null && Date.now() - sibling.mtimeMs > ignoreOlderMs;
}

async function lastModifiedMs({ options }: TailState, chain: Chain): Promise<number> {
  const newest = chain.files.at(-1);
  if (newest === undefined) return Infinity;
  const path = options.store.linkPath(newest.record.id);
  // A link may be gone: then no name of another kind is taken for a rotation of it.
  const status = await (newest.descriptor?.stat() ?? stat(path).catch(() => null));
  return status?.mtimeMs ?? Infinity;
}

/** Reads a compressed sibling through. `vanished`: it is not under its name any more. */
export async function inspectSibling(sibling: Sibling): Promise<GzipContent | "vanished"> {
  const handle = await open(sibling.path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return "vanished";
  try {
    return (await handle.stat()).ino === sibling.inode ? await inspectGzip(handle.fd) : "vanished";
  } finally {
    await handle.close();
  }
}

function isFollowedIn(state: TailState, chain: Chain, gzip: GzipContent): boolean {
  return chain.files.some((file) => isContentOf(state, gzip, file));
}

/** What was shipped and given up is older than all that is followed: nothing before it was missed. */
function wasBuried({ options }: TailState, chain: Chain, gzip: GzipContent): boolean {
  const isSame = ({ chainPath, size, head }: Tombstone) =>
    chainPath === chain.path && size === gzip.size && hasHead(gzip, head);
  return [...options.store.tombstones].some(isSame);
}

/** Size and first bytes are read anew: it may have grown since the last look, and been empty when it was found. */
function isContentOf(state: TailState, gzip: GzipContent, file: FollowedFile): boolean {
  if (file.record.givenUp !== undefined || file.record.gzip !== undefined) return false;
  using plain = openLogFile(pathOfFile(state, file));
  if (plain.size() !== gzip.size) return false;
  const head = Buffer.alloc(gzip.head.length);
  return plain.read(head, 0, head.length, 0) === head.length && head.equals(gzip.head);
}
