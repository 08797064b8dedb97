import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { syncDirectory } from "../../state/atomic-file.ts";
import { OWNER_ONLY } from "../../state/folder.ts";
import { stateWritten } from "../../state/written.ts";

/**
 * A file of ids that were seen: frames one behind the other, each of one page of events.
 *
 *   offset 0   crc32 of all that follows in the frame, 32 bits (all numbers little-endian)
 *          4   count of ids, 32 bits
 *          8   number of the page, 64 bits
 *         16   count times 64 bits: the hash of an id, its high half first
 *
 * Frames are appended and fsynced before the events they stand for are. What is torn at the end was never relied on.
 */
export interface IdFrame {
  readonly page: number;
  /** High and low halves in turn. */
  readonly hashes: Uint32Array;
}

const HEADER_BYTES = 16;
const HASH_BYTES = 8;

/** The frames of a file, none if it is not there; whether there is nothing else in it. */
export async function readIdFile(path: string): Promise<{ frames: IdFrame[]; isWhole: boolean }> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return Buffer.alloc(0);
  });
  const frames: IdFrame[] = [];
  let at = 0;
  for (;;) {
    const length = frameBytes(bytes, at);
    if (length === null || crc32(bytes.subarray(at + 4, at + length)) !== bytes.readUInt32LE(at)) break;
    frames.push(readFrame(bytes, at));
    at += length;
  }
  return { frames, isWhole: at === bytes.length };
}

/** Appends a frame and waits until it is durable; the name of a new file is not before its folder is synced. */
export async function appendFrame(path: string, frame: IdFrame): Promise<void> {
  await writeFrames(path, "a", [frame]);
}

/** Replaces a file by these frames: after a crash it holds the old or the new ones. */
export async function replaceFrames(path: string, frames: readonly IdFrame[]): Promise<void> {
  await writeFrames(`${path}.tmp`, "w", frames);
  await rename(`${path}.tmp`, path);
  await syncDirectory(dirname(path));
}

async function writeFrames(path: string, flags: "a" | "w", frames: readonly IdFrame[]): Promise<void> {
  const bytes = Buffer.concat(frames.map(frameOf));
  const file = await open(path, flags, OWNER_ONLY);
  try {
    await file.writeFile(bytes);
    stateWritten.bytes += bytes.length;
    await file.datasync();
  } finally {
    await file.close();
  }
}

function frameOf({ page, hashes }: IdFrame): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + 4 * hashes.length);
  bytes.writeUInt32LE(hashes.length / 2, 4);
  bytes.writeBigUInt64LE(BigInt(page), 8);
  for (const [index, half] of hashes.entries()) bytes.writeUInt32LE(half, HEADER_BYTES + 4 * index);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** Null if less than a whole frame is there. */
function frameBytes(bytes: Buffer, at: number): number | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  const length = HEADER_BYTES + HASH_BYTES * bytes.readUInt32LE(at + 4);
  return at + length > bytes.length ? null : length;
}

function readFrame(bytes: Buffer, at: number): IdFrame {
  const hashes = new Uint32Array(2 * bytes.readUInt32LE(at + 4));
  for (let index = 0; index < hashes.length; index++) hashes[index] = bytes.readUInt32LE(at + HEADER_BYTES + 4 * index);
  return { page: Number(bytes.readBigUInt64LE(at + 8)), hashes };
}
