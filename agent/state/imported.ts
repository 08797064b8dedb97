import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic-file.ts";

/** Bytes of a file's head that are compared. */
export const IMPORTED_HEAD_BYTES = 256;

/** How far Fluent Bit or Fluentd has read a file, by inode; what tells that it still is that file. */
export interface ImportedFile {
  readonly inode: number;
  readonly bornMs: number;
  readonly head: { readonly length: number; readonly crc: number };
  /** Where its next line starts. */
  readonly offset: number;
}

/** Where an agent before this one stopped, taken over by `logq-agent migrate`; files that are followed anew go on there. */
export interface ImportedOffsets {
  has(inode: number): boolean;
  /** Where the file goes on, null if it is none of them. */
  offsetOf(file: Omit<ImportedFile, "offset"> & { readonly size: number }): number | null;
}

/** Reads what was imported into a state folder; null if nothing was. */
export async function readImported(storagePath: string): Promise<ImportedOffsets | null> {
  const path = importedPath(storagePath);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  try {
    const { version, files } = JSON.parse(text) as { version: unknown; files: ImportedFile[] };
    if (version !== 1) throw new Error(`version ${String(version)}, this logq-agent reads version 1`);
    return importedOffsets(files);
  } catch (cause) {
    throw new Error(
      `cannot read the state: ${path}: ${(cause as Error).message}; import the offsets anew by logq-agent migrate, or remove the file`,
      { cause },
    );
  }
}

/** Replaces what was imported, durably. */
export async function writeImported(storagePath: string, files: readonly ImportedFile[]): Promise<void> {
  await writeFileAtomic(importedPath(storagePath), `${JSON.stringify({ version: 1, files })}\n`);
}

function importedPath(storagePath: string): string {
  return join(storagePath, "imported.json");
}

function importedOffsets(files: readonly ImportedFile[]): ImportedOffsets {
  const byInode = new Map(files.map((file) => [file.inode, file]));
  return {
    has: (inode) => byInode.has(inode),
    offsetOf: ({ inode, bornMs, head, size }) => {
      const file = byInode.get(inode);
      if (file === undefined) return null;
      // A short head may have grown since, a whole one says more than the time of birth, which not all file systems have.
      const isSame = file.head.length < IMPORTED_HEAD_BYTES ? file.bornMs === bornMs : file.head.crc === head.crc;
      if (!isSame) return null;
      return file.offset <= size ? file.offset : 0;
    },
  };
}

/**
 * Of the older files of a chain, oldest first, those that the agent before has not read to their end: it forgets a rotated
 * file once it is through. Null: it knew none of the chain, so nothing is known of them.
 */
export function leftOver<Older extends { readonly sibling: { readonly inode: number } }>(
  imported: ImportedOffsets | null,
  older: readonly Older[],
  liveInode: number,
): readonly Older[] | null {
  if (imported === null) return null;
  const newestKnown = older.findLastIndex(({ sibling }) => imported.has(sibling.inode));
  const last = imported.has(liveInode) ? older.length : newestKnown;
  if (last < 0) return null;
  return older.filter(({ sibling }, index) => index > last || imported.has(sibling.inode));
}
