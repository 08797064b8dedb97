import { existsSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { openSame } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { recordFile } from "./record-file.ts";
import { listSiblings } from "./siblings.ts";
import { pathOfFile, type TailState } from "./tail-state.ts";

/** Whether somebody removed the link of a file from the state folder. */
export function lacksLink({ options }: TailState, { record, descriptor }: FollowedFile): boolean {
  const isHeldByLink = record.linked && descriptor === null && record.givenUp === undefined;
  return isHeldByLink && !existsSync(options.store.linkPath(record.id));
}

/** Retains a file without its link anew under a name that it still has; one that has none can never be read again and is given up. */
export async function retainAgain(state: TailState, chain: Chain, file: FollowedFile): Promise<void> {
  const { store, log } = state.options;
  const { id, path, inode } = file.record;
  const siblings = await listSiblings(chain.path);
  for (const name of new Set([path, chain.path, ...siblings.map((sibling) => sibling.path)])) {
    const handle = await openSame(name, file.record);
    if (handle === null) continue;
    if ((await store.link(id, name, inode)).mode === "linked") await handle.close();
    else {
      file.descriptor = handle;
      await recordFile(state, file, { ...file.record, linked: false });
    }
    log.warn({ file: id, path: name }, "the link of a file was removed from the state folder; it is retained anew");
    return;
  }
  await recordFile(state, file, { ...file.record, givenUp: { reason: "deleted", size: file.size } });
}

/**
 * Retains the inode of a followed file once more, as the file `id`, whatever its names are by now: null if by a link of its own, else by the
 * descriptor that is returned. Throws ENOENT if the file's link was removed.
 */
export async function retainTwice(state: TailState, file: FollowedFile, id: string): Promise<FileHandle | null> {
  const { store } = state.options;
  const canLink = file.descriptor === null;
  const isLinked =
    canLink && (await store.link(id, store.linkPath(file.record.id), file.record.inode)).mode === "linked";
  return isLinked ? null : await open(pathOfFile(state, file), "r");
}
