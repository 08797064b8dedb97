import { statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { newFileId, readHead } from "./file-store.ts";
import type { Chain } from "./followed-file.ts";
import { findMissed, type Missed } from "./missed.ts";
import { leftOver } from "../../state/imported.ts";
import { noteMount } from "./mounts.ts";
import { followFile, recordFile } from "./record-file.ts";
import { retain, type Retained } from "./retain.ts";
import { listedInodes, type Sibling } from "./siblings.ts";
import { describeFound } from "./settle.ts";
import { addChain, fileOfInode, newChain, type TailState } from "./tail-state.ts";
import type { Tombstones } from "./tombstones.ts";

/**
 * Adds the file that has the chain's live name now, and before it those that were born and renamed since the last look.
 * The live one is retained first, the folder is listed after: a rotation in between shows in the list. If none of the
 * chain's files is there any more, what is there becomes a new chain: a record that was open is not joined over the gap.
 */
export async function extendChain(state: TailState, chain: Chain, path: string, nowMs: number): Promise<void> {
  const id = chain.files.length === 0 ? chain.id : newFileId();
  const live = await retainName(state, chain, { id, path, resolved: chain.path }, nowMs);
  if (live === null) return;
  try {
    await extendBy(state, chain, live, path, nowMs);
  } catch (error) {
    if (!state.files.has(live.id)) await live.abandon();
    throw error;
  }
}

async function extendBy(state: TailState, chain: Chain, live: Retained, path: string, nowMs: number): Promise<void> {
  const unplaced = live.at({ chain: chain.id, order: 0, startAt: 0 });
  // Emptied in place: nothing was rotated, what looks like it is the copy that was made of it.
  const newest = chain.files.at(-1)?.record;
  const isSame = newest?.givenUp?.reason === "truncated" && newest.inode === live.inode;
  const { imported = null } = state.options;
  const isNew = chain.files.length === 0;
  const find = async (extended: Chain) => {
    const found = await findMissed(state, extended, unplaced);
    const left = isNew ? leftOver(imported, found.missed, live.inode) : null;
    return { ...found, missed: left ?? found.missed, isImported: left !== null };
  };
  const first = isSame ? NOTHING_MISSED : await find(chain);
  const isGap = !first.connected && chain.files.length > 0 && (await isUnlisted(chain, live.inode));
  const before = chain.files.at(-1)?.record.order ?? 0;
  const target = isGap ? await breakChain(state, chain, live.id) : chain;
  let { missed } = first;
  for (let attempt = 1; first.isImported || !state.skipsExisting; attempt++) {
    const vanished = await addMissed(state, target, missed, { path, before, nowMs });
    if (vanished === null) break;
    // Rotated, compressed or removed since the folder was listed: under another name it is still to be had.
    ({ missed } = await find(target));
    const isThere = missed.some(({ sibling }) => isSameFile(sibling, vanished));
    if (!isThere || attempt >= LIST_ATTEMPTS) state.options.ledger.suspectedGap(chain.path);
    if (attempt >= LIST_ATTEMPTS) break;
  }
  const startAt = importedOffset(state, live) ?? (state.skipsExisting && !first.isImported ? live.size : 0);
  await followFile(state, target, live.at({ chain: target.id, order: orderAfter(target, before), startAt }));
}

/** How often the folder is listed anew for files that vanish between listing and linking. */
const LIST_ATTEMPTS = 5;

/** Adds files that were missed, oldest first, up to one that is not under its name any more, which is returned. */
async function addMissed(
  state: TailState,
  chain: Chain,
  missed: readonly Missed[],
  { path, before, nowMs }: { path: string; before: number; nowMs: number },
): Promise<Sibling | null> {
  for (const { sibling, gzip } of missed) {
    const name = { id: newFileId(), path, resolved: sibling.path, inode: sibling.inode };
    const retained = await retainName(state, chain, name, nowMs);
    const place = { chain: chain.id, order: orderAfter(chain, before) };
    const content = gzip === null ? {} : { gzip: { size: gzip.size } };
    if (retained !== null) {
      const startAt = importedOffset(state, retained) ?? 0;
      await followFile(state, chain, retained.at({ ...place, ...content, startAt }));
    } else if (statSync(sibling.path, { throwIfNoEntry: false })?.ino !== sibling.inode) return sibling;
  }
  return null;
}

/** Where the agent before this one stopped in a file. */
function importedOffset({ options }: TailState, retained: Retained): number | null {
  const { inode, bornMs, head } = retained.at({ chain: "", order: 0, startAt: 0 }).record;
  return options.imported?.offsetOf({ inode, bornMs, head, size: retained.size }) ?? null;
}

function isSameFile(found: Sibling, vanished: Sibling): boolean {
  return found.inode === vanished.inode || found.path === `${vanished.path}.gz`;
}

function orderAfter(chain: Chain, before: number): number {
  return (chain.files.at(-1)?.record.order ?? before) + 1;
}

const NOTHING_MISSED = { missed: [], connected: true, isImported: false } as const;

async function isUnlisted(chain: Chain, liveInode: number): Promise<boolean> {
  const listed = await listedInodes(chain.path);
  return !chain.files.some(({ record }) => record.inode === liveInode || listed.has(record.inode));
}

/** Ends a chain at a suspected gap, durably, and begins another one at its path. */
async function breakChain(state: TailState, chain: Chain, id: string): Promise<Chain> {
  state.options.ledger.suspectedGap(chain.path);
  const last = chain.files.at(-1)!;
  await recordFile(state, last, { ...last.record, endsChain: true });
  chain.broken = true;
  chain.superseded = true;
  const next = newChain(id, chain.path, chain.plainPath);
  addChain(state, next);
  return next;
}

async function retainName(
  state: TailState,
  chain: Chain,
  name: { id: string; path: string; resolved: string; inode?: number },
  nowMs: number,
): Promise<Retained | null> {
  const { options } = state;
  const { config, store } = options;
  const { id, path, resolved } = name;
  const described = describeFound(state, chain.files.at(-1)?.record, { path, resolved: chain.path, id });
  const request = {
    id,
    resolved,
    chainPath: chain.path,
    framing: config.framing,
    skipEmpty: config.skipEmptyLines,
    multiline: options.multilineOf?.(described.origin.tag) ?? config.multiline,
    links: config.links,
    described,
    // Another file by now: the next look finds both.
    isKnown: (device: number, inode: number) =>
      fileOfInode(state, device, inode) !== null || (name.inode ?? inode) !== inode,
    wasBuried: async (handle: FileHandle, inode: number) => await wasBuried(store.tombstones, handle, inode),
    onMode: (device: number, reason: string | null) => noteMount(state, { device, path: resolved }, reason),
  };
  return await retain(request, store, state.report, nowMs);
}

async function wasBuried(tombstones: Tombstones, handle: FileHandle, inode: number): Promise<boolean> {
  for (const tombstone of tombstones) {
    if (tombstone.inode !== inode || tombstone.givenUp?.reason === "truncated") continue;
    const head = await readHead(handle, tombstone.head.length);
    const { birthtimeMs } = await handle.stat();
    if (head.crc === tombstone.head.crc && birthtimeMs === tombstone.bornMs) return true;
  }
  return false;
}
