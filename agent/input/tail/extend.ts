import type { FileHandle } from "node:fs/promises";
import { listedInodes, listSiblings } from "./discover.ts";
import { newFileId, readHead, type FileRecord } from "./file-store.ts";
import type { Chain } from "./followed-file.ts";
import { retain, type Retained } from "./retain.ts";
import { addFile, type TailState } from "./tail-state.ts";

/**
 * Adds the file that has the chain's live name now, and before it those that were born and renamed since the last look.
 * The live one is retained first, the folder is listed after: a rotation in between shows in the list.
 */
export async function extendChain(state: TailState, chain: Chain, path: string, nowMs: number): Promise<void> {
  const id = chain.files.length === 0 ? chain.id : newFileId();
  const live = await retainName(state, chain, { id, path, resolved: chain.path }, nowMs);
  if (live === null) return;
  const siblings = await listSiblings(chain.path);
  const known = new Set(chain.files.map((file) => file.record.inode));
  const newest = siblings.findLastIndex((sibling) => known.has(sibling.inode));
  if (newest < 0 && known.size > 0 && !known.has(live.inode)) await suspectGap(state, chain, known);
  const own = siblings.findIndex((sibling) => sibling.inode === live.inode);
  const missed = siblings.slice(newest + 1, own < 0 ? siblings.length : own);
  for (const sibling of state.skipsExisting ? [] : missed) {
    const name = { id: newFileId(), path, resolved: sibling.path };
    const retained = await retainName(state, chain, name, nowMs);
    if (retained !== null) addFile(state, chain, await retained.record(nextOrder(chain), 0));
  }
  addFile(state, chain, await live.record(nextOrder(chain), state.skipsExisting ? live.size : 0));
}

async function retainName(
  { options, tombstones }: TailState,
  chain: Chain,
  name: { id: string; path: string; resolved: string },
  nowMs: number,
): Promise<Retained | null> {
  const { config, store, log } = options;
  const { id, path, resolved } = name;
  const request = {
    id,
    resolved,
    chain: chain.id,
    chainPath: chain.path,
    framing: config.framing,
    links: config.links,
    origin: options.describe({ path, resolved: chain.path, id }),
    isKnown: (inode: number) => chain.files.some((file) => file.record.inode === inode && !file.record.replaced),
    wasBuried: async (handle: FileHandle, inode: number) => await wasBuried(tombstones, handle, inode),
  };
  return await retain(request, store, log, nowMs);
}

async function wasBuried(tombstones: readonly FileRecord[], handle: FileHandle, inode: number): Promise<boolean> {
  for (const tombstone of tombstones) {
    if (tombstone.inode !== inode || tombstone.replaced) continue;
    const head = await readHead(handle, tombstone.head.length);
    const { birthtimeMs } = await handle.stat();
    if (head.crc === tombstone.head.crc && birthtimeMs === tombstone.bornMs) return true;
  }
  return false;
}

async function suspectGap({ options }: TailState, chain: Chain, known: ReadonlySet<number>): Promise<void> {
  for (const inode of await listedInodes(chain.path)) if (known.has(inode)) return;
  options.ledger.suspectedGap(chain.path);
}

function nextOrder(chain: Chain): number {
  return (chain.files.at(-1)?.record.order ?? 0) + 1;
}
