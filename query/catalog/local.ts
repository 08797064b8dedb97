/** A store in a local directory: `<store>/cluster=…/dt=…/hour=…/*.parquet`. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CliError, EXIT } from "../cli-error.ts";
import { isObject, parsePartition, type Partition, type ScanPlan } from "./plan.ts";

/** The objects of a plan: absolute paths in the plan's order, and their size together. */
export interface ScanObjects {
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Lists the partitions of a store by its folders' names alone. Throws CliError (exit 4) if the directory does not
 * exist, is empty or is no store, saying what to do.
 */
export async function listPartitions(store: string): Promise<Partition[]> {
  const clusters = await listClusters(store);
  const partitions: Partition[] = [];
  for (const cluster of clusters) {
    for (const dt of await folders(join(store, cluster), "dt=")) {
      const hours = await folders(join(store, cluster, dt), "hour=");
      partitions.push(
        ...hours.map((hour) => parsePartition(`${cluster}/${dt}/${hour}`)).filter((found) => found !== null),
      );
    }
  }
  return partitions;
}

/** Lists the finished objects of the plan's partitions, and nothing else. */
export async function listObjects(store: string, plan: ScanPlan): Promise<ScanObjects> {
  const files: string[] = [];
  let bytes = 0;
  for (const partition of plan.partitions) {
    const folder = resolve(store, partition.path);
    // A partition may vanish between listing and now: retention deletes by hour.
    const found = (await entries(folder)).filter((entry) => entry.isFile() && isObject(entry.name));
    const paths = found.map((entry) => join(folder, entry.name)).toSorted();
    const infos = await Promise.all(paths.map((path) => stat(path).catch(ifMissing)));
    for (const [i, info] of infos.entries()) {
      if (info === null) continue;
      files.push(paths[i]!);
      bytes += info.size;
    }
  }
  return { files, bytes };
}

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
