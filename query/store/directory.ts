/** A store in a local directory: `<store>/cluster=…/dt=…/hour=…/*.parquet`. */
import type { Dirent } from "node:fs";
import { open, readFile, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isObject, parsePartition, prunePartitions, type Partition } from "../catalog/plan.ts";
import { decodeSegment } from "../../config/table.ts";
import { CliError, EXIT } from "../cli-error.ts";
import { outcomeOf } from "../compact/read-record.ts";
import { parseRecordKey, RECORDS, type Outcome } from "../../config/compact-records.ts";
import { isMerged, visibleObjects } from "../compact/visible.ts";
import type { Store, StoredObject } from "./store.ts";

/** Opens the store in an absolute directory. */
export function openDirectory(location: string): Store {
  return {
    location,
    kind: "directory",
    partitionNoun: "hour",
    readsWhole: false,
    listPartitions: async (range, clusters) => prunePartitions(await listPartitions(location), range, clusters),
    listClusters: async () =>
      (await listClusters(location)).map((folder) => decodeSegment(folder.slice("cluster=".length))),
    listObjects: (partitions) => listVisible(location, partitions),
    listStored: (partitions) => listObjects(location, partitions),
    async fetch(objects) {
      const files = objects.map(({ key }) => join(location, key));
      const nothing = { bytesRead: 0, requests: 0, listRequests: 0 };
      return { files, nameOf: (file) => file, ...nothing, [Symbol.asyncDispose]: async () => {} };
    },
    read: (key, range) => readBytes(join(location, key), range),
  };
}

/** Lists the partitions of a store by its folders' names alone. */
async function listPartitions(store: string): Promise<Partition[]> {
  const partitions: Partition[] = [];
  for (const cluster of await listClusters(store)) {
    for (const dt of await folders(join(store, cluster), "dt=")) {
      const hours = await folders(join(store, cluster, dt), "hour=");
      partitions.push(
        ...hours.map((hour) => parsePartition(`${cluster}/${dt}/${hour}`)).filter((found) => found !== null),
      );
    }
  }
  return partitions;
}

/** Records first: what has its outcome was there before. */
async function listVisible(store: string, partitions: readonly Partition[]): Promise<StoredObject[]> {
  const outcomes = await readOutcomes(store, partitions);
  const objects = await listObjects(store, partitions);
  if (outcomes.size === 0 && !objects.some(isMerged)) return objects;
  const byPartition = Map.groupBy(objects, ({ partition }) => partition.path);
  return partitions.flatMap(({ path }) => {
    return visibleObjects(byPartition.get(path) ?? [], outcomes.get(path) ?? []).objects;
  });
}

/** The outcomes of compactions, by the path of their partition. */
async function readOutcomes(store: string, partitions: readonly Partition[]): Promise<Map<string, Outcome[]>> {
  const wanted = new Set(partitions.map(({ path }) => path));
  const folderNames = new Set(partitions.map(({ path }) => `${RECORDS}/${dirname(path)}`));
  const outcomes = new Map<string, Outcome[]>();
  for (const folder of folderNames) {
    for (const { name } of await entries(join(store, folder))) {
      const record = parseRecordKey(`${folder}/${name}`);
      if (record?.step !== "outcome" || !wanted.has(record.partition)) continue;
      const outcome = outcomeOf(
        new TextDecoder().decode(await readBytes(join(store, folder, name))),
        join(store, folder, name),
      );
      outcomes.set(record.partition, [...(outcomes.get(record.partition) ?? []), outcome]);
    }
  }
  return outcomes;
}

async function listObjects(store: string, partitions: readonly Partition[]): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for (const partition of partitions) {
    // A partition may vanish between listing and now: retention deletes by hour.
    const found = (await entries(join(store, partition.path))).filter(
      (entry) => entry.isFile() && isObject(entry.name),
    );
    const keys = found.map((entry) => `${partition.path}/${entry.name}`).toSorted();
    const infos = await Promise.all(keys.map((key) => stat(join(store, key)).catch(ifMissing)));
    for (const [i, info] of infos.entries()) {
      if (info !== null) objects.push({ key: keys[i]!, bytes: info.size, modifiedMs: info.mtimeMs, partition });
    }
  }
  return objects;
}

async function readBytes(path: string, range?: { start: number; end: number }): Promise<Uint8Array> {
  try {
    if (range === undefined) return await readFile(path);
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read({
        buffer: Buffer.alloc(range.end - range.start),
        position: range.start,
      });
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw backendError(`cannot read ${path}: ${(error as Error).message}`, "check that it exists, and its permissions");
  }
}

/** Names of the folders of clusters, as they are. */
async function listClusters(store: string): Promise<string[]> {
  let names: Dirent[];
  try {
    names = await readdir(store, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw backendError(
        `store ${store} does not exist`,
        "check the path, or let logq-agent write to it (output `directory`)",
      );
    }
    if (code === "ENOTDIR")
      throw backendError(`store ${store} is a file`, "name the directory that holds cluster=… folders");
    throw backendError(
      `cannot list store ${store}: ${(error as Error).message}`,
      "check the permissions of the directory",
    );
  }
  const clusters = names.filter((entry) => entry.isDirectory() && entry.name.startsWith("cluster="));
  if (clusters.length > 0) return clusters.map((entry) => entry.name);
  if (names.length === 0) {
    throw backendError(
      `store ${store} is empty`,
      "logq-agent has shipped nothing to it yet: see its log and upload_timeout",
    );
  }
  throw await notAStore(store, names);
}

async function notAStore(store: string, names: readonly Dirent[]): Promise<CliError> {
  const above = /^(.*?)\/(?:cluster|dt|hour)=/.exec(resolve(store))?.[1];
  const below = await firstAsync(names.slice(0, 100), async (entry) => {
    return entry.isDirectory() && (await folders(join(store, entry.name), "cluster=")).length > 0;
  });
  const meant = above ?? (below === null ? null : join(store, below.name));
  const hint =
    meant === null
      ? "a store is the directory that logq-agent writes to: it holds cluster=… folders"
      : `did you mean --store ${meant}?`;
  return backendError(`${store} is not a store: it holds no cluster=… folder`, hint);
}

async function folders(path: string, prefix: string): Promise<string[]> {
  const found = await entries(path);
  return found.filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix)).map((entry) => entry.name);
}

async function entries(path: string): Promise<Dirent[]> {
  return (await readdir(path, { withFileTypes: true }).catch(ifMissing)) ?? [];
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
  throw backendError(`cannot read the store: ${error.message}`, "check the permissions below the store");
}

async function firstAsync<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T | null> {
  for (const item of items) if (await test(item)) return item;
  return null;
}

function backendError(message: string, hint: string): CliError {
  return new CliError(message, hint, EXIT.backend);
}
