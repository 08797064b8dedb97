/** From objects in a bucket to files that DuckDB reads in their place: footers, then the row groups and columns needed. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { dictionariesOf, hasValueWithin } from "../parquet/dictionary.ts";
import { readFooter, TRAILER_BYTES, type Footer, type RowGroup } from "../parquet/footer.ts";
import { isNeededColumn, neededGroups } from "../parquet/select.ts";
import { HEAD, trim, type Trimmed } from "../parquet/trim.ts";
import type { Need } from "../store.ts";
import type { CacheFolder } from "./cache-folder.ts";
import { placesOf, rangesOf } from "./fetch-plan.ts";
import { mapLimited } from "./limiter.ts";
import type { S3Object } from "./listing.ts";
import { openObject, understood, Vanished, type ObjectReader, type ReaderSetup } from "./object-reader.ts";
import { createRangeCache } from "./range-cache.ts";
import { createSmallCache } from "./small-cache.ts";
import { IN_FLIGHT_MAX } from "./transport.ts";

export interface FetchSetup extends Omit<ReaderSetup, "small" | "ranges"> {
  readonly cache: CacheFolder;
  /** Where the private folder is made. */
  readonly tempDirectory: string;
}

export interface FetchedFiles {
  /** In the objects' order; those that hold nothing needed have none. */
  readonly files: readonly string[];
  readonly folder: string;
  /** Objects that were there no more. */
  readonly vanished: readonly S3Object[];
  /** Deletes the files. */
  readonly dispose: () => Promise<void>;
}

/** Objects at work at once: while some wait for an answer, others are written. */
const OBJECTS_MAX = IN_FLIGHT_MAX * 2;
/** Ranges of one object. */
const RANGES_MAX = 16;
/** For less of a row group, its dictionaries are not asked for first. */
const WORTH_ASKING_BYTES = 8 * 1024;

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
  const small = createSmallCache(setup.cache, setup.identity);
  const readers = { ...setup, small, ranges: createRangeCache(setup.cache) };
  const vanished: S3Object[] = [];
  try {
    for (const path of new Set(objects.map(({ partition }) => partition.path))) small.load(path);
    const made = await mapLimited(objects, OBJECTS_MAX, signal, async (object, either) => {
      try {
        const reader = openObject(object, readers, either);
        return await makeFile(object, need, folder, { setup, reader, signal: either });
      } catch (error) {
        if (!(error instanceof Vanished)) throw error;
        vanished.push(object);
        return null;
      }
    });
    return { files: made.filter((file) => file !== null), folder, vanished, dispose };
  } catch (error) {
    await dispose();
    throw error;
  } finally {
    small.close();
  }
}

interface Reading {
  readonly setup: FetchSetup;
  readonly reader: ObjectReader;
  readonly signal: AbortSignal;
}

/** The file that stands for an object; null if it holds nothing needed. */
async function makeFile(object: S3Object, need: Need, folder: string, reading: Reading): Promise<string | null> {
  const { setup, reader, signal } = reading;
  const bytes = await reader.footer();
  const footer = understood(object, setup, () => readFooter(bytes));
  const groups = await withValues(footer, neededGroups(footer, need), need, reader);
  if (groups.length === 0) return null;
  const { runs, tail, tailAt } = understood(object, setup, () => trimWithin(footer, groups, need, object.bytes));
  const path = join(folder, object.key);
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, "wx", 0o600);
  try {
    writeSync(descriptor, HEAD, 0, HEAD.length, 0);
    writeSync(descriptor, tail, 0, tail.length, tailAt);
    await mapLimited(rangesOf(runs), RANGES_MAX, signal, async (range) => {
      const content = await reader.large(range);
      for (const { start, end, to } of placesOf(range, runs)) {
        writeSync(descriptor, content, start - range.start, end - start, to);
      }
    });
  } finally {
    closeSync(descriptor);
  }
  return path;
}

/** Of the row groups, those that have values within the bounds, as far as dictionaries tell. */
async function withValues(
  footer: Footer,
  groups: readonly RowGroup[],
  need: Need,
  reader: ObjectReader,
): Promise<RowGroup[]> {
  const isNeeded = isNeededColumn(need);
  const kept = groups.map(async (group) => {
    const needed = group.chunks.filter(isNeeded).reduce((sum, { start, end }) => sum + end - start, 0);
    for (const dictionary of dictionariesOf(footer, group, need.bounds)) {
      if (needed < WORTH_ASKING_BYTES && !reader.isAtHand(dictionary)) continue;
      if (!hasValueWithin(await reader.small(dictionary), dictionary)) return [];
    }
    return [group];
  });
  return (await Promise.all(kept)).flat();
}

function trimWithin(footer: Footer, groups: readonly RowGroup[], need: Need, objectBytes: number): Trimmed {
  const trimmed = trim(footer, groups, isNeededColumn(need));
  const end = trimmed.runs.at(-1)?.end ?? 0;
  if (end > objectBytes - TRAILER_BYTES) throw new RangeError(`a column ends at byte ${end} of ${objectBytes}`);
  return trimmed;
}
