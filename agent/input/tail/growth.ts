import { statSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { extendChain } from "./extend.ts";
import { HEAD_BYTES, readHead } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { followLate, isPassed } from "./late.ts";
import { replaceFile } from "./replace.ts";
import { fileOfInode, type TailState } from "./tail-state.ts";

/** A quiet chain is looked at so often at least. */
const POLL_MS_MAX = 5000;
/** A chain without growth for this long is polled ever slower, a rotated file only with the check for absence. */
const ACTIVE_MS = 60_000;

/**
 * Looks at a chain as most are: one file, linked, under its live name. False if it is another, or is not as it was: then
 * `pollChain` is to look. Of a thousand chains this saves half of what looking costs.
 */
export function pollAlone(state: TailState, chain: Chain, nowMs: number): boolean {
  const file = chain.files[0];
  if (chain.files.length !== 1 || file === undefined || chain.broken || file.descriptor !== null) return false;
  if (file.gone || file.frozen || file.record.givenUp !== undefined || file.record.gzip !== undefined) return false;
  const live = statOrNull(chain.path);
  if (live?.ino !== file.record.inode || live.size < file.size) return false;
  if (live.size > file.size) file.grewAtMs = nowMs;
  file.size = live.size;
  setNextPoll(state, chain, nowMs);
  return true;
}

/** Null also after an error: `pollChain` meets it again, and its caller says so. */
function statOrNull(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/** Looks at a chain: whether it was rotated, and how far its files have grown (`all`: also the quiet rotated ones). */
export async function pollChain(state: TailState, chain: Chain, nowMs: number, all: boolean): Promise<void> {
  // Synchronous: a stat of a cached inode costs 3 microseconds, its way through the thread pool ten times that.
  let live = statSync(chain.path, { throwIfNoEntry: false });
  const newest = chain.files.at(-1)!;
  if (!chain.broken && (newest.record.givenUp !== undefined || isRotated(state, chain, live))) {
    await followRotation(state, chain, nowMs);
    // Anew: its size of before is less than what a new file had when it was taken up, as if it had been truncated.
    live = statSync(chain.path, { throwIfNoEntry: false });
  }
  for (const file of chain.files.slice()) {
    const isQuietRotated = file !== chain.files.at(-1) && nowMs - file.grewAtMs > ACTIVE_MS;
    if (file.gone || file.record.givenUp !== undefined || (isQuietRotated && !all)) continue;
    const size = live?.ino === file.record.inode ? live.size : await sizeOf(state, file);
    await measureFile(state, file, size, nowMs);
  }
  setNextPoll(state, chain, nowMs);
}

function setNextPoll({ options }: TailState, chain: Chain, nowMs: number): void {
  const quietMs = nowMs - chain.files.at(-1)!.grewAtMs;
  const slowerMs = Math.max(0, quietMs - ACTIVE_MS) / 15;
  // A little early, so that a timer of the same period finds it due.
  chain.pollAtMs = nowMs + Math.min(POLL_MS_MAX, options.pollMs + slowerMs) * 0.9;
}

/** Whether the live name leads to a file that is not followed yet. `live` is what it leads to now, if anything. */
export function isRotated(state: TailState, chain: Chain, live: Stats | undefined): boolean {
  if (live === undefined || live.ino === chain.files.at(-1)!.record.inode) return false;
  return !chain.broken && fileOfInode(state, live.dev, live.ino) === null;
}

/** Adds the files that came after the newest of a chain. */
export async function followRotation(state: TailState, chain: Chain, nowMs: number): Promise<void> {
  // First what was written to it up to its rotation: once it has a successor, that would be growth behind it.
  await measureNewest(state, chain, nowMs);
  await extendChain(state, chain, chain.files.at(-1)!.record.origin.path, nowMs);
}

/** Takes note of the size of a chain's newest file. */
export async function measureNewest(state: TailState, chain: Chain, nowMs: number): Promise<void> {
  const newest = chain.files.at(-1)!;
  if (newest.record.givenUp === undefined) await measureFile(state, newest, await sizeOf(state, newest), nowMs);
}

/** Takes note of a file's size. */
export async function measureFile(state: TailState, file: FollowedFile, size: number, nowMs: number): Promise<void> {
  if (file.record.givenUp !== undefined || file.frozen) return;
  if (size > file.size && isPassed(state, file, nowMs)) return await followLate(state, file, size, nowMs);
  if (size > file.size) file.grewAtMs = nowMs;
  // A file that shrank keeps the size it had: what was seen and not read is lost.
  if (size < file.size) await replaceFile(state, file, nowMs);
  else file.size = size;
  await learnHead(state, file);
}

/** A held file is found again by its first bytes; when it was found itself, it may have had none. */
async function learnHead({ options }: TailState, file: FollowedFile): Promise<void> {
  const { descriptor, record, size } = file;
  const isLearnt = record.head.length >= HEAD_BYTES || record.gzip !== undefined || record.givenUp !== undefined;
  if (descriptor === null || isLearnt || size < HEAD_BYTES) return;
  const learnt = { ...record, head: await readHead(descriptor) };
  // A full disk: at the next look, then.
  const isDurable = await options.store.record(learnt).then(
    () => true,
    () => false,
  );
  if (isDurable) file.record = learnt;
}

export async function sizeOf({ options }: TailState, file: FollowedFile): Promise<number> {
  if (file.record.gzip !== undefined) return file.record.gzip.size;
  const status = await (file.descriptor?.stat() ?? stat(options.store.linkPath(file.record.id)));
  return status.size;
}
