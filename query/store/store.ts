/** The port to where objects lie: a directory (`directory.ts`) or a bucket (`s3/store.ts`). */
import type { Partition } from "../catalog/plan.ts";
import type { TimeRange } from "../dialect/statement.ts";

export interface StoredObject {
  /** Below the store's root, with slashes. */
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly partition: Partition;
}

/** What a statement needs of the objects: other columns, and row groups that cannot meet range and bounds, may be left out. */
export interface Need {
  /** Names of stored columns; null for all. */
  readonly columns: ReadonlySet<string> | null;
  readonly range: TimeRange;
  /** AND-ed: a row that lies outside of one of them is not needed. */
  readonly bounds: readonly ColumnBound[];
}

/** What a row group's statistics can be checked against. A row without a value (NULL) lies outside. */
export interface ColumnBound {
  readonly column: string;
  /** Inclusive; null is open. Texts compare by the bytes of their UTF-8, as Parquet's statistics do. */
  readonly min: string | bigint | null;
  readonly max: string | bigint | null;
}

/** Files that DuckDB may read in place of the objects; gone after dispose. */
export interface Fetched extends AsyncDisposable {
  /** Absolute paths that end in `cluster=…/dt=…/hour=…/<name>.parquet` where they are objects of `logs`; an object that holds nothing needed has none. */
  readonly files: readonly string[];
  /** The object that a file is, or stands for. */
  readonly nameOf: (file: string) => string;
  /** Bytes of objects that came over a network, and the GET requests; 0 where DuckDB reads the objects themselves. */
  readonly bytesRead: number;
  readonly requests: number;
  /** LIST requests that finding the objects took, since the store was opened or fetched from before. */
  readonly listRequests: number;
}

/** Every method throws CliError (exit 4, exit 5 for throttling) where the store cannot be read. */
export interface Store {
  /** An absolute directory, or s3://bucket/prefix without a slash at the end. */
  readonly location: string;
  readonly kind: "directory" | "s3";
  /** What one of its partitions is called. */
  readonly partitionNoun: "hour" | "folder";
  /** Whether its objects are read from their first byte to their last, and have no footers to tell what is in them. */
  readonly readsWhole: boolean;
  /**
   * The partitions that meet the range and the clusters (null: all), by cluster, then time. Costs as few requests as it
   * can: where it costs less, a partition without objects may be among them.
   */
  listPartitions(range: TimeRange, clusters: readonly string[] | null, signal: AbortSignal): Promise<Partition[]>;
  listClusters(signal: AbortSignal): Promise<string[]>;
  /**
   * The objects of partitions that count, in their order, by name: each row is in one of them, whatever `logq compact` does
   * meanwhile. One that vanished meanwhile is left out.
   */
  listObjects(partitions: readonly Partition[], signal: AbortSignal): Promise<StoredObject[]>;
  /** All of them: what is merged already and what is not finished too. Rows may be in two of them. */
  listStored(partitions: readonly Partition[], signal: AbortSignal): Promise<StoredObject[]>;
  /** A directory gives its own files; S3 fetches footers, then the row groups and columns needed, into a private folder. */
  fetch(objects: readonly StoredObject[], need: Need, signal: AbortSignal): Promise<Fetched>;
  /** Bytes of one object: whole, or from `start` to before `end`. */
  read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Uint8Array>;
}

export interface StoreSetup {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For AWS; null leaves it to the SDK (environment, shared config). */
  readonly region: string | null;
  readonly profile: string | null;
  /** Tells the user what is worth knowing and no failure: an object that vanished. */
  readonly notice: (message: string) => void;
}

/** Opens the store at a location as `resolveStore` gives it; nothing is read yet. The SDK is loaded for S3 alone. */
export async function openStore(location: string, setup: StoreSetup): Promise<Store> {
  if (!location.startsWith("s3://")) return (await import("./directory.ts")).openDirectory(location);
  return (await import("./s3/store.ts")).openS3Store(location, setup);
}
