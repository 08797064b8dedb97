/** Which partitions and objects a bucket has, by as few requests as it can be. */
import { decodeSegment, partitionOfHour, partitionPath } from "../../../config/table.ts";
import { isObject, parsePartition, prunePartitions, type Partition } from "../../catalog/plan.ts";
import type { TimeRange } from "../../dialect/statement.ts";
import { isMerged, visibleObjects } from "../../compact/visible.ts";
import type { StoredObject } from "../store.ts";
import type { ListPage } from "./list-page.ts";
import type { OutcomeReader } from "./outcomes.ts";
import type { ListQuery } from "./requests.ts";

export interface S3Object extends StoredObject {
  /** With its quotes. */
  readonly etag: string;
}

/** As a `Store` has them; keys are those below its root. */
export interface Listing {
  clusters(signal: AbortSignal): Promise<string[]>;
  partitions(range: TimeRange, clusters: readonly string[] | null, signal: AbortSignal): Promise<Partition[]>;
  /** Those that count. */
  objects(partitions: readonly Partition[], signal: AbortSignal): Promise<S3Object[]>;
  /** All of them. */
  stored(partitions: readonly Partition[], signal: AbortSignal): Promise<S3Object[]>;
}

/** Asks for a page of keys below the root. */
type List = (query: ListQuery, signal: AbortSignal) => Promise<ListPage>;

/** In a window that is no longer than this, objects are listed at once, not folders. */
const NARROW_HOURS_MAX = 24;
/** From so many partitions of a day on, one listing of the day is tried before one of each. */
const DAY_AT_ONCE_MIN = 3;
const HOUR_NS = 3_600_000_000_000n;
const HOUR_MS = 3_600_000;

/**
 * Keys are in the order of cluster, day and hour, so that a narrow window is one run of them: the first page from its
 * start on often holds all of it, and what it holds is not asked for again. Where more follows, each hour is listed by
 * itself, beside the others. A wide window is listed as folders: days, then hours.
 */
export function createListing(list: List, nowMs: () => number, outcomes: Pick<OutcomeReader, "of">): Listing {
  /** What `partitions` has seen of objects, until `objects` asks: after that, later ones may have come. */
  const seen = new Map<string, Seen>();

  async function stored(partitions: readonly Partition[], signal: AbortSignal): Promise<S3Object[]> {
    const known = partitions.flatMap(({ path }) => seen.get(path) ?? []);
    for (const { partition } of known) seen.delete(partition.path);
    const unknown = partitions.filter(({ path }) => !known.some(({ partition }) => partition.path === path));
    const days = Map.groupBy(unknown, ({ path }) => path.slice(0, path.lastIndexOf("/")));
    const listed = await Promise.all([...days].map(([day, hours]) => listDay(list, day, hours, signal)));
    const parts = [...known, ...listed.flat()];
    const whole = await Promise.all(parts.map((part) => finish(list, part, signal)));
    const byPath = new Map(parts.map(({ partition }, i) => [partition.path, whole[i]!]));
    return partitions.flatMap(({ path }) => byPath.get(path) ?? []);
  }

  return {
    clusters: async (signal) => (await clusterFolders(list, signal)).map(clusterOf),
    stored,
    async partitions(range, clusters, signal) {
      seen.clear();
      const folders = clusters?.map(folderOf) ?? (await clusterFolders(list, signal));
      const hours = narrowHours(range, nowMs());
      const found = folders.map(async (folder) => {
        const run = hours === null ? null : await listRun(list, folder, hours, signal);
        if (run === null) return await listFolders(list, folder, range, signal);
        for (const part of run) seen.set(part.partition.path, part);
        return run.map(({ partition }) => partition);
      });
      return prunePartitions((await Promise.all(found)).flat(), range, null);
    },
    async objects(partitions, signal) {
      const listed = await stored(partitions, signal);
      // An outcome comes after what it has merged, and the inputs stay for a while: no merged object, no outcome to ask for.
      const compacted = partitionsOf(listed.filter(isMerged));
      if (compacted.length === 0) return listed;
      const found = await outcomes.of(compacted, signal);
      const byPath = Map.groupBy(listed, ({ partition }) => partition.path);
      const visible = ({ path }: Partition) => visibleObjects(byPath.get(path) ?? [], found.get(path) ?? []);
      const late = compacted.filter((partition) => visible(partition).isBehind);
      // Merged while this looked: the outcome is newer than the listing.
      const again = Map.groupBy(await stored(late, signal), ({ partition }) => partition.path);
      for (const { path } of late) byPath.set(path, again.get(path) ?? []);
      return partitions.flatMap((partition) => visible(partition).objects);
    },
  };
}

