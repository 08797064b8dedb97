/** Folders that a run works in: named by machine and process, so that the next run finds those of a run that was killed. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

const PREFIX = `compact~${hostname()}~`;

/** Makes one in `parent`, and deletes there those of processes of this machine that are no more. */
export async function makeWorkFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  await removeDeadFolders(parent);
  const folder = join(parent, `${PREFIX}${process.pid}~${randomBytes(4).toString("hex")}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

/** Deletes what processes of this machine that are no more left in `parent`, if that is there. */
export async function removeDeadFolders(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split("~")[0]) : null;
    if (pid === null || isAlive(pid)) continue;
    // One of another user's stays.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
