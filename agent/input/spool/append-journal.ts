import { constants } from "node:fs";
import { open, readFile, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { writeFileAtomic } from "../../state/atomic-file.ts";
import { stateWritten } from "../../state/written.ts";

/**
 * What is to be appended to the files of a spool, before it is. One fsync makes durable what belongs together, whatever
 * files it is for, and only then a byte of it is seen in them: whoever reads them never reads what a crash could take back.
 * After a crash all of it is written into the files again, to the same places.
 *
 *   <crc-32 in 8 hex digits> <JSON of an Entry>\n<bytes of its parts, one behind the other>
 *
 * The checksum is of what follows it, the bytes included; an entry that is cut off or damaged was never acknowledged. The
 * first entry has no parts, but all checkpoints: it was written, with all files synced, when the journal was last shortened.
 */
export interface Entry {
  readonly version: 1;
  readonly parts: readonly Part[];
  /** By source: what has changed, or of the first entry all. */
  readonly checkpoints: Readonly<Record<string, string>>;
  /** Of the first entry: the number of the last file by folder, of which there may be nothing any more. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** Of the parts. */
  readonly bytes: number;
}

/** Bytes for a file, and where they belong in it. */
export interface Part {
  /** `<folder>/<n>.log` */
  readonly file: string;
  readonly at: number;
  readonly bytes: number;
}

type FirstEntry = Required<Pick<Entry, "checkpoints" | "numbers">>;

export interface AppendJournal {
  /** Of its file. */
  readonly bytes: number;
  /** Makes an entry durable. If it fails, nothing of it is there once `shorten` was called. */
  append(entry: Entry, content: readonly Buffer[]): Promise<void>;
  /** All files are synced: replaces all entries by this one. */
  shorten(first: FirstEntry): Promise<void>;
  close(): Promise<void>;
}

/** Reads what is in a journal, entry by entry; `apply` hears of each part. */
export async function readJournal(
  path: string,
  apply: (entry: Entry, content: Buffer) => Promise<void>,
): Promise<void> {
  const bytes = (await readFile(path).catch(ifMissing)) ?? Buffer.alloc(0);
  for (let at = 0; at < bytes.length;) {
    const found = entryAt(bytes, at);
    if (found === null) return;
    await apply(found.entry, bytes.subarray(found.from, found.end));
    at = found.end;
  }
}

/** Opens a journal for writing: with one entry. */
export async function openJournal(path: string, first: FirstEntry): Promise<AppendJournal> {
  let file: FileHandle | null = null;
  let length = 0;
  const shorten = async (entry: FirstEntry): Promise<void> => {
    await file?.close();
    file = null;
    const bytes = headOf({ version: 1, parts: [], ...entry, bytes: 0 }, []);
    await writeFileAtomic(path, bytes.toString());
    file = await open(path, constants.O_WRONLY);
    length = bytes.length;
  };
  await shorten(first);
  return {
    get bytes() {
      return length;
    },
    shorten,
    append: async (entry, content) => {
      if (file === null) throw new Error(`cannot append to ${path}: it is closed`);
      const parts = [headOf(entry, content), ...content];
      let end = length;
      for (const part of parts) {
        await writeAll(file, part, end);
        end += part.length;
      }
      await file.datasync();
      stateWritten.bytes += end - length;
      length = end;
    },
    close: async () => await file?.close(),
  };
}

/** A write of the system may be of a part. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;)
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

/** What stands before the content: a checksum of all, and what it is. */
function headOf(entry: Entry, content: readonly Buffer[]): Buffer {
  const line = `${JSON.stringify(entry)}\n`;
  const crc = content.reduce((sum, part) => crc32(part, sum), crc32(line));
  return Buffer.from(`${crc.toString(16).padStart(8, "0")} ${line}`);
}

const CRC_BYTES = 9;

function entryAt(bytes: Buffer, at: number): { entry: Entry; from: number; end: number } | null {
  const newline = bytes.indexOf(10, at);
  if (newline < 0) return null;
  let entry: Entry;
  try {
    entry = JSON.parse(bytes.toString("utf8", at + CRC_BYTES, newline)) as Entry;
  } catch {
    return null;
  }
  const from = newline + 1;
  const end = from + entry.bytes;
  const crc = Number.parseInt(bytes.toString("latin1", at, at + CRC_BYTES - 1), 16);
  if (!(end <= bytes.length) || crc32(bytes.subarray(at + CRC_BYTES, end)) !== crc) return null;
  if (entry.version !== 1) throw new Error(`version ${String(entry.version)}, this logq-agent reads version 1`);
  return { entry, from, end };
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
