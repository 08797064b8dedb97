import { existsSync } from "node:fs";
import { openSame } from "./file-store.ts";
import type { Chain, FollowedFile } from "./followed-file.ts";
import { recordFile } from "./record-file.ts";
import { listSiblings } from "./siblings.ts";
import type { TailState } from "./tail-state.ts";

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
