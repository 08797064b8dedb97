import type { Chain, FollowedFile } from "./followed-file.ts";
import { removeChain, removeFile, type TailState } from "./tail-state.ts";

/** Gives up the files that are gone and that `isDone` says every output has committed. Returns the chains that ended. */
export async function releaseFiles(
  state: TailState,
  isDone: (chain: Chain, file: FollowedFile) => boolean,
): Promise<string[]> {
  const ended: string[] = [];
  for (const chain of state.chains.values()) {
    for (const file of chain.files.slice()) {
      // In order: a position may name a file that is gone, and then means the first one that is left.
      if (!(file.gone || file.record.replaced) || !isDone(chain, file)) break;
      await state.options.store.bury(file.record);
      await file.descriptor?.close();
      state.tombstones.push(file.record);
      removeFile(state, chain, file);
    }
    if (chain.files.length > 0) continue;
    removeChain(state, chain);
    ended.push(chain.id);
  }
  return ended;
}
