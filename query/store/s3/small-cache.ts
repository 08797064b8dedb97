/**
 * Small things on disk: footers and dictionaries. A query may need ten thousand of a few KB, so they lie together: a file
 * `small/<partition>/<random>` holds those that one query had to fetch. Its layout, all numbers little endian:
 *
 *   count u32 | count × (id 16 bytes, offset u32, length u32, CRC-32 u32) | CRC-32 u32 of all before | the things
 */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { CacheFolder } from "./cache-folder.ts";

export interface SmallCache {
  /** Looks what is there of a partition. Ids are 16 bytes, in hexadecimal. */
  load(partition: string): void;
  /** Whether `read` would look for it. */
  has(id: string): boolean;
  /** Null if it is not there. */
  read(id: string): Buffer | null;
  add(partition: string, id: string, bytes: Uint8Array): void;
  /** Writes what was added, and ends the use of the cache. */
  close(): void;
}

interface Entry {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

const FOLDER = "small";
const ID_BYTES = 16;
const ENTRY_BYTES = ID_BYTES + 12;
/** More is a broken file. */
const ENTRIES_MAX = 1_000_000;
/** A long window has more files than a process may open. */
const OPEN_MAX = 32;
/** What waits in memory to be written. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/** `identity` tells the store of the partitions from others. */
export function createSmallCache(folder: CacheFolder, identity: string): SmallCache {
  const entries = new Map<string, Entry>();
  const files = createOpenFiles();
  const waiting = new Map<string, Map<string, Uint8Array>>();
  let waitingBytes = 0;

  function folderOf(partition: string): string {
    return join(FOLDER, createHash("sha256").update(`${identity}\n${partition}`).digest("hex").slice(0, 32));
  }

  function flush(): void {
    for (const [partition, things] of waiting) {
      folder.write(join(folderOf(partition), randomBytes(8).toString("hex")), packed(things));
    }
    waiting.clear();
    waitingBytes = 0;
  }

  return {
    load(partition) {
      for (const file of folder.list(folderOf(partition))) {
        const name = join(folderOf(partition), file);
        for (const [id, entry] of readIndex(join(folder.path, name), files)) entries.set(id, entry);
        folder.touch(name);
      }
    },
    has: (id) => entries.has(id),
    read(id) {
      const entry = entries.get(id);
      if (entry === undefined) return null;
      const bytes = files.read(entry.path, entry.offset, entry.length);
      return bytes !== null && crc32(bytes) === entry.checksum ? bytes : null;
    },
    add(partition, id, bytes) {
      const things = waiting.get(partition) ?? new Map<string, Uint8Array>();
      // A copy: what it is a part of may be long.
      waiting.set(partition, things.set(id, Buffer.from(bytes)));
      waitingBytes += bytes.length;
      if (waitingBytes > WAITING_BYTES_MAX) flush();
    },
    close() {
      flush();
      entries.clear();
      files.close();
    },
  };
}

function packed(things: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
  const head = Buffer.alloc(4 + things.size * ENTRY_BYTES);
  let at = head.writeUInt32LE(things.size);
  let offset = head.length + 4;
  for (const [id, bytes] of things) {
    at += head.write(id, at, ID_BYTES, "hex");
    at = head.writeUInt32LE(offset, at);
    at = head.writeUInt32LE(bytes.length, at);
    at = head.writeUInt32LE(crc32(bytes), at);
    offset += bytes.length;
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(head));
  return [head, checksum, ...things.values()];
}

/** Of a file that is broken: nothing. */
function readIndex(path: string, files: OpenFiles): [string, Entry][] {
  const count = files.read(path, 0, 4)?.readUInt32LE(0) ?? 0;
  const headBytes = 4 + count * ENTRY_BYTES;
  const head = count > 0 && count <= ENTRIES_MAX ? files.read(path, 0, headBytes + 4) : null;
  if (head === null || crc32(head.subarray(0, headBytes)) !== head.readUInt32LE(headBytes)) return [];
  return Array.from({ length: count }, (_, i): [string, Entry] => {
    const at = 4 + i * ENTRY_BYTES;
    const [offset, length, checksum] = [0, 4, 8].map((skip) => head.readUInt32LE(at + ID_BYTES + skip));
    const entry = { path, offset: offset!, length: length!, checksum: checksum! };
    return [head.toString("hex", at, at + ID_BYTES), entry];
  });
}

interface OpenFiles {
  /** Null if there are not so many bytes. */
  read(path: string, position: number, length: number): Buffer | null;
  close(): void;
}

/** Files that were read last stay open: neighbours in a listing are neighbours in a file. */
function createOpenFiles(): OpenFiles {
  const descriptors = new Map<string, number>();
  return {
    read(path, position, length) {
      try {
        const descriptor = descriptors.get(path) ?? openSync(path, "r");
        descriptors.delete(path);
        descriptors.set(path, descriptor);
        if (descriptors.size > OPEN_MAX) {
          const [oldest] = descriptors.keys();
          closeSync(descriptors.get(oldest!)!);
          descriptors.delete(oldest!);
        }
        const bytes = Buffer.alloc(length);
        return readSync(descriptor, bytes, 0, length, position) === length ? bytes : null;
      } catch {
        return null;
      }
    },
    close() {
      for (const descriptor of descriptors.values()) closeSync(descriptor);
      descriptors.clear();
    },
  };
}
