/** Folders that a run works in: named by machine and process, so that the next run finds those of a run that was killed. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** Makes one in `parent`, and deletes there those of processes of this machine that are no more. */
export async function makeWorkFolder(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  const prefix = `compact~${hostname()}~`;
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("~")[0]) : null;
    if (pid === null || isAlive(pid)) continue;
    // One of another user's stays.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
  const folder = join(parent, `${prefix}${process.pid}~${randomBytes(4).toString("hex")}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