function partitionsOf(objects: readonly S3Object[]): Partition[] {
  return [...new Map(objects.map(({ partition }) => [partition.path, partition])).values()];
}

/** Objects of a partition. */
interface Seen {
  readonly partition: Partition;
  readonly objects: S3Object[];
  /** The last key that was listed, if more may follow; "" if nothing was listed yet. */
  resume: string | null;
}

/** Hours since 1970. */
interface Hours {
  readonly first: number;
  readonly last: number;
  /** Whether there may be records after `last`: no end is asked for, and clocks differ. */
  readonly isOpen: boolean;
}

function narrowHours({ from, to }: TimeRange, nowMs: number): Hours | null {
  if (from === null) return null;
  const first = Number(from / HOUR_NS);
  const last = to === null ? Math.max(first, Math.floor(nowMs / HOUR_MS)) : Number((to - 1n) / HOUR_NS);
  return last - first < NARROW_HOURS_MAX ? { first, last, isOpen: to === null } : null;
}

/** Objects from the first hour on, by partition; null if the keys are not those of a store. */
async function listRun(list: List, folder: string, hours: Hours, signal: AbortSignal): Promise<Seen[] | null> {
  const { first, last, isOpen } = hours;
  const prefix = isOpen ? `${folder}/` : sharedFolder(hourPath(folder, first), hourPath(folder, last));
  const page = await list({ prefix, after: hourPath(folder, first) }, signal);
  const seen = partsOf(page);
  const reached = seen.at(-1);
  if (page.next === null) return seen;
  const isPassed = !isOpen && (page.objects.at(-1)?.key ?? "") > behind(hourPath(folder, last));
  if (isPassed) return seen.filter(({ partition }) => partition.hour <= last);
  if (reached === undefined) return null;
  const rest: ListQuery[] = [];
  for (let hour = reached.partition.hour + 1; hour <= last; hour++) rest.push({ prefix: `${hourPath(folder, hour)}/` });
  const open = { prefix: `${folder}/`, after: behind(hourPath(folder, Math.max(last, reached.partition.hour))) };
  const parts = await Promise.all(rest.map(async (query) => partsOf(await list(query, signal))));
  return [...seen, ...parts.flat(), ...(isOpen ? await listToEnd(list, open, signal) : [])];
}

/** All objects that a query lists, by partition. */
async function listToEnd(list: List, query: ListQuery, signal: AbortSignal): Promise<Seen[]> {
  const pages: ListPage[] = [];
  for (let token: string | undefined; ; token = pages.at(-1)!.next!) {
    pages.push(await list({ ...query, token }, signal));
    if (pages.at(-1)!.next === null) break;
  }
  return partsOf({ objects: pages.flatMap(({ objects }) => objects), prefixes: [], next: null });
}

/** The objects of one day's partitions: those of a day with few objects by one request. */
async function listDay(list: List, day: string, hours: readonly Partition[], signal: AbortSignal): Promise<Seen[]> {
  const unlisted = hours.map((partition): Seen => ({ partition, objects: [], resume: "" }));
  if (hours.length < DAY_AT_ONCE_MIN) return unlisted;
  const byHour = hours.toSorted((a, b) => a.hour - b.hour);
  const page = await list({ prefix: `${day}/`, after: byHour[0]!.path }, signal);
  const listed = new Map(partsOf(page).map((part) => [part.partition.path, part]));
  const reached = page.next === null ? null : (page.objects.at(-1)?.key ?? "");
  return unlisted.map(({ partition, objects, resume }) => {
    const part = listed.get(partition.path);
    const isPassed = reached === null || reached > behind(partition.path);
    if (isPassed) return { partition, objects: part?.objects ?? objects, resume: null };
    return part ?? { partition, objects, resume };
  });
}

