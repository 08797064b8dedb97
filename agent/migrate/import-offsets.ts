import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync, type Stats } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { IMPORTED_HEAD_BYTES, writeImported, type ImportedFile } from "../state/imported.ts";
import { lockState } from "../state/lock.ts";
import { readFluentBitDb, type TailedFile } from "./fluent-bit-db.ts";

/** What became of the files of one database. */
export interface ImportSummary {
  readonly database: string;
  readonly taken: number;
  /** Files that are nowhere to be found any more, as Fluent Bit named them. */
  readonly gone: readonly string[];
}

/**
 * Takes the offsets of Fluent Bit's databases over into a state folder that no agent has used yet: the files that are still
 * there, known by their inodes, go on where Fluent Bit stopped. Throws, and changes nothing, if that can't be.
 */
export async function importOffsets(databases: readonly string[], storagePath: string): Promise<ImportSummary[]> {
  await mkdir(storagePath, { recursive: true });
  using _lock = await lockState(join(storagePath, "lock"), 0, new AbortController().signal);
  await refuseUsed(storagePath);
  const summaries: ImportSummary[] = [];
  const files: ImportedFile[] = [];
  for (const database of databases) {
    const tailed = readFluentBitDb(database);
    const found = tailed.map((file) => ({ file, imported: findFile(file) }));
    const taken = found.flatMap(({ imported }) => imported ?? []);
    const gone = found.filter(({ imported }) => imported === null).map(({ file }) => file.name);
    files.push(...taken);
    summaries.push({ database, taken: taken.length, gone });
  }
  await writeImported(storagePath, files);
  return summaries;
}

/** Files that are followed already have positions of their own: others would repeat or skip. */
async function refuseUsed(storagePath: string): Promise<void> {
  for (const folder of ["files", "outputs"]) {
    const names = await readdir(join(storagePath, folder)).catch(() => []);
    if (names.length === 0) continue;
    throw new Error(
      `cannot import into ${storagePath}: an agent has used it (${folder}/${names[0]}); import before the first start, or set another storage.path`,
    );
  }
}

/** The file under its name, or rotated since, under another one beside it. */
function findFile({ name, inode, offset }: TailedFile): ImportedFile | null {
  const live = orNull(() => realpathSync(name));
  if (live === null) return null;
  const names = [live, ...readdirSync(dirname(live)).map((each) => join(dirname(live), each))];
  for (const path of names) {
    const status = orNull(() => statSync(path));
    if (status?.isFile() === true && status.ino === inode) return describeFile(path, status, offset);
  }
  return null;
}

function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}

function describeFile(path: string, status: Stats, offset: number): ImportedFile {
  const descriptor = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(IMPORTED_HEAD_BYTES);
    const length = readSync(descriptor, bytes, 0, bytes.length, 0);
    const head = { length, crc: crc32(bytes.subarray(0, length)) };
    // Fluent Bit starts a file that was truncated anew.
    const start = offset > status.size ? 0 : startOfLine(descriptor, offset);
    return { inode: status.ino, bornMs: status.birthtimeMs, head, offset: start };
  } finally {
    closeSync(descriptor);
  }
}

/** A longer line than this is none. */
const LINE_BYTES_MAX = 1024 * 1024;

/** Fluent Bit may have read a part of a line, which it has not shipped. */
function startOfLine(descriptor: number, offset: number): number {
  const bytes = Buffer.alloc(Math.min(offset, LINE_BYTES_MAX));
  const from = offset - bytes.length;
  const length = readSync(descriptor, bytes, 0, bytes.length, from);
  const newline = bytes.subarray(0, length).lastIndexOf(0x0a);
  if (newline >= 0) return from + newline + 1;
  return from === 0 ? 0 : offset;
}
