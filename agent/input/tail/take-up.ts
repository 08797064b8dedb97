import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Target } from "./discover.ts";
import { extendChain } from "./extend.ts";
import { newFileId } from "./file-store.ts";
import type { Chain } from "./followed-file.ts";
import { followRotation, isRotated } from "./growth.ts";
import { rotatedSuffix } from "./siblings.ts";
import { addChain, fileOfInode, newChain, type TailState } from "./tail-state.ts";

/**
 * Follows the targets that are not followed yet, each as a chain of its own. A rotated name that a pattern matches too
 * (`messages*`, `messages.1`) is no file of its own: its inode is in the chain of the live name, or comes into it here.
 */
export async function takeUp(state: TailState, targets: readonly Target[], nowMs: number): Promise<void> {
  state.matched = new Set(targets.map(({ resolved }) => resolved));
  // `messages` before `messages.1`: what was rotated belongs to the chain of what it was rotated from.
  for (const target of targets.toSorted((a, b) => (a.resolved < b.resolved ? -1 : 1))) {
    const chain = state.byPath.get(target.resolved);
    if (chain !== undefined) {
      chain.plainPath = target.plainPath;
      continue;
    }
    if (isFollowed(state, target)) continue;
    // Compressed content is no log; as an older file of a chain it is read.
    if (target.resolved.endsWith(".gz")) continue;
    const base = liveChainOf(state, target.resolved);
    if (base !== null && isRotated(state, base, statSync(base.path, { throwIfNoEntry: false }))) {
      await followRotation(state, base, nowMs);
      if (isFollowed(state, target)) continue;
    }
    const fresh = newChain(newFileId(), target.resolved, target.plainPath);
    try {
      await extendChain(state, fresh, target.path, nowMs);
    } catch (error) {
      state.options.log.error({ err: error, path: target.path }, "cannot follow a file; trying again");
    }
    if (fresh.files.length > 0) addChain(state, fresh);
  }
  state.skipsExisting = false;
}

function isFollowed(state: TailState, { device, inode }: Target): boolean {
  return fileOfInode(state, device, inode) !== null;
}

/** The chain that a path is a rotated name of. */
function liveChainOf(state: TailState, path: string): Chain | null {
  const [folder, name] = [dirname(path), basename(path)];
  for (const chain of state.byPath.values()) {
    if (
      chain.path.startsWith(folder) &&
      dirname(chain.path) === folder &&
      rotatedSuffix(name, basename(chain.path)) !== null
    )
      return chain;
  }
  return null;
}
