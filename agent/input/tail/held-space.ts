import { stat, statfs } from "node:fs/promises";
import type { Chain, FollowedFile } from "./followed-file.ts";
import type { FileUse } from "./release.ts";
import type { TailState } from "./tail-state.ts";

/** A file without a name of its own any more: the agent alone keeps its bytes on the disk. */
export interface HeldFile {
  readonly chain: Chain;
  readonly file: FollowedFile;
  /** Disk space that giving it up frees. */
  readonly bytes: number;
  /** Bytes of its content. */
  readonly size: number;
  readonly modifiedMs: number;
}

/** Of one file system; `inodes` is 0 where it has no limit of them. */
export interface Space {
  readonly bytes: number;
  readonly freeBytes: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/** Below these shares of free space and inodes links are given up; the kubelet evicts pods at 10 % and 5 %. */
const FREE_SHARE_MIN = 0.15;
const FREE_INODES_SHARE_MIN = 0.08;
const LIMIT_BYTES_MAX = 10e9;
const LIMIT_SHARE = 0.2;

/** The files of a tail that only the agent holds. Costs a stat for each file whose names are gone. */
export async function findHeld({ chains, options }: TailState): Promise<HeldFile[]> {
  const held: HeldFile[] = [];
  for (const chain of chains.values()) {
    for (const file of chain.files.slice()) {
      if (file.absentSinceMs === null || file.record.givenUp !== undefined) continue;
      const { descriptor, record } = file;
      const status = await (descriptor?.stat() ?? stat(options.store.linkPath(record.id)).catch(() => null));
      if (status === null || status.nlink > (descriptor === null ? 1 : 0)) continue;
      const size = record.gzip === undefined ? status.size : record.gzip.size;
      held.push({ chain, file, bytes: status.blocks * 512, size, modifiedMs: status.mtimeMs });
    }
  }
  return held;
}

export async function spaceOf(path: string): Promise<Space> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(path);
  return { bytes: blocks * bsize, freeBytes: bavail * bsize, inodes: files, freeInodes: ffree };
}

/** The default of `storage.total_limit_size`. */
export function defaultLimitBytes(space: Space): number {
  return Math.min(LIMIT_BYTES_MAX, Math.floor(space.bytes * LIMIT_SHARE));
}

/**
 * Which files must be given up, oldest first, so that what is held stays within `limitBytes` and every file system keeps
 * its free share. `spaces` by device; chains in flight keep theirs. What is committed everywhere counts as freed: its
 * release is near. Within a chain only its first files are given up: a later one alone would free nothing yet. Pure.
 */
export function chooseGivenUp(
  held: readonly HeldFile[],
  limitBytes: number,
  spaces: ReadonlyMap<number, Space>,
  use: Pick<FileUse, "isDone" | "isInFlight">,
): { readonly held: HeldFile; readonly reason: "limit" | "disk-full" }[] {
  const chosen: { held: HeldFile; reason: "limit" | "disk-full" }[] = [];
  const freed = new Map<number, { bytes: number; inodes: number }>();
  const given = new Set<FollowedFile>();
  let total = held.reduce((sum, { bytes }) => sum + bytes, 0);
  const free = ({ file, bytes }: HeldFile): void => {
    const soFar = freed.get(file.device) ?? NOTHING;
    freed.set(file.device, { bytes: soFar.bytes + bytes, inodes: soFar.inodes + 1 });
    given.add(file);
    total -= bytes;
  };
  for (const file of held) if (use.isDone(file.chain, file.file)) free(file);
  for (const candidate of held.toSorted(byAge)) {
    const { chain, file } = candidate;
    const isFirst = chain.files.slice(0, chain.files.indexOf(file)).every((other) => isGivenUp(other, given));
    if (given.has(file) || !isFirst || use.isInFlight(chain)) continue;
    const isShort = helps(candidate, spaces.get(file.device), freed.get(file.device) ?? NOTHING);
    if (total <= limitBytes && !isShort) continue;
    chosen.push({ held: candidate, reason: total > limitBytes ? "limit" : "disk-full" });
    free(candidate);
  }
  return chosen;
}

const NOTHING = { bytes: 0, inodes: 0 };

function isGivenUp(file: FollowedFile, given: ReadonlySet<FollowedFile>): boolean {
  return file.record.givenUp !== undefined || given.has(file);
}

/** Whether the file system is short of something that giving this file up frees. */
function helps(held: HeldFile, space: Space | undefined, freed: { bytes: number; inodes: number }): boolean {
  if (space === undefined) return false;
  const lacksBytes = space.freeBytes + freed.bytes < space.bytes * FREE_SHARE_MIN;
  const lacksInodes = space.freeInodes + freed.inodes < space.inodes * FREE_INODES_SHARE_MIN;
  return lacksInodes || (lacksBytes && held.bytes > 0);
}

function byAge(a: HeldFile, b: HeldFile): number {
  return a.modifiedMs - b.modifiedMs || a.file.record.order - b.file.record.order;
}
