/** A directory or a bucket with AWS's own logs, as a store of one table of them. */
import { tmpdir } from "node:os";
import type { AwsLayout, TableDefinition } from "../../config/tables/definition.ts";
import type { Partition } from "../catalog/plan.ts";
import type { TimeRange } from "../dialect/statement.ts";
import type { Store, StoredObject, StoreSetup } from "../store/store.ts";
import { convert, type Source } from "./convert.ts";
import { openAhead } from "./open-ahead.ts";
import { mayHold, readFileName, type LogFile } from "./file-name.ts";

/** Where files lie, whatever is in them. */
export interface FilePlace {
  readonly kind: Store["kind"];
  /** All files that may be of the layout and may hold events of a range: at most too many. */
  list(want: Wanted, signal: AbortSignal): AsyncIterable<FoundFile>;
  /** Bytes of a file, in order; null if it is there no more. */
  open(file: FoundFile, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null>;
  /** Bytes that came over a network and requests, since this was asked before. */
  spent(): { readonly bytesRead: number; readonly requests: number; readonly listRequests: number };
}

export interface Wanted {
  readonly layout: AwsLayout;
  readonly range: TimeRange;
  /** Null: any. */
  readonly accounts: readonly string[] | null;
  readonly regions: readonly string[] | null;
}

export interface FoundFile {
  /** Below the place's root, with slashes. */
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** S3's. */
  readonly etag?: string;
}

export interface AwsStoreOptions {
  readonly location: string;
  readonly table: TableDefinition;
  /** Values of `account` and `region` that the query chooses. */
  readonly chosen: ReadonlyMap<string, readonly string[]>;
}

/** Objects of a bucket that are asked for while one is read; some megabytes of each are held. */
const AHEAD = 8;

type AwsObject = StoredObject & FoundFile & { readonly file: LogFile };

/** Opens it; nothing is read yet. */
export async function openAwsStore({ location, table, chosen }: AwsStoreOptions, setup: StoreSetup): Promise<Store> {
  const layout = table.aws!;
  const place = await openPlace(location, setup);
  /** By the path of their partition, once they were listed. */
  let found = new Map<string, AwsObject[]>();

  async function list(range: TimeRange, signal: AbortSignal): Promise<Partition[]> {
    found = new Map();
    const [accounts, regions] = [chosen.get("account") ?? null, chosen.get("region") ?? null];
    for await (const each of place.list({ layout, range, accounts, regions }, signal)) {
      const file = readFileName(each.key, layout);
      if (file === null || !mayHold(file, range, layout)) continue;
      if (!isChosen(file.account, accounts) || !isChosen(file.region, regions)) continue;
      const path = each.key.slice(0, Math.max(0, each.key.lastIndexOf("/"))) || ".";
      const partition = found.get(path)?.[0]?.partition ?? { cluster: "", path, hour: hourOf(file, each) };
      found.set(path, [...(found.get(path) ?? []), { ...each, file, partition }]);
    }
    return [...found.values()].map(([first]) => first!.partition).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }
  const listed = async (partitions: readonly Partition[]): Promise<StoredObject[]> =>
    partitions.flatMap(({ path }) => (found.get(path) ?? []).toSorted((a, b) => (a.key < b.key ? -1 : 1)));

  return {
    location,
    kind: place.kind,
    partitionNoun: "folder",
    readsWhole: true,
    listPartitions: (range, _, signal) => list(range, signal),
    listClusters: async () => [],
    listObjects: listed,
    listStored: listed,
    async fetch(objects, need, signal) {
      const chosenObjects = objects as readonly AwsObject[];
      const opens = openAhead(
        chosenObjects,
        place.kind === "s3" ? AHEAD : 0,
        async (object) => await place.open(object, signal),
      );
      const sources = chosenObjects.map(({ key, file }, i): Source => ({ key, file, open: opens[i]! }));
      const { files, folder, notices, dispose } = await convert(sources, layout, need, {
        tempDirectory: tmpdir(),
        signal,
      });
      for (const notice of notices) setup.notice(notice);
      return {
        files,
        nameOf: (file) => file.replace(folder, location),
        ...place.spent(),
        [Symbol.asyncDispose]: dispose,
      };
    },
    async read(key) {
      throw new RangeError(`read ${key}: files of ${table.name} are read as a whole`);
    },
  };
}

async function openPlace(location: string, setup: StoreSetup): Promise<FilePlace> {
  if (!location.startsWith("s3://")) return (await import("./directory.ts")).openFolder(location);
  return (await import("./bucket.ts")).openBucket(location, setup);
}

function isChosen(value: string | null, values: readonly string[] | null): boolean {
  return values === null || value === null || values.includes(value);
}

/** Of when it was written: a partition is as old as its first file. */
function hourOf({ writtenMs }: LogFile, { modifiedMs }: FoundFile): number {
  return Math.floor((writtenMs ?? modifiedMs) / 3_600_000);
}
