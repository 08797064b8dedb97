/** From objects in a bucket to files that DuckDB reads in their place: footers, then the row groups and columns needed. */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliError, EXIT } from "../../cli-error.ts";
import { footerBytes, readFooter, TRAILER_BYTES, type Footer } from "../parquet/footer.ts";
import { isNeededColumn, neededGroups } from "../parquet/select.ts";
import { HEAD, trim, type Trimmed } from "../parquet/trim.ts";
import type { Need } from "../store.ts";
import type { CacheFolder } from "./cache-folder.ts";
import { placesOf, rangesOf } from "./fetch-plan.ts";
import { createFooterCache, type FooterCache } from "./footer-cache.ts";
import type { FooterGuess } from "./footer-guess.ts";
import { IN_FLIGHT_MAX } from "./transport.ts";
import { mapLimited } from "./limiter.ts";
import type { S3Object } from "./listing.ts";
import { createRangeCache, type RangeCache } from "./range-cache.ts";
import type { Range } from "./requests.ts";

export interface FetchSetup {
  /** For messages: s3://bucket/prefix. */
  readonly location: string;
  /** Bytes of an object; null if it is there no more. */
  readonly get: (object: S3Object, range: Range, signal: AbortSignal) => Promise<Buffer | null>;
  readonly cache: CacheFolder;
  /** What tells the object's store from others in the cache. */
  readonly identity: string;
  readonly guess: FooterGuess;
  /** Where the private folder is made. */
  readonly tempDirectory: string;
}

export interface FetchedFiles {
  /** In the objects' order; those that hold nothing needed have none. */
  readonly files: readonly string[];
  /** Objects that were there no more. */
  readonly vanished: readonly S3Object[];
  /** Deletes the files. */
  readonly dispose: () => Promise<void>;
}

/** Objects at work at once: while some wait for an answer, others are written. */
const OBJECTS_MAX = IN_FLIGHT_MAX * 2;

/** Throws CliError for an object that is no Parquet file or a broken one, naming it. */
export async function fetchFiles(
  objects: readonly S3Object[],
  need: Need,
  setup: FetchSetup,
  signal: AbortSignal,
): Promise<FetchedFiles> {
  const folder = await mkdtemp(join(setup.tempDirectory, "logq-s3-"));
  const dispose = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await setup.cache.shrink();
  };
  const footers = createFooterCache(setup.cache);
  const vanished: S3Object[] = [];
  try {
    for (const path of new Set(objects.map(({ partition }) => partition.path))) footers.load(idOf(setup, path));
    const job = { setup, need, folder, footers, ranges: createRangeCache(setup.cache) };
    const files = await mapLimited(objects, OBJECTS_MAX, signal, async (object, either) => {
      const made = await fetchObject(object, { ...job, signal: either });
      if (made === VANISHED) vanished.push(object);
      return made;
    });
    return { files: files.filter((made) => typeof made === "string"), vanished, dispose };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    footers.close();
  }
}

interface Job {
  readonly setup: FetchSetup;
  readonly need: Need;
  readonly folder: string;
  readonly footers: FooterCache;
  readonly ranges: RangeCache;
  readonly signal: AbortSignal;
}

/** An object that is there no more. */
const VANISHED = Symbol("vanished");

/** The file that stands for an object; null if it holds nothing needed. */
async function fetchObject(object: S3Object, job: Job): Promise<string | typeof VANISHED | null> {
  const { need, setup } = job;
  const id = idOf(setup, `${object.key}\n${object.etag}\n${object.bytes}`);
  const end = await fetchEnd(object, id, job);
  if (end === null) return VANISHED;
  const trimmed = understood(object, setup, () => {
    const footer = readFooter(end.footer);
    const groups = neededGroups(footer, need);
    return groups.length === 0 ? null : checkedTrim(footer, groups, need, object);
  });
  if (trimmed === null) return null;
  const path = join(job.folder, object.key);
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeSync(descriptor, HEAD, 0, HEAD.length, 0);
    if (!(await fetchRanges(object, id, trimmed, end.tail, descriptor, job))) return VANISHED;
    writeSync(descriptor, trimmed.tail, 0, trimmed.tail.length, trimmed.tailAt);
  } finally {
    closeSync(descriptor);
  }
  return path;
}

