import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, rmSync, statfsSync } from "node:fs";

/** A file system of its own that can be made full. */
export interface SmallDisk {
  fill(): void;
  empty(): void;
  /** `keeps`: with its files left at its place. */
  unmount(keeps: boolean): void;
}

const SIZE = "4G";
const TRIES_MAX = 50;

/** Mounts a tmpfs at `path`; null if that needs rights which this process does not have. */
export function mountSmallDisk(path: string): SmallDisk | null {
  mkdirSync(path, { recursive: true });
  if (process.getuid?.() !== 0) return null;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    return null;
  }
  return {
    fill: () => {
      for (let tries = 1; ; tries++) {
        // A limit that is reached already: takes no memory, and no time.
        const { blocks, bfree, bsize } = statfsSync(path);
        try {
          return resize(path, `${Math.max(4096, (blocks - bfree) * bsize)}`);
        } catch (error) {
          // More was written in the meantime.
          if (tries === TRIES_MAX) throw error;
        }
      }
    },
    empty: () => resize(path, SIZE),
    unmount: (keeps) => {
      const copy = `${path}.copy`;
      if (keeps) cpSync(path, copy, { recursive: true });
      execFileSync("umount", ["-l", path]);
      if (!keeps) return;
      rmSync(path, { recursive: true });
      renameSync(copy, path);
    },
  };
}

function resize(path: string, size: string): void {
  execFileSync("mount", ["-o", `remount,size=${size}`, path], { stdio: "ignore" });
}
