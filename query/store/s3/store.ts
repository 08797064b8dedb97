import { tmpdir } from "node:os";
import { CliError, EXIT } from "../../cli-error.ts";
import { counted } from "../../footer.ts";
import type { Store, StoreSetup } from "../store.ts";
import { openCacheFolder } from "./cache-folder.ts";
import { cacheSettings } from "./cache-settings.ts";
import { fetchFiles } from "./fetch.ts";
import { createFooterGuess } from "./footer-guess.ts";
import { createListing, type S3Object } from "./listing.ts";
import { createOutcomeReader, type OutcomeReader } from "./outcomes.ts";
import { createS3Requests, type S3Requests } from "./requests.ts";
import { createSmallCache } from "./small-cache.ts";

export interface S3Store extends Store {
  /** Of which partitions of a cluster something was merged. */
  readonly compacted: OutcomeReader["compacted"];
}

/** A store in a bucket: `s3://bucket/prefix`. Asks nothing before a method is called. */
export function openS3Store(location: string, setup: StoreSetup): S3Store {
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  const root = prefix === "" ? "" : `${prefix}/`;
  const requests = createS3Requests({ ...setup, bucket });
  const { path, bytesMax } = cacheSettings(setup.env);
  const cache = openCacheFolder(path, { bytesMax });
  const identity = (): string => `${requests.host}\n${bucket}\n${root}`;
  const list = listBelow(requests, root);
  const outcomes = createOutcomeReader({
    list,
    get: (key, signal) => requests.get(root + key, null, null, signal),
    openCache: () => createSmallCache(cache, identity()),
  });
  const listing = createListing(list, Date.now, outcomes);
  const guess = createFooterGuess();
  const never = new AbortController().signal;
  let accounted = { ...requests.sent };
  async function listClusters(signal: AbortSignal): Promise<string[]> {
    const clusters = await listing.clusters(signal);
    if (clusters.length === 0) throw await notAStore(location, requests, root, signal);
    return clusters;
  }
  return {
    location,
    kind: "s3",
    partitionNoun: "hour",
    readsWhole: false,
    listClusters,
    compacted: (cluster, range, signal) => outcomes.compacted(cluster, range, signal),
    async listPartitions(range, clusters, signal) {
      const partitions = await listing.partitions(range, clusters, signal);
      // Nothing in the window, or no store at all?
      if (partitions.length === 0) await listClusters(signal);
      return partitions;
    },
    listObjects: (partitions, signal) => listing.objects(partitions, signal),
    listStored: (partitions, signal) => listing.stored(partitions, signal),
    async fetch(objects, need, signal) {
      const { files, folder, vanished, dispose } = await fetchFiles(
        objects as readonly S3Object[],
        need,
        {
          location,
          get: (object, range, either) => requests.get(root + object.key, range, object.etag, either),
          cache,
          identity: identity(),
          guess,
          tempDirectory: tmpdir(),
        },
        signal,
      );
      if (vanished.length > 0) setup.notice(vanishedNotice(vanished));
      const spent = difference(requests.sent, accounted);
      accounted = { ...requests.sent };
      return {
        files,
        nameOf: (file) => file.replace(folder, location),
        bytesRead: spent.bytes,
        requests: spent.gets,
        listRequests: spent.lists,
        [Symbol.asyncDispose]: dispose,
      };
    },
    async read(key, range) {
      const bytes = await requests.get(root + key, range ?? null, null, never);
      if (bytes !== null) return bytes;
      throw new CliError(`${location}/${key} does not exist`, "it may have been deleted: list again", EXIT.backend);
    },
  };
}

type Sent = S3Requests["sent"];

function difference(now: Sent, before: Sent): Sent {
  return { lists: now.lists - before.lists, gets: now.gets - before.gets, bytes: now.bytes - before.bytes };
}

function listBelow({ list }: S3Requests, root: string): S3Requests["list"] {
  return async ({ prefix, after, ...query }, signal) => {
    const page = await list({ ...query, prefix: root + prefix, after: after && root + after }, signal);
    const objects = page.objects.map((object) => ({ ...object, key: object.key.slice(root.length) }));
    return { ...page, objects, prefixes: page.prefixes.map((folder) => folder.slice(root.length)) };
  };
}

function vanishedNotice(vanished: readonly S3Object[]): string {
  const { length } = vanished;
  const example = length === 1 ? vanished[0]!.key : `${vanished[0]!.key}, for one,`;
  return `${counted(length, "object")} left out: ${example} was deleted since the store was listed (retention?)`;
}

/** Says what the place is in place of a store. */
async function notAStore(location: string, { list }: S3Requests, root: string, signal: AbortSignal): Promise<CliError> {
  const { objects, prefixes } = await list({ prefix: root, foldersOnly: true }, signal);
  if (objects.length === 0 && prefixes.length === 0) {
    const hint = "correct the prefix, or see in the log of logq-agent whether it ships there";
    return new CliError(`store ${location} is empty`, hint, EXIT.backend);
  }
  const above = /^(.*?)\/(?:cluster|dt|hour)=/.exec(location)?.[1];
  const below = await firstWithClusters(prefixes, list, signal);
  const bucket = location.split("/").slice(0, 3).join("/");
  const meant = above ?? (below === null ? null : `${bucket}/${below.slice(0, -1)}`);
  const hint =
    meant === null
      ? "a store is the prefix that logq-agent writes to: it holds cluster=…/"
      : `did you mean --store ${meant}?`;
  return new CliError(`${location} is not a store: it holds no cluster=…/`, hint, EXIT.backend);
}

/** Folders that are looked into. */
const FOLDERS_MAX = 20;

async function firstWithClusters(
  folders: readonly string[],
  list: S3Requests["list"],
  signal: AbortSignal,
): Promise<string | null> {
  const asked = folders.slice(0, FOLDERS_MAX);
  const pages = await Promise.all(
    asked.map((folder) => list({ prefix: `${folder}cluster=`, foldersOnly: true }, signal)),
  );
  return asked.find((_, i) => pages[i]!.prefixes.length > 0) ?? null;
}