/** The last bytes of an object, from `start` on. */
interface Tail extends Range {
  readonly bytes: Buffer;
}

/** FileMetaData, and what else of the object's end came along; null if the object is gone. */
async function fetchEnd(object: S3Object, id: string, job: Job): Promise<{ footer: Buffer; tail: Tail | null } | null> {
  const { setup, footers, signal } = job;
  const known = footers.read(id);
  if (known !== null) return { footer: known, tail: null };
  const { bytes: size } = object;
  if (size < HEAD.length + TRAILER_BYTES) throw broken(object, setup, `it is ${size} bytes long`);
  const start = size - Math.max(TRAILER_BYTES, setup.guess.bytes(size));
  const asked = await setup.get(object, { start, end: size }, signal);
  if (asked === null) return null;
  const length = understood(object, setup, () => footerBytes(asked));
  const footerAt = size - TRAILER_BYTES - length;
  if (footerAt < HEAD.length) throw broken(object, setup, `its footer is said to be ${length} bytes long`);
  setup.guess.learn(size, length + TRAILER_BYTES);
  const before = footerAt < start ? await setup.get(object, { start: footerAt, end: start }, signal) : EMPTY;
  if (before === null) return null;
  const from = Math.min(start, footerAt);
  const tail = { start: from, end: size, bytes: Buffer.concat([before, asked]) };
  const footer = tail.bytes.subarray(footerAt - from, size - TRAILER_BYTES - from);
  footers.add(idOf(setup, object.partition.path), id, footer);
  return { footer, tail };
}

const EMPTY = Buffer.alloc(0);

function checkedTrim(footer: Footer, groups: Footer["groups"], need: Need, { bytes }: S3Object): Trimmed {
  const trimmed = trim(footer, groups, isNeededColumn(need));
  const end = trimmed.runs.at(-1)?.end ?? 0;
  if (end > bytes - TRAILER_BYTES) throw new RangeError(`a column ends at byte ${end} of ${bytes}`);
  return trimmed;
}

/** Writes what is needed of an object to its places in the file; false if the object is gone. */
async function fetchRanges(
  object: S3Object,
  id: string,
  { runs }: Trimmed,
  tail: Tail | null,
  descriptor: number,
  { setup, ranges, signal }: Job,
): Promise<boolean> {
  const cached = ranges.open(id);
  const place = (range: Range, bytes: Buffer): void => {
    for (const { start, end, to } of placesOf(range, runs)) {
      writeSync(descriptor, bytes, start - range.start, end - start, to);
    }
  };
  const found = await Promise.all(
    rangesOf(runs).map(async (range) => {
      const known = cached.read(range);
      if (known !== null) place(range, known);
      const bytes = known ?? (await fetchRange(object, range, tail, setup, signal));
      if (bytes === null || known !== null) return bytes !== null;
      place(range, bytes);
      ranges.write(id, range, bytes);
      return true;
    }),
  );
  return found.every(Boolean);
}

/** What the object's end holds of a range need not be fetched. */
async function fetchRange(
  object: S3Object,
  { start, end }: Range,
  tail: Tail | null,
  { get }: FetchSetup,
  signal: AbortSignal,
): Promise<Buffer | null> {
  if (tail === null || end <= tail.start) return await get(object, { start, end }, signal);
  const rest = tail.bytes.subarray(Math.max(0, start - tail.start), end - tail.start);
  if (start >= tail.start) return rest;
  const first = await get(object, { start, end: tail.start }, signal);
  return first && Buffer.concat([first, rest]);
}

/** Runs what reads an object's own words about itself. */
function understood<Result>(object: S3Object, setup: FetchSetup, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw broken(object, setup, error.message);
    throw error;
  }
}

function broken({ key }: S3Object, { location }: FetchSetup, why: string): CliError {
  const hint = "delete or replace it, or leave its hour out by --from and --to; logq doctor looks for more";
  return new CliError(`${location}/${key} is no whole Parquet file: ${why}`, hint, EXIT.backend);
}

/** Hexadecimal, 16 bytes: fit for a file's name. */
function idOf({ identity }: FetchSetup, of: string): string {
  return createHash("sha256").update(`${identity}\n${of}`).digest("hex").slice(0, 32);
}
