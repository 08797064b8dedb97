import { statSync } from "node:fs";
import { listedInodes } from "./siblings.ts";
import type { Chain } from "./followed-file.ts";
import { measureFile, sizeOf } from "./growth.ts";
import { lacksLink, retainAgain } from "./keep-link.ts";
import type { TailState } from "./tail-state.ts";

/** A failed kubelet rotation renames back, so a file is gone only after its folder has listed no name for it for so long. */
const ABSENT_MS = 60_000;

/** A file without any name in its folder for ABSENT_MS is gone. The live one still has its name: no need to list. */
export async function checkAbsence(state: TailState, chain: Chain, nowMs: number): Promise<void> {
  const live = statSync(chain.path, { throwIfNoEntry: false });
  const isAlone = chain.files.length === 1 && live?.ino === chain.files[0]!.record.inode;
  const listed = isAlone ? new Set([live.ino]) : await listedInodes(chain.path);
  for (const file of chain.files.slice()) {
    // One that is gone may be done with: that is for its release to say.
    if (!file.gone && lacksLink(state, file)) await retainAgain(state, chain, file);
    // Also a rotated file that is not polled any more may grow: its writer need not know of the rotation.
    if (!isAlone && !file.gone && file.record.givenUp === undefined)
      await measureFile(state, file, await sizeOf(state, file), nowMs);
    if (listed.has(file.record.inode)) file.absentSinceMs = null;
    else file.absentSinceMs ??= nowMs;
    file.gone = file.absentSinceMs !== null && nowMs - file.absentSinceMs >= ABSENT_MS;
  }
}
