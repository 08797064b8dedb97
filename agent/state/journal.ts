import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readFile, rm, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { replaceFile, syncDirectory } from "./atomic-file.ts";
import { dirname } from "node:path";
import { stateWritten } from "./written.ts";

/**
 * An append-only file of JSON records, the memory of one output.
 *
 *   <crc32 of the JSON, 8 hex digits> <JSON>\n
 *
 * The first record says what the file is and its version. A record counts once its line is complete and fsynced: a
 * torn last line is an append that a crash interrupted before anybody relied on it, and is dropped at the next start. A
 * line that is damaged elsewhere stops the start, because what follows it cannot be trusted. `rewrite` replaces all
 * records by fewer that mean the same (temporary file, fsync, rename, fsync of the folder).
 */
export interface Journal {
  /** Bytes of the file now. */
  readonly size: number;
  /**
   * A write failed in a way that leaves open what the disk holds (after a failed fsync the kernel calls pages clean that
   * it never wrote): only `rewrite` helps, `append` refuses.
   */
  readonly uncertain: boolean;
  /** Appends one record and waits until it is durable. After a failure it does not count. Returns the SHA-256 of its JSON, in hex. */
  append(record: object): Promise<string>;
  /** Replaces all records. After a failure the old ones count. */
  rewrite(records: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

const VERSION = 1;

/** Opens or creates the journal at `path`. `kind` guards against a file of another purpose. Returns the records in order, and whether the file was made now. */
export async function openJournal(
  path: string,
  kind: string,
): Promise<{ journal: Journal; records: object[]; isNew: boolean }> {
  await rm(`${path}.tmp`, { force: true }).catch(() => undefined);
  const text = await readIfPresent(path);
  const journal = new FileJournal(path, kind);
  try {
    if (text === null) {
      await journal.rewrite([]);
      return { journal, records: [], isNew: true };
    }
    const { records, validBytes } = parseJournal(path, kind, text);
    await journal.reopen(validBytes);
    return { journal, records, isNew: false };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** Reads the records of a journal's bytes. Throws on damage anywhere but in a torn last line. */
export function parseJournal(path: string, kind: string, bytes: Buffer): { records: object[]; validBytes: number } {
  const records: object[] = [];
  let at = 0;
  for (let line = 1; at < bytes.length; line++) {
    const newline = bytes.indexOf(10, at);
    if (newline < 0) break;
    const json = bytes.subarray(at + 9, newline);
    const checksum = bytes.toString("latin1", at, at + 9);
    if (checksum !== `${checksumOf(json)} `) {
      if (line > 1 && isTorn(bytes, at, newline)) break;
      throw new Error(
        `cannot read the state: ${path}, line ${line}: its checksum does not match, the file is damaged. ${AFRESH}`,
      );
    }
    const record = JSON.parse(json.toString("utf8")) as { logq?: unknown; version?: unknown };
    if (line === 1) checkHeader(path, kind, record);
    else records.push(record);
    at = newline + 1;
  }
  if (at === 0) {
    const what = bytes.length === 0 ? "is empty" : "is no logq journal";
    throw new Error(`cannot read the state: ${path} ${what}. ${AFRESH}`);
  }
  return { records, validBytes: at };
}

const AFRESH =
  "Restore it from a copy, or move it away to start this output afresh: it then ships again what is still on disk";

/** A last line with a NUL byte, which JSON never has, is an append of several blocks not all of which were written. */
function isTorn(bytes: Buffer, start: number, newline: number): boolean {
  const nul = bytes.indexOf(0, start);
  return nul >= 0 && nul < newline && bytes.indexOf(10, newline + 1) < 0;
}

function checkHeader(path: string, kind: string, header: { logq?: unknown; version?: unknown }): void {
  if (header.logq !== kind) {
    throw new Error(
      `cannot read the state: ${path} is no "${kind}" journal of logq but ${JSON.stringify(header.logq)}. ${AFRESH}`,
    );
  }
  if (header.version !== VERSION) {
    throw new Error(
      `cannot read the state: ${path} has version ${String(header.version)}, this logq-agent reads version ${VERSION}; start the newer agent again`,
    );
  }
}

class FileJournal implements Journal {
  size = 0;
  uncertain = false;
  #file: FileHandle | null = null;
  readonly #path: string;
  readonly #kind: string;

  constructor(path: string, kind: string) {
    this.#path = path;
    this.#kind = kind;
  }

  async reopen(validBytes: number): Promise<void> {
    await this.close();
    try {
      // No O_APPEND: a failed append is overwritten at its own offset.
      this.#file = await open(this.#path, constants.O_RDWR);
      if ((await this.#file.stat()).size > validBytes) await this.#file.truncate(validBytes);
    } catch (cause) {
      throw this.#failure(cause);
    }
    this.size = validBytes;
  }

  async append(record: object): Promise<string> {
    if (this.#file === null) throw this.#failure(new Error("it is closed"));
    if (this.uncertain) throw this.#failure(new Error("an earlier write failed, it must be rewritten first"));
    const json = Buffer.from(JSON.stringify(record));
    const line = Buffer.concat([Buffer.from(`${checksumOf(json)} `), json, Buffer.from("\n")]);
    try {
      await writeFully(this.#file, line, this.size);
      stateWritten.bytes += line.length;
    } catch (cause) {
      // What stands behind a shorter line later would be taken for damage.
      await this.#file.truncate(this.size).catch(() => (this.uncertain = true));
      throw this.#failure(cause);
    }
    try {
      await this.#file.datasync();
    } catch (cause) {
      this.uncertain = true;
      await this.#file.truncate(this.size).catch(() => undefined);
      throw this.#failure(cause);
    }
    this.size += line.length;
    return createHash("sha256").update(json).digest("hex");
  }

  async rewrite(records: readonly object[]): Promise<void> {
    const lines = [{ logq: this.#kind, version: VERSION }, ...records].map((record) => {
      const json = JSON.stringify(record);
      return `${checksumOf(Buffer.from(json))} ${json}\n`;
    });
    const text = lines.join("");
    try {
      await replaceFile(this.#path, text);
    } catch (cause) {
      throw this.#failure(cause);
    }
    // An append to the old inode would be lost, and so would one to a new inode whose name is not durable.
    this.uncertain = true;
    try {
      await this.reopen(Buffer.byteLength(text));
      await syncDirectory(dirname(this.#path));
    } catch (cause) {
      throw this.#failure(cause);
    }
    this.uncertain = false;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  #failure(cause: unknown): Error {
    const error = cause as Error;
    if (error.message.startsWith("cannot write the state")) return error;
    return new Error(`cannot write the state: ${this.#path}: ${error.message}`, { cause });
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function readIfPresent(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`cannot read the state: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function checksumOf(json: Uint8Array): string {
  return crc32(json).toString(16).padStart(8, "0");
}
