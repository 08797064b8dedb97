import { stat, type FileHandle } from "node:fs/promises";
import { listSiblings } from "./siblings.ts";
import { openSame, type FileRecord } from "./file-store.ts";
import type { FollowedFile } from "./followed-file.ts";
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
): Promise<void> {
  if (records.length > 0) state.skipsExisting = false;
  for (const record of records.toSorted((a, b) => a.order - b.order)) {
    let chain = state.chains.get(record.chain);
    if (chain === undefined) {
      chain = newChain(record.chain, record.chainPath, false);
      state.chains.set(chain.id, chain);
    }
    chain.broken ||= record.beforeGap === true;
    addFile(state, chain, (await reopen(state, record, held)) ?? missing(record));
  }
  for (const chain of state.chains.values()) addChain(state, chain);
}

async function reopen(
  { options }: TailState,
  record: FileRecord,
  held: Map<string, FileHandle>,
): Promise<FollowedFile | null> {
  const { store } = options;
  if (record.givenUp !== undefined) {
    const status = await stat(store.linkPath(record.id)).catch(() => null);
    return newFollowedFile(record, null, { dev: status?.dev ?? 0, size: record.givenUp.size }, 0);
  }
  const open = held.get(record.id);
  if (open !== undefined) {
    held.delete(record.id);
    const status = await open.stat();
    return newFollowedFile(record, open, status, status.mtimeMs);
  }
  if (record.linked) {
    const status = await stat(store.linkPath(record.id)).catch(() => null);
    return status?.ino === record.inode ? newFollowedFile(record, null, status, status.mtimeMs) : null;
  }
  const names = [record.path, record.chainPath, ...(await listSiblings(record.chainPath)).map(({ path }) => path)];
  for (const path of names) {
    const handle = await openSame(path, record);
    if (handle === null) continue;
    const status = await handle.stat();
    return newFollowedFile(record, handle, status, status.mtimeMs);
  }
  return null;
}

/** Deleted while the agent was down and not linked, or its link was removed from the state folder. */
function missing(record: FileRecord): FollowedFile {
  const givenUp = { reason: "deleted", size: record.startAt } as const;
  return newFollowedFile({ ...record, givenUp }, null, { dev: 0, size: givenUp.size }, 0);
}
