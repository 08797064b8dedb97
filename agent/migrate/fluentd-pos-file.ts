import { readFileSync } from "node:fs";
import type { TailedFile } from "./import-offsets.ts";

/** Path, offset and inode, the numbers in hexadecimal digits. */
const ENTRY = /^([^\t\n]+)\t([0-9a-f]+)\t([0-9a-f]+)/gim;
/** The offset of a file that Fluentd follows no more. */
const UNWATCHED = /^f{16}$/i;
/** A file that it has not opened yet. */
const NO_INODE = 0;

/**
 * Reads the `pos_file` of Fluentd's in_tail: a line for each file, whose offset is the start of the first line that was not
 * passed on yet. Where an inode is there twice the last line counts. Throws what keeps it from being read.
 */
export function readFluentdPosFile(path: string): TailedFile[] {
  const text = textOf(path);
  const entries = [...text.matchAll(ENTRY)];
  if (entries.length === 0 && text.trim() !== "")
    throw new Error(`cannot read ${path}: none of its lines is a path, an offset and an inode; ${ADVICE}`);
  const byInode = new Map<number, TailedFile>();
  for (const [, name = "", offset = "", inode = ""] of entries) {
    const file = { name, inode: Number.parseInt(inode, 16), offset: Number.parseInt(offset, 16) };
    if (file.inode !== NO_INODE && !UNWATCHED.test(offset)) byInode.set(file.inode, file);
  }
  return [...byInode.values()];
}

const ADVICE = "name the pos_file of a source of Fluentd";

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(`cannot read ${path}: ${code === "ENOENT" ? `no such file; ${ADVICE}` : message}`, { cause });
  }
}
