import type { FileHandle } from "node:fs/promises";
import type { FileRecord } from "./file-store.ts";

/** Without growth for this long a file whose successor has data is final, and an unterminated last line is a line. */
export const QUIET_MS = 5000;

/** One inode of a log that the agent follows. */
export interface FollowedFile {
  record: FileRecord;
  /** Held open where the inode could not be linked. */
  descriptor: FileHandle | null;
  /** Of its inode, in this life of the system: such numbers change over reboots. */
  readonly device: number;
  /** Bytes at the last look. */
  size: number;
  /** When it was last seen to grow (before the first look: by its modification time), in milliseconds of `performance.now()`. */
  grewAtMs: number;
  /** Of its inode, when its link in the state folder was last seen; null: not yet. As long as it is this, the link is there. */
  nlink: number | null;
  /** Since when no name for the inode has been seen in its folder, or null. */
  absentSinceMs: number | null;
  /** No name was seen for 60 s: nobody writes to it any more. */
  gone: boolean;
  /** An output has gone on behind it, or is about to. */
  passed: boolean;
  /** What it grows by is another file's: see `followLate`. */
  frozen: boolean;
  /** Its record is not on the disk as it is: it must not be shipped beyond, or a restart would not find what follows. */
  unrecorded: boolean;
  /** Since when its pod is asked for, in milliseconds of `performance.now()`; null: its metadata is settled. */
  awaitsPodSinceMs: number | null;
  /** Given up, and its rest counted as lost; only its burial is still to come. */
  lossCounted: boolean;
}

/** The files of one container attempt, or of one path, in the order in which they were written. */
export interface Chain {
  readonly id: string;
  /** The live path, `…/0.log`: its inode is the last file. */
  readonly path: string;
  /** Which attempt of a container `path` belongs to: see `attemptOf`. */
  readonly attempt: Attempt | null;
  readonly files: FollowedFile[];
  /** Another chain goes on at its path: its last file's successor was missed, or it is what was written to a file late. */
  broken: boolean;
  /** It is broken, or a later attempt of the same container has data: nobody writes to this chain any more. */
  superseded: boolean;
  /** An input named this very path (no wildcard): an unterminated last line counts once it is quiet. */
  plainPath: boolean;
  /** When `pollAlone` last found it as most are, in milliseconds of `performance.now()`. */
  aloneAtMs: number;
  /** When to look again, in milliseconds of `performance.now()`: quiet chains are polled ever slower. */
  pollAtMs: number;
}

interface Attempt {
  readonly folder: string;
  readonly number: number;
}

/** Whether nothing more can be appended to a file, so that its unterminated rest is all there will be. */
export function isFinal(chain: Chain, file: FollowedFile, nowMs: number): boolean {
  if (file.gone || file.record.givenUp !== undefined) return true;
  const next = chain.files[chain.files.indexOf(file) + 1];
  const followed = next !== undefined && (next.size > 0 || chain.files.at(-1) !== next);
  return (followed || chain.superseded) && isQuiet(file, nowMs);
}

/** No growth for QUIET_MS. */
export function isQuiet(file: FollowedFile, nowMs: number): boolean {
  return nowMs - file.grewAtMs >= QUIET_MS;
}

/** Which container attempt a live path `…/<N>.log` belongs to; null for other files. */
export function attemptOf(path: string): Attempt | null {
  const match = /^(?<folder>.*)\/(?<number>\d+)\.log$/.exec(path)?.groups;
  return match === undefined ? null : { folder: match.folder!, number: Number(match.number) };
}
