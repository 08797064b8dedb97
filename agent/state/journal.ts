import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readFile, rm, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { replaceFile, syncDirectory } from "./atomic-file.ts";
import { dirname } from "node:path";

/**
 * An append-only file of JSON records, the memory of one output.
 *
 *   <crc32 of the JSON, 8 hex digits> <JSON>\n
 *
 * The first record says what the file is and its version. A record counts once its line is complete and fsynced: a
 * torn last line is an append that a crash interrupted, and is dropped at the next start. A line that is damaged
 * elsewhere stops the start, because what follows it cannot be trusted. `rewrite` replaces all records by fewer that
 * mean the same (temporary file, fsync, rename, fsync of the folder).
 */
export interface Journal {
  /** Bytes of the file now. */
  readonly size: number;
  /** Appends one record and waits until it is durable. After a failure the file is as before. Returns the SHA-256 of its JSON, in hex. */
  append(record: object): Promise<string>;
  rewrite(records: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

const VERSION = 1;

/** Opens or creates the journal at `path`. `kind` guards against a file of another purpose. Returns the records in order. */
export async function openJournal(path: string, kind: string): Promise<{ journal: Journal; records: object[] }> {
  await rm(`${path}.tmp`, { force: true });
  const text = await readIfPresent(path);
  if (text === null || text.length === 0) {
    const journal = new FileJournal(path, kind);
    await journal.rewrite([]);
    return { journal, records: [] };
  }
  const { records, validBytes } = parseJournal(path, kind, text);
  const journal = new FileJournal(path, kind);
  await journal.reopen(validBytes);
  return { journal, records };
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
      throw new Error(
        `cannot read the state: ${path}, line ${line}: its checksum does not match, the file is damaged. ` +
          `Move the file away to start this output afresh (it will ship again what is still on disk), or restore it from a copy`,
      );
    }
    const record = JSON.parse(json.toString("utf8")) as { logq?: unknown; version?: unknown };
    if (line === 1) checkHeader(path, kind, record);
    else records.push(record);
    at = newline + 1;
  }
  if (at === 0) throw new Error(`cannot read the state: ${path} is no logq journal; move it away`);
  return { records, validBytes: at };
}

function checkHeader(path: string, kind: string, header: { logq?: unknown; version?: unknown }): void {
  if (header.logq !== kind) {
    throw new Error(
      `cannot read the state: ${path} is no "${kind}" journal of logq but ${JSON.stringify(header.logq)}; move it away`,
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
  #file: FileHandle | null = null;
  readonly #path: string;
  readonly #kind: string;

  constructor(path: string, kind: string) {
    this.#path = path;
    this.#kind = kind;
  }

  async reopen(validBytes: number): Promise<void> {
    await this.#file?.close();
    // No O_APPEND: a failed append is overwritten at its own offset.
    this.#file = await open(this.#path, constants.O_RDWR);
    await this.#file.truncate(validBytes);
    this.size = validBytes;
  }

  async append(record: object): Promise<string> {
    if (this.#file === null) throw new Error(`cannot write the state: ${this.#path} is closed`);
    const json = Buffer.from(JSON.stringify(record));
    const line = Buffer.concat([Buffer.from(`${checksumOf(json)} `), json, Buffer.from("\n")]);
    try {
      await writeFully(this.#file, line, this.size);
      await this.#file.datasync();
    } catch (cause) {
      await this.#file.truncate(this.size).catch(() => undefined);
      throw new Error(`cannot write the state: ${this.#path}: ${(cause as Error).message}`, { cause });
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
    await replaceFile(this.#path, text);
    // First of all: an append to the old inode would be lost.
    await this.reopen(Buffer.byteLength(text));
    await syncDirectory(dirname(this.#path));
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
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
