/** Bytes of objects on disk: a file `data/<object>/<start>-<end>` per range, with a checksum behind them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { CacheFolder } from "./cache-folder.ts";
import type { Range } from "./requests.ts";

export interface RangeCache {
  /** Bytes of an object, which is named by an identity; null if they are not there. */
  read(object: string, range: Range): Buffer | null;
  write(object: string, range: Range, bytes: Uint8Array): void;
}

const CHECKSUM_BYTES = 4;

export function createRangeCache(folder: CacheFolder): RangeCache {
  return {
    read(object, wanted) {
      const ranges = folder.list(folderOf(object)).flatMap((name) => parseRange(name) ?? []);
      const around = ranges.find(({ start, end }) => start <= wanted.start && wanted.end <= end);
      if (around === undefined) return null;
      const name = join(folderOf(object), nameOf(around));
      const bytes = readChecked(join(folder.path, name), around.end - around.start);
      if (bytes === null) return null;
      folder.touch(name);
      return bytes.subarray(wanted.start - around.start, wanted.end - around.start);
    },
    write(object, range, bytes) {
      const checksum = Buffer.alloc(CHECKSUM_BYTES);
      checksum.writeUInt32LE(crc32(bytes));
      folder.write(join(folderOf(object), nameOf(range)), [bytes, checksum]);
    },
  };
}

/** Half of a disk's folders would hold a file each without the two digits above. */
function folderOf(object: string): string {
  return join("data", object.slice(0, 2), object);
}

function nameOf({ start, end }: Range): string {
  return `${start}-${end}`;
}

function parseRange(name: string): Range | null {
  const match = /^(\d+)-(\d+)$/.exec(name);
  return match === null ? null : { start: Number(match[1]), end: Number(match[2]) };
}

function readChecked(path: string, length: number): Buffer | null {
  try {
    const bytes = readFileSync(path);
    const content = bytes.subarray(0, -CHECKSUM_BYTES);
    const isWhole = content.length === length && bytes.readUInt32LE(length) === crc32(content);
    return isWhole ? content : null;
  } catch {
    return null;
  }
}
