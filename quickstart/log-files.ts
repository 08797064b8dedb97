import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

/** A regular file to ship. */
export interface LogFile {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly bytes: number;
}

export interface Found {
  readonly files: readonly LogFile[];
  /** What is left out, with the reason, for people. */
  readonly skipped: readonly string[];
}

/**
 * Every regular file that the paths name or that lies below them; through links to files, not through links to folders.
 * Throws if a named path is missing or can't be read. What can't be read below a folder is skipped, so is what is gzipped.
 */
export function findLogFiles(paths: readonly string[]): Found {
  const files = new Map<string, LogFile>();
  const skipped: string[] = [];
  const add = (path: string): void => {
    const real = realpathSync(path);
    const { size } = statSync(real);
    if (startsAsGzip(real)) skipped.push(`${path}: compressed`);
    else files.set(real, { path: real, bytes: size });
  };
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      try {
        if (entry.isDirectory()) walk(path);
        else if (statSync(path).isFile()) add(path);
      } catch (error) {
        skipped.push(`${path}: ${reason(error)}`);
      }
    }
  };
  for (const path of paths) {
    try {
      const named = statSync(path);
      if (named.isDirectory()) walk(path);
      else if (named.isFile()) add(path);
      else throw new Error("it is neither a file nor a folder");
    } catch (error) {
      throw new Error(`read ${path}: ${reason(error)}; give log files, or folders that hold some`, { cause: error });
    }
  }
  return { files: [...files.values()], skipped };
}

/** The path as a pattern that names it alone (glob(3)). */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}

/** Lines as `grep -c ''` counts them: an unterminated rest is one. */
export function countLines(path: string): number {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(1_048_576);
    let lines = 0;
    let last = 0x0a;
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk)) {
      const bytes = chunk.subarray(0, length);
      for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines++;
      last = bytes[length - 1]!;
    }
    return last === 0x0a ? lines : lines + 1;
  } finally {
    closeSync(fd);
  }
}

function startsAsGzip(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(2);
    return readSync(fd, head) === 2 && head.readUInt16BE() === 0x1f8b;
  } finally {
    closeSync(fd);
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file or folder";
  if (code === "EACCES") return "permission denied";
  return message;
}
