/** What reading a plan's objects would take, from the footers of some of them, before it is begun. */
import { brokenObject } from "./store/broken-object.ts";
import { footerBytes, readFooter, TRAILER_BYTES, type Footer } from "./store/parquet/footer.ts";
import { isNeededColumn, neededGroups } from "./store/parquet/select.ts";
import { createFooterGuess, type FooterGuess } from "./store/s3/footer-guess.ts";
import { rangesOf } from "./store/s3/fetch-plan.ts";
import { mapLimited } from "./store/s3/limiter.ts";
import type { Need, Store, StoredObject } from "./store/store.ts";

export interface Estimate {
  /** That DuckDB would read or Athena would scan: footers, and of the row groups that may hold needed rows the columns used. */
  readonly bytes: number;
  readonly objects: number;
  /** GET requests, where the store is in S3. */
  readonly requests: number;
  /** Footers that were looked at; where they are fewer than the objects, the rest is taken to be like them. */
  readonly sampled: number;
}

/** Footers that are read at most: a node's agent writes objects that are alike, and clusters rarely have more nodes. */
const SAMPLED_MAX = 256;
const IN_FLIGHT_MAX = 32;

/**
 * Reads at most 256 footers, of every writer (node, output) and partition as many as its objects are a share of all.
 * Whoever can't be sampled is taken to be like the others, by bytes. Throws what the store's `read` throws.
 */
export async function estimate(
  store: Pick<Store, "location" | "kind" | "read"> & Partial<Pick<Store, "readsWhole">>,
  objects: readonly StoredObject[],
  need: Need,
  signal: AbortSignal,
): Promise<Estimate> {
  if (store.readsWhole === true) return wholeObjects(store, objects);
  const sample = sampleOf(objects);
  const guess = createFooterGuess();
  const costs = await mapLimited(sample, IN_FLIGHT_MAX, signal, async (object, either) => {
    either.throwIfAborted();
    return await costOf(store, object, need, guess);
  });
  const sampledBytes = sum(sample.map(({ bytes }) => bytes));
  const byBytes = sampledBytes === 0 ? 0 : sum(objects.map(({ bytes }) => bytes)) / sampledBytes;
  const byCount = sample.length === 0 ? 0 : objects.length / sample.length;
  const requests = Math.round(sum(costs.map((cost) => cost.requests)) * byCount);
  return {
    bytes: Math.round(sum(costs.map((cost) => cost.bytes)) * byBytes),
    objects: objects.length,
    requests: store.kind === "directory" ? 0 : requests,
    sampled: sample.length,
  };
}

function wholeObjects({ kind }: Pick<Store, "kind">, objects: readonly StoredObject[]): Estimate {
  const requests = kind === "directory" ? 0 : objects.length;
  return { bytes: sum(objects.map(({ bytes }) => bytes)), objects: objects.length, requests, sampled: 0 };
}

/** Evenly among the objects in order of writer and key: each writer is met in proportion, at different times. */
export function sampleOf(objects: readonly StoredObject[]): StoredObject[] {
  if (objects.length <= SAMPLED_MAX) return [...objects];
  const byWriter = objects
    .map((object) => ({ object, order: `${writerOf(object.key)}\0${object.key}` }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1));
  const step = byWriter.length / SAMPLED_MAX;
  return Array.from({ length: SAMPLED_MAX }, (_, i) => byWriter[Math.floor((i + 0.5) * step)]!.object);
}

/** `<node>-<life>-<output>` of `…/<node>-<life>-<output>-<seq>[-hHH].parquet`. */
function writerOf(key: string): string {
  const name = key.slice(key.lastIndexOf("/") + 1);
  return name.replace(/-\d+(?:-h\d\d)?\.parquet$/, "");
}

interface Cost {
  readonly bytes: number;
  readonly requests: number;
}

async function costOf(
  store: Pick<Store, "location" | "read">,
  object: StoredObject,
  need: Need,
  guess: FooterGuess,
): Promise<Cost> {
  const { footer, length } = await readObjectFooter(store, object, guess);
  const isNeeded = isNeededColumn(need);
  const chunks = neededGroups(footer, need).flatMap((group) => group.chunks.filter(isNeeded));
  const ranges = rangesOf(chunks.toSorted((a, b) => a.start - b.start));
  return { bytes: length + sum(chunks.map(({ start, end }) => end - start)), requests: 1 + ranges.length };
}

/** The footer, and its length with what follows it. Throws CliError naming an object that is broken. */
async function readObjectFooter(
  { location, read }: Pick<Store, "location" | "read">,
  { key, bytes }: StoredObject,
  guess: FooterGuess,
): Promise<{ footer: Footer; length: number }> {
  const tail = await read(key, { start: Math.max(0, bytes - guess.bytes(bytes)), end: bytes });
  try {
    const length = footerBytes(tail) + TRAILER_BYTES;
    guess.learn(bytes, length);
    const start = bytes - length;
    const whole = length <= tail.length ? tail.subarray(tail.length - length) : await read(key, { start, end: bytes });
    return { footer: readFooter(whole.subarray(0, -TRAILER_BYTES)), length };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw brokenObject(`${location}/${key}`, error.message);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
