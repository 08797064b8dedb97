import { open, stat, type FileHandle } from "node:fs/promises";
import { hasHead, inspectSibling } from "./missed.ts";
import { listSiblings, type Sibling } from "./siblings.ts";
import { openSame, orClose, readHead, type FileRecord, type FileStore } from "./file-store.ts";
import type { FollowedFile } from "./followed-file.ts";
import { freezeEarlier } from "./late.ts";
import { recallMount } from "./mounts.ts";
import { newFollowedFile } from "./retain.ts";
import { addChain, addFile, newChain, type TailState } from "./tail-state.ts";

/**
 * Takes up the files of an earlier life. Held ones must be found again under some name; a descriptor that is still open is
 * taken out of `held`. A file that is nowhere keeps its place in the chain, given up, until its loss is counted.
 */
export async function restoreFiles(
  state: TailState,
  records: readonly FileRecord[],
  held: Map<string, FileHandle>,
  nowMs: number,
): Promise<void> {
  if (records.length > 0) state.skipsExisting = false;
  for (const record of records.toSorted((a, b) => a.order - b.order)) {
    let chain = state.chains.get(record.chain);
    if (chain === undefined) {
      chain = newChain(record.chain, record.chainPath, false);
      state.chains.set(chain.id, chain);
    }
    chain.broken ||= record.endsChain === true;
    const file = (await reopen(state, record, held, nowMs)) ?? missing(state, record, nowMs);
    // First: what fails from here on leaves its descriptor to whoever detaches this tail.
    addFile(state, chain, file);
    recallMount(state, file);
  }
  for (const chain of state.chains.values()) addChain(state, chain);
  freezeEarlier(state);
}

async function reopen(
  { options }: TailState,
  record: FileRecord,
  held: Map<string, FileHandle>,
  nowMs: number,
): Promise<FollowedFile | null> {
  const { store } = options;
  const handed = held.get(record.id);
  if (record.givenUp !== undefined) {
    // Nobody reads it any more: open, it would keep its bytes on the disk.
    await handed?.close();
    held.delete(record.id);
    const status = await stat(store.linkPath(record.id)).catch(() => null);
    return newFollowedFile(record, null, { dev: status?.dev ?? 0, size: record.givenUp.size, mtimeMs: 0 }, nowMs);
  }
  if (handed !== undefined) {
    const status = await handed.stat();
    held.delete(record.id);
    return newFollowedFile(record, handed, status, nowMs);
  }
  if (record.linked) {
    const status = await stat(store.linkPath(record.id)).catch(ifMissing);
    if (status?.ino === record.inode) return newFollowedFile(record, null, status, nowMs);
  }
  // A link that somebody removed is no reason to ship the file again.
  return await findHeld(store, { ...record, linked: false }, nowMs);
}

/** Looks for a file that no link keeps under every name that it may have by now. */
async function findHeld(store: FileStore, record: FileRecord, nowMs: number): Promise<FollowedFile | null> {
  const siblings = await listSiblings(record.chainPath);
  const names = [record.path, record.chainPath, ...siblings.map(({ path }) => path)];
  for (const path of names) {
    const handle = await openSame(path, record);
    if (handle !== null) return await orClose(handle, async () => await asFollowed(record, handle, nowMs));
  }
  const found = record.gzip === undefined ? await openCompressed(store, record, siblings, nowMs) : null;
  // Renamed or compressed since the folder was listed?
  const isStale = found === null && !isSameList(siblings, await listSiblings(record.chainPath));
  return isStale ? await findHeld(store, record, nowMs) : found;
}

async function asFollowed(record: FileRecord, handle: FileHandle, nowMs: number): Promise<FollowedFile> {
  return newFollowedFile(record, handle, await handle.stat(), nowMs);
}

function isSameList(before: readonly Sibling[], after: readonly Sibling[]): boolean {
  return textOf(before) === textOf(after);
}

function textOf(siblings: readonly Sibling[]): string {
  return siblings.map(({ path, inode }) => `${path} ${inode}`).join();
}

/** The file was compressed while the agent was down: its content, and so each offset in it, is the same. */
async function openCompressed(
  store: FileStore,
  record: FileRecord,
  siblings: readonly Sibling[],
  nowMs: number,
): Promise<FollowedFile | null> {
  if (record.head.length === 0) return null;
  for (const sibling of siblings.filter(({ gzip }) => gzip)) {
    const content = await inspectSibling(sibling);
    if (content === "vanished" || !hasHead(content, record.head)) continue;
    const { size } = content;
    const handle = await open(sibling.path, "r").catch(ifMissing);
    if (handle === null) continue;
    return await orClose(handle, async () => {
      const { ino: inode, birthtimeMs: bornMs } = await handle.stat();
      const found = { ...record, path: sibling.path, inode, bornMs, head: await readHead(handle), gzip: { size } };
      await store.record(found);
      return await asFollowed(found, handle, nowMs);
    });
  }
  return null;
}

/** Deleted while the agent was down and not linked, or its link was removed from the state folder. */
function missing({ options }: TailState, record: FileRecord, nowMs: number): FollowedFile {
  const size = options.store.heldSizes.get(record.id);
  const givenUp =
    size === undefined
      ? ({ reason: "deleted", size: record.startAt } as const)
      : ({ reason: "deleted", size, isSizeKnown: true } as const);
  return newFollowedFile({ ...record, givenUp }, null, { dev: 0, size: givenUp.size, mtimeMs: 0 }, nowMs);
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
