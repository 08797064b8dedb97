import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync, type Stats } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { makeStateFolder } from "../state/folder.ts";
import { IMPORTED_HEAD_BYTES, writeImported, type ImportedFile } from "../state/imported.ts";
import { lockState } from "../state/lock.ts";

/** How far another agent has read a file. */
export interface TailedFile {
  /** The path under which it was found, or its rotated name. */
  readonly name: string;
  readonly inode: number;
  readonly offset: number;
}

/** What another agent keeps its offsets in: a database of Fluent Bit's, a pos_file of Fluentd's. */
export interface OffsetSource {
  readonly path: string;
  readonly agent: "Fluent Bit" | "Fluentd";
  /** Throws what keeps it from being read. */
  readonly read: (path: string) => readonly TailedFile[];
}

/** What became of the files of one source. */
export interface ImportSummary {
  readonly source: OffsetSource;
  readonly taken: number;
  /** Files that are nowhere to be found any more, as the other agent named them. */
  readonly gone: readonly string[];
}

/** The state folder has positions already. */
export class UsedStateError extends Error {}

/**
 * Takes the offsets of other agents over into a state folder that no agent of ours has used yet: the files that are still
 * there, known by their inodes, go on where the other one stopped. Throws, and changes nothing, if that can't be:
 * UsedStateError, or what keeps a source from being read.
 */
export async function importOffsets(sources: readonly OffsetSource[], storagePath: string): Promise<ImportSummary[]> {
  await makeStateFolder(storagePath);
  using _lock = await lockState(join(storagePath, "lock"), 0, new AbortController().signal);
  await refuseUsed(storagePath);
  const summaries: ImportSummary[] = [];
  const files: ImportedFile[] = [];
  for (const source of sources) {
    const found = source.read(source.path).map((file) => ({ file, imported: findFile(file) }));
    const taken = found.flatMap(({ imported }) => imported ?? []);
    const gone = found.filter(({ imported }) => imported === null).map(({ file }) => file.name);
    files.push(...taken);
    summaries.push({ source, taken: taken.length, gone });
  }
  await writeImported(storagePath, files);
  return summaries;
}

/** Files that are followed already have positions of their own: others would repeat or skip. */
async function refuseUsed(storagePath: string): Promise<void> {
  for (const folder of ["files", "outputs"]) {
    const names = await readdir(join(storagePath, folder)).catch(() => []);
    if (names.length === 0) continue;
    throw new UsedStateError(
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
    // Either agent starts a file that was truncated anew.
    const start = offset > status.size ? 0 : startOfLine(descriptor, offset);
    return { inode: status.ino, bornMs: status.birthtimeMs, head, offset: start };
  } finally {
    closeSync(descriptor);
  }
}

/** A longer line than this is none. */
const LINE_BYTES_MAX = 1024 * 1024;

/** Fluent Bit may have read a part of a line, which it has not shipped. Fluentd stops where a line starts. */
function startOfLine(descriptor: number, offset: number): number {
  const bytes = Buffer.alloc(Math.min(offset, LINE_BYTES_MAX));
  const from = offset - bytes.length;
  const length = readSync(descriptor, bytes, 0, bytes.length, from);
  const newline = bytes.subarray(0, length).lastIndexOf(0x0a);
  if (newline >= 0) return from + newline + 1;
  return from === 0 ? 0 : offset;
}
