import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { OWNER_ONLY } from "./folder.ts";
import { stateWritten } from "./written.ts";

/** Replaces `path` by `text` so that after a crash it holds the old or the new content, never a part: write, fsync, rename, fsync the folder. */
export async function writeFileAtomic(path: string, text: string): Promise<void> {
  await replaceFile(path, text);
  await syncDirectory(dirname(path));
}

/** The same but for the folder, which the caller syncs: until then a crash may bring back the old content. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, "w", OWNER_ONLY);
    try {
      await file.writeFile(text);
      stateWritten.bytes += Buffer.byteLength(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // On a full disk the rest would keep what others need.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Makes the folder's names durable: creations, renames and removals in it. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