/** What is still missing of a partition's objects. */
async function finish(list: List, { partition, objects, resume }: Seen, signal: AbortSignal): Promise<S3Object[]> {
  if (resume === null) return objects;
  const query = { prefix: `${partition.path}/`, ...(resume !== "" && { after: resume }) };
  const rest = (await listToEnd(list, query, signal)).find((part) => part.partition.path === partition.path);
  return [...objects, ...(rest?.objects ?? [])];
}

/** A page's objects by partition; of the last one more follows, if the page does not end the listing. */
function partsOf({ objects, next }: ListPage): Seen[] {
  const parts: Seen[] = [];
  for (const object of objects) {
    const end = object.key.lastIndexOf("/");
    const path = object.key.slice(0, end);
    let part = parts.at(-1);
    if (part?.partition.path !== path) {
      const partition = parsePartition(path);
      if (partition === null) continue;
      part = { partition, objects: [], resume: null };
      parts.push(part);
    }
    if (isObject(object.key.slice(end + 1))) part.objects.push({ ...object, partition: part.partition });
  }
  const last = objects.at(-1);
  const reached = parts.at(-1);
  if (next !== null && reached !== undefined && last!.key.startsWith(`${reached.partition.path}/`))
    reached.resume = last!.key;
  return parts;
}

/** The partitions of a cluster by the names of days and hours. */
async function listFolders(list: List, folder: string, range: TimeRange, signal: AbortSignal): Promise<Partition[]> {
  const days = await foldersIn(list, `${folder}/dt=`, signal);
  const wanted = days.filter((day) => meetsDay(day.slice(-"YYYY-MM-DD/".length, -1), range));
  const hours = await Promise.all(wanted.map((day) => foldersIn(list, `${day}hour=`, signal)));
  return hours.flat().flatMap((hour) => parsePartition(hour.slice(0, -1)) ?? []);
}

async function clusterFolders(list: List, signal: AbortSignal): Promise<string[]> {
  return (await foldersIn(list, "cluster=", signal)).map((folder) => folder.slice(0, -1));
}

/** What begins so and goes on to a slash, with the slash. */
export async function foldersIn(list: List, prefix: string, signal: AbortSignal): Promise<string[]> {
  const folders: string[] = [];
  for (let token: string | undefined; ;) {
    const page = await list({ prefix, token, foldersOnly: true }, signal);
    folders.push(...page.prefixes);
    if (page.next === null) return folders;
    token = page.next;
  }
}

function meetsDay(dt: string, { from, to }: TimeRange): boolean {
  const startMs = Date.parse(`${dt}T00:00:00Z`);
  if (Number.isNaN(startMs)) return false;
  const startNs = BigInt(startMs) * 1_000_000n;
  return (to === null || startNs < to) && (from === null || startNs + 24n * HOUR_NS > from);
}

function hourPath(folder: string, hour: number): string {
  const { dt, hour: name } = partitionOfHour(hour);
  return `${folder}/dt=${dt}/hour=${name}`;
}

/** The deepest folder that both paths are in, or are, with a slash. */
function sharedFolder(first: string, last: string): string {
  const [ours, theirs] = [first.split("/"), last.split("/")];
  const differs = ours.findIndex((name, i) => name !== theirs[i]);
  return `${(differs < 0 ? ours : ours.slice(0, differs)).join("/")}/`;
}

/** Sorts after every key in a folder, and before its next sibling: "0" is what follows "/". */
function behind(path: string): string {
  return `${path}0`;
}

function folderOf(cluster: string): string {
  return partitionPath(cluster, 0).split("/")[0]!;
}

function clusterOf(folder: string): string {
  return decodeSegment(folder.slice("cluster=".length));
}
