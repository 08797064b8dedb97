/** The bytes of one object: of its end, which is fetched for the footer; from the cache; else from the bucket. */
import { createHash } from "node:crypto";
import type { CliError } from "../../cli-error.ts";
import { brokenObject } from "../broken-object.ts";
import { footerBytes, TRAILER_BYTES } from "../parquet/footer.ts";
import type { FooterGuess } from "./footer-guess.ts";
import type { S3Object } from "./listing.ts";
import type { RangeCache } from "./range-cache.ts";
import type { Range } from "./requests.ts";
import type { SmallCache } from "./small-cache.ts";

/** Each throws Vanished where the object is gone, and CliError. */
export interface ObjectReader {
  /** FileMetaData. */
  footer(): Promise<Buffer>;
  /** A few KB that tell what else is needed. */
  small(range: Range): Promise<Buffer>;
  /** Whether `small` of a range takes no request. */
  isAtHand(range: Range): boolean;
  large(range: Range): Promise<Buffer>;
}

/** The object was there when the store was listed, and is no more. */
export class Vanished extends Error {
  override readonly name = "Vanished";
}

export interface ReaderSetup {
  /** For messages: s3://bucket/prefix. */
  readonly location: string;
  /** What tells the store from others in the cache. */
  readonly identity: string;
  /** Bytes of an object; null if it is there no more. */
  readonly get: (object: S3Object, range: Range, signal: AbortSignal) => Promise<Buffer | null>;
  readonly guess: FooterGuess;
  readonly small: SmallCache;
  readonly ranges: RangeCache;
}

const MAGIC_BYTES = 4;
/** An object that is no longer is fetched as a whole: its bytes cost less than a second request. */
const WHOLE_BYTES_MAX = 16 * 1024;

export function openObject(object: S3Object, setup: ReaderSetup, signal: AbortSignal): ObjectReader {
  const { small, ranges, guess } = setup;
  const { bytes: size } = object;
  const id = hash(`${setup.identity}\n${object.key}\n${object.etag}\n${size}`);
  const footerId = smallId(id, size);
  const keep = (name: string, bytes: Buffer): void => small.add(object.partition.path, name, bytes);
  let tail: { readonly start: number; readonly bytes: Buffer } = { start: size, bytes: Buffer.alloc(0) };

  async function fetch({ start, end }: Range): Promise<Buffer> {
    const rest = tail.bytes.subarray(Math.max(0, start - tail.start), Math.max(0, end - tail.start));
    if (start >= tail.start) return rest;
    const first = await setup.get(object, { start, end: Math.min(end, tail.start) }, signal);
    if (first === null) throw new Vanished();
    return rest.length === 0 ? first : Buffer.concat([first, rest]);
  }

  async function fetchTail(start: number): Promise<void> {
    tail = { start, bytes: await fetch({ start, end: size }) };
  }

  return {
    async footer() {
      const known = small.read(footerId);
      if (known !== null) return known;
      if (size < MAGIC_BYTES + TRAILER_BYTES) throw broken(object, setup, `it is ${size} bytes long`);
      await fetchTail(size <= WHOLE_BYTES_MAX ? 0 : size - Math.max(TRAILER_BYTES, guess.bytes(size)));
      const length = understood(object, setup, () => footerBytes(tail.bytes));
      const start = size - TRAILER_BYTES - length;
      if (start < MAGIC_BYTES) throw broken(object, setup, `its footer is said to be ${length} bytes long`);
      guess.learn(size, length + TRAILER_BYTES);
      if (start < tail.start) await fetchTail(start);
      const bytes = await fetch({ start, end: size - TRAILER_BYTES });
      keep(footerId, bytes);
      return bytes;
    },
    async small(range) {
      const name = smallId(id, range.start);
      const known = small.read(name);
      if (known !== null) return known;
      const bytes = await fetch(range);
      keep(name, bytes);
      return bytes;
    },
    isAtHand: (range) => range.start >= tail.start || small.has(smallId(id, range.start)),
    async large(range) {
      const known = ranges.read(id, range);
      if (known !== null) return known;
      const bytes = await fetch(range);
      ranges.write(id, range, bytes);
      return bytes;
    },
  };
}

/** A small thing of an object, by where it starts; the footer has the object's size. */
function smallId(object: string, start: number): string {
  return object.slice(0, 16) + start.toString(16).padStart(16, "0");
}

/** Runs what reads an object's own words about itself. */
export function understood<Result>(object: S3Object, setup: Pick<ReaderSetup, "location">, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw broken(object, setup, error.message);
    throw error;
  }
}

function broken({ key }: S3Object, { location }: Pick<ReaderSetup, "location">, why: string): CliError {
  return brokenObject(`${location}/${key}`, why);
}

/** Hexadecimal, 16 bytes: fit for a file's name. */
function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
