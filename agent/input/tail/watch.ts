import { existsSync, statSync, watch, type FSWatcher } from "node:fs";
import { dirname, join } from "node:path";
import type { Logger } from "../../telemetry/log.ts";

/** Says when a name appears in one of its folders. */
export interface FolderWatch extends Disposable {
  /** From now on these folders; for one that does not exist, the nearest one above it that does. True if one is new. */
  update(folders: readonly string[]): boolean;
}

/** Folders that are watched at once: each costs the kernel a kilobyte, and what is in others is found at refresh_interval. */
const WATCHED_MAX = 1000;

/**
 * Calls `onChange` with the path when a name appears in, or vanishes from, one of the folders (null: with one that is not known): new containers are found at once instead of
 * at the next `refresh_interval`. Only folders are watched (docs/decisions/0006): a log file would call for each line.
 */
export function watchFolders(onChange: (path: string | null) => void, log: Logger): FolderWatch {
  const watched = new Map<string, { watcher: FSWatcher; inode: number }>();
  const refused = new Set<string>();

  function start(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        // `change`: a file in it was written to.
        if (event === "change") return;
        if (watched.get(folder)?.inode !== inodeOf(folder)) stop(folder);
        onChange(name === null ? null : join(folder, name));
      });
      watcher.on("error", () => stop(folder));
      watched.set(folder, { watcher, inode: inodeOf(folder) });
    } catch (error) {
      if (refused.has(folder) || refused.size >= WATCHED_MAX) return;
      refused.add(folder);
      log.warn({ path: folder, err: error }, "cannot watch a folder; new files there are found at refresh_interval");
    }
  }

  function stop(folder: string): void {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  }

  return {
    update: (folders) => {
      const wanted = new Set(folders.slice(0, WATCHED_MAX).map(nearestExisting));
      for (const folder of watched.keys()) if (!wanted.has(folder)) stop(folder);
      const fresh = [...wanted].filter((folder) => !watched.has(folder));
      for (const folder of fresh) start(folder);
      return fresh.some((folder) => watched.has(folder));
    },
    [Symbol.dispose]: () => {
      for (const folder of watched.keys()) stop(folder);
    },
  };
}

function nearestExisting(folder: string): string {
  let path = folder;
  while (!existsSync(path) && path !== dirname(path)) path = dirname(path);
  return path;
}

function inodeOf(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? -1;
}
