import { stat, type FileHandle } from "node:fs/promises";
import { newFileId, readHead, type FileRecord } from "./file-store.ts";
import type { Chain } from "./followed-file.ts";
import { retain, type Retained } from "./retain.ts";
import { listedInodes, listSiblings, type Sibling } from "./siblings.ts";
import { addChain, addFile, fileOfInode, newChain, type TailState } from "./tail-state.ts";

/**
 * Adds the file that has the chain's live name now, and before it those that were born and renamed since the last look.
 * The live one is retained first, the folder is listed after: a rotation in between shows in the list. If none of the
 * chain's files is there any more, what is there becomes a new chain: a record that was open is not joined over the gap.
 */
export async function extendChain(state: TailState, chain: Chain, path: string, nowMs: number): Promise<void> {
  const id = chain.files.length === 0 ? chain.id : newFileId();
  const live = await retainName(state, chain, { id, path, resolved: chain.path }, nowMs);
  if (live === null) return;
  const { missed, connected } = await findMissed(state, chain, live.inode);
  const isGap = !connected && chain.files.length > 0 && (await isUnlisted(chain, live.inode));
  const target = isGap ? await breakChain(state, chain, live.id) : chain;
  let order = chain.files.at(-1)?.record.order ?? 0;
  for (const sibling of state.skipsExisting ? [] : missed) {
    const name = { id: newFileId(), path, resolved: sibling.path };
    const retained = await retainName(state, target, name, nowMs);
    if (retained !== null)
      addFile(state, target, await retained.record({ chain: target.id, order: ++order, startAt: 0 }));
  }
  const startAt = state.skipsExisting ? live.size : 0;
  addFile(state, target, await live.record({ chain: target.id, order: ++order, startAt }));
}

/** The siblings that come after the newest known file of the chain, oldest first, and whether there is such a one. */
async function findMissed(
  state: TailState,
  chain: Chain,
  liveInode: number,
): Promise<{ missed: Sibling[]; connected: boolean }> {
  const missed: Sibling[] = [];
  const siblings = await listSiblings(chain.path);
  const sinceMs = await lastModifiedMs(state, chain);
  const own = siblings.findIndex(({ inode }) => inode === liveInode);
  // What is newer than the live one is a rotation since, and waits for the next look.
  for (const sibling of siblings.slice(0, own < 0 ? siblings.length : own).toReversed()) {
    const file = fileOfInode(state, sibling.device, sibling.inode);
    if (file?.record.chain === chain.id) return { missed: missed.toReversed(), connected: true };
    // Names that only look rotated: the chain's if a pattern matches them, or if they were written since its last file.
    const isOwn = sibling.kubelet || state.matched.has(sibling.path) || sibling.mtimeMs >= sinceMs;
    if (file === null && !sibling.gzip && isOwn) missed.push(sibling);
  }
  return { missed: missed.toReversed(), connected: false };
}

async function lastModifiedMs({ options }: TailState, chain: Chain): Promise<number> {
  const newest = chain.files.at(-1);
  if (newest === undefined) return Infinity;
  const path = options.store.linkPath(newest.record.id);
  // A link may be gone: then no name of another kind is taken for a rotation of it.
  const status = await (newest.descriptor?.stat() ?? stat(path).catch(() => null));
  return status?.mtimeMs ?? Infinity;
}

async function isUnlisted(chain: Chain, liveInode: number): Promise<boolean> {
  const listed = await listedInodes(chain.path);
  return !chain.files.some(({ record }) => record.inode === liveInode || listed.has(record.inode));
}

/** Ends a chain at a suspected gap, durably, and begins another one at its path. */
async function breakChain(state: TailState, chain: Chain, id: string): Promise<Chain> {
  state.options.ledger.suspectedGap(chain.path);
  const last = chain.files.at(-1)!;
  const record = { ...last.record, beforeGap: true } as const;
  await state.options.store.record(record);
  last.record = record;
  chain.broken = true;
  chain.superseded = true;
  const next = newChain(id, chain.path, chain.plainPath);
  addChain(state, next);
  return next;
}

async function retainName(
  state: TailState,
  chain: Chain,
  name: { id: string; path: string; resolved: string },
  nowMs: number,
): Promise<Retained | null> {
  const { options } = state;
  const { config, store } = options;
  const { id, path, resolved } = name;
  const request = {
    id,
    resolved,
    chainPath: chain.path,
    framing: config.framing,
    links: config.links,
    origin: options.describe({ path, resolved: chain.path, id }),
    isKnown: (device: number, inode: number) => fileOfInode(state, device, inode) !== null,
    wasBuried: async (handle: FileHandle, inode: number) => await wasBuried(state.tombstones, handle, inode),
  };
  return await retain(request, store, state.report, nowMs);
}

async function wasBuried(tombstones: readonly FileRecord[], handle: FileHandle, inode: number): Promise<boolean> {
  for (const tombstone of tombstones) {
    if (tombstone.inode !== inode || tombstone.givenUp?.reason === "truncated") continue;
    const head = await readHead(handle, tombstone.head.length);
    const { birthtimeMs } = await handle.stat();
    if (head.crc === tombstone.head.crc && birthtimeMs === tombstone.bornMs) return true;
  }
  return false;
}
