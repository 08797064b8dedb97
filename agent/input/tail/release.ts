import { crc32 } from "node:zlib";
import { HEAD_BYTES } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { lacksLink, retainAgain } from "./keep-link.ts";
import { openLogFile } from "./log-file.ts";
import { pathOfFile, removeChain, removeFile, type TailState } from "./tail-state.ts";

/** What the outputs say of the files that are followed. */
export interface FileUse {
  /** Every output has committed it. */
  isDone(chain: Chain, file: FollowedFile): boolean;
  /** A shipment reads the chain, or is journaled with a part of it and not committed: its files must stay as they are. */
  isInFlight(chain: Chain): boolean;
  /** The file is given up: counts as lost what an output has not committed of it. */
  countLost(chain: Chain, file: FollowedFile): void;
}

/**
 * Releases the files that are gone and committed by every output, and those that can't be read any more, whose rest is
 * counted as lost. Returns the chains that ended.
 */
export async function releaseFiles(state: TailState, use: FileUse): Promise<string[]> {
  const ended: string[] = [];
  for (const chain of state.chains.values()) {
    for (const file of chain.files.slice()) {
      // In order: a position may name a file that is not there any more, and then means the first one that is left.
      if (!(await tryRelease(state, chain, file, use))) break;
    }
    if (chain.files.length > 0) continue;
    removeChain(state, chain);
    ended.push(chain.id);
  }
  await state.options.store.expireTombstones();
  return ended;
}

/** A file that can't be released now is tried again, and does not stop the others. */
async function tryRelease(state: TailState, chain: Chain, file: FollowedFile, use: FileUse): Promise<boolean> {
  try {
    return await releaseFile(state, chain, file, use);
  } catch (error) {
    const { id, path } = file.record;
    state.options.log.error({ err: error, file: id, path }, "cannot release a file; trying again");
    return false;
  }
}

async function releaseFile(state: TailState, chain: Chain, file: FollowedFile, use: FileUse): Promise<boolean> {
  if (!file.gone && file.record.givenUp === undefined) return false;
  if (continuesFile(state, file)) return false;
  const isDone = file.lossCounted || use.isDone(chain, file);
  if (!isDone && lacksLink(state, file)) await retainAgain(state, chain, file);
  const isGivenUp = file.record.givenUp !== undefined;
  if (!isDone && (!isGivenUp || use.isInFlight(chain))) return false;
  // Before it is durable: a crash in between says it twice, the other way round it would never be said.
  if (!isDone) use.countLost(chain, file);
  file.lossCounted ||= !isDone;
  await sealRecord(state, file);
  await state.options.store.bury(file.record);
  await file.descriptor?.close();
  removeFile(state, chain, file);
  return true;
}

/** Where a file that grew late ends is known by the one that has the rest: without it, a restart would take the rest for new. */
function continuesFile(state: TailState, { device, record }: FollowedFile): boolean {
  if (record.startAt === 0) return false;
  for (const other of state.files.values()) {
    const isSame = other.device === device && other.record.inode === record.inode;
    if (isSame && other.record.startAt < record.startAt) return true;
  }
  return false;
}

/** Notes what a compressed copy of the file is known by; when it was found, it may have been empty. */
async function sealRecord(state: TailState, file: FollowedFile): Promise<void> {
  const { record, size } = file;
  if (record.gzip !== undefined || record.size !== undefined || record.givenUp !== undefined) return;
  if (lacksLink(state, file)) return;
  using content = openLogFile(pathOfFile(state, file));
  const bytes = Buffer.alloc(HEAD_BYTES);
  const length = content.read(bytes, 0, HEAD_BYTES, 0);
  const sealed = { ...record, size, head: { length, crc: crc32(bytes.subarray(0, length)) } };
  file.record = sealed;
  try {
    await state.options.store.record(sealed);
  } catch (error) {
    // What a full disk needs first is this file's release. Until a restart its tombstone is known as it should be.
    state.options.log.error(
      { err: error, file: record.id, path: record.path },
      "cannot complete a tombstone; going on",
    );
  }
}
