/**
 * A bounded folder of files that can be had again: each is written under another name and renamed, so that processes
 * beside each other see whole files or none; the longest unused go first. What cannot be read or written is no failure:
 * it is asked for again.
 */
import { mkdirSync, readdirSync, renameSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { readdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";

export interface CacheFolder {
  readonly path: string;
  /** Writes a file below the folder, whole or not at all. */
  write(name: string, parts: readonly Uint8Array[]): void;
  /** Names of the files in a folder below; none if it is not there. */
  list(folder: string): string[];
  /** Says that a file is of use. */
  touch(name: string): void;
  /** Deletes the longest unused files if more is there than may be. */
  shrink(): Promise<void>;
}

export interface CacheLimits {
  readonly bytesMax: number;
}

/** What a small file takes on a disk. */
const FILE_BYTES_MIN = 4096;
/** Shrunk, it is left some room: not each query has to. */
const SHRUNK_SHARE = 0.9;
/** To look at every file takes a while: not more often than this, unless much was written. */
const SHRINK_INTERVAL_MS = 60_000;
const MUCH_SHARE = 1 / 16;
/** Of a process that was killed while it wrote. */
const ABANDONED_MS = 3_600_000;
const WRITING = ".writing-";

export function openCacheFolder(path: string, { bytesMax }: CacheLimits): CacheFolder {
  let written = 0;
  let isBroken = bytesMax <= 0;
  return {
    path,
    write(name, parts) {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      // One query that reads more than there is room for must not turn everything over.
      if (isBroken || written + bytes > bytesMax / 2) return;
      const target = join(path, name);
      const temporary = join(dirname(target), `${WRITING}${randomBytes(6).toString("hex")}`);
      try {
        mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
        writeFileSync(temporary, Buffer.concat(parts), { mode: 0o600 });
        renameSync(temporary, target);
        written += Math.max(bytes, FILE_BYTES_MIN);
      } catch {
        // A full disk, a folder that may not be written: not tried again.
        isBroken = true;
        discard(temporary);
      }
    },
    list(folder) {
      try {
        return readdirSync(join(path, folder)).filter((name) => !name.startsWith("."));
      } catch {
        return [];
      }
    },
    touch(name) {
      try {
        const now = new Date();
        utimesSync(join(path, name), now, now);
      } catch {
        // Deleted meanwhile, or not ours to write.
      }
    },
    async shrink() {
      if (written === 0) return;
      const stamp = join(path, ".shrunk");
      const isDue = written > bytesMax * MUCH_SHARE || Date.now() - (await modifiedMs(stamp)) > SHRINK_INTERVAL_MS;
      if (!isDue) return;
      written = 0;
      await deleteOldest(path, bytesMax).catch(ignore);
      try {
        writeFileSync(stamp, "");
      } catch {
        // The next one looks again.
      }
    },
  };
}

async function modifiedMs(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}

async function deleteOldest(path: string, bytesMax: number): Promise<void> {
  const files: { path: string; bytes: number; usedMs: number }[] = [];
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === ".shrunk") continue;
    const file = join(entry.parentPath, entry.name);
    const stats = await stat(file).catch(() => null);
    if (stats === null) continue;
    if (!entry.name.startsWith(WRITING)) {
      files.push({ path: file, bytes: Math.max(stats.size, FILE_BYTES_MIN), usedMs: stats.mtimeMs });
    } else if (Date.now() - stats.mtimeMs > ABANDONED_MS) await unlink(file).catch(ignore);
  }
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= bytesMax) return;
  for (const file of files.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (bytes <= bytesMax * SHRUNK_SHARE) return;
    await unlink(file.path).catch(ignore);
    bytes -= file.bytes;
  }
}

function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was not made.
  }
}

function ignore(): void {}
