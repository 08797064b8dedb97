import { statSync, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { extendChain } from "./extend.ts";
import { HEAD_BYTES, type FileRecord } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { lacksLink } from "./keep-link.ts";
import { followLate, isPassed } from "./late.ts";
import { openLogFile } from "./log-file.ts";
import { replaceFile } from "./replace.ts";
import { fileOfInode, pathOfFile, type TailState } from "./tail-state.ts";

/** A quiet chain is looked at so often at least. */
const POLL_MS_MAX = 5000;
/** A chain without growth for this long is polled ever slower, a rotated file only with the check for absence. */
const ACTIVE_MS = 60_000;

/**
 * Looks at a chain as most are: one file, linked, under its live name. False if it is another, or is not as it was: then
 * `pollChain` is to look. Of a thousand chains this saves half of what looking costs, and the check for absence.
 */
export function pollAlone(state: TailState, chain: Chain, nowMs: number): boolean {
  const file = chain.files[0];
  if (chain.files.length !== 1 || file === undefined || chain.broken || file.descriptor !== null) return false;
  if (file.gone || file.frozen || file.record.givenUp !== undefined || file.record.gzip !== undefined) return false;
  const live = statOrNull(chain.path);
  if (live?.ino !== file.record.inode || live.size < file.size) return false;
  // The number tells whether links came or went, without asking for the agent's own each time.
  if (live.nlink !== file.nlink && lacksLink(state, file)) return false;
  file.nlink = live.nlink;
  file.absentSinceMs = null;
  if (live.size > file.size) {
    if (file.record.head.length < HEAD_BYTES || crc32(readStart(state, file)) !== file.record.head.crc) return false;
    file.grewAtMs = nowMs;
  }
  file.size = live.size;
  chain.aloneAtMs = nowMs;
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
  const isOther = size < file.size || (size > file.size && !(await isSameFile(state, file)));
  // It keeps the size it had: what was seen and not read is lost.
  if (isOther) return await replaceFile(state, file, nowMs);
  if (size > file.size) file.grewAtMs = nowMs;
  file.size = size;
}

/**
 * Whether a file that grew still begins as it did; else it was emptied and written anew since the last look. When it was
 * found it may have had few bytes or none: they are learnt here, since an output that begins to read it later could not
 * tell otherwise.
 */
async function isSameFile(state: TailState, file: FollowedFile): Promise<boolean> {
  const { descriptor, record } = file;
  if (record.gzip !== undefined) return true;
  const bytes = readStart(state, file);
  const isSame = bytes.length >= record.head.length && crc32(bytes.subarray(0, record.head.length)) === record.head.crc;
  if (!isSame || bytes.length === record.head.length) return isSame;
  const learnt = { ...record, head: { length: bytes.length, crc: crc32(bytes) } };
  // A held file is found again by these bytes alone. On a full disk: at the next look, then.
  const mustBeDurable = descriptor !== null && bytes.length === HEAD_BYTES;
  if (!mustBeDurable || (await tryRecord(state, learnt))) file.record = learnt;
  return true;
}

function readStart(state: TailState, file: FollowedFile): Buffer {
  using content = openLogFile(pathOfFile(state, file));
  const bytes = Buffer.allocUnsafe(HEAD_BYTES);
  return bytes.subarray(0, content.read(bytes, 0, HEAD_BYTES, 0));
}

async function tryRecord({ options }: TailState, record: FileRecord): Promise<boolean> {
  return await options.store.record(record).then(
    () => true,
    () => false,
  );
}

export async function sizeOf({ options }: TailState, file: FollowedFile): Promise<number> {
  if (file.record.gzip !== undefined) return file.record.gzip.size;
  const status = await (file.descriptor?.stat() ?? stat(options.store.linkPath(file.record.id)));
  return status.size;
}
