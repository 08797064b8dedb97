/** The port to where `logq compact` writes: a directory (`directory.ts`) or a bucket (`s3.ts`). */
import type { Partition } from "../catalog/plan.ts";
import type { StoredObject } from "../store/store.ts";

export interface ListedRecord {
  readonly key: string;
  /** When it appeared, or later: milliseconds since 1970, by the store's clock. */
  readonly appearedMs: number;
}

export interface CompactStore {
  /** Everything in a partition, merged or not. */
  listStored(partition: Partition, signal: AbortSignal): Promise<StoredObject[]>;
  /** The records of a partition. */
  listRecords(partition: Partition, signal: AbortSignal): Promise<ListedRecord[]>;
  readRecord(key: string, signal: AbortSignal): Promise<string>;
  /** Writes a record unless there is one: false. Durable, and whole or not at all. */
  createRecord(key: string, text: string, signal: AbortSignal): Promise<boolean>;
  /** Files that have the objects' bytes, in their order; in `folder` where they have to be fetched. */
  obtain(objects: readonly StoredObject[], folder: string, signal: AbortSignal): Promise<string[]>;
  /** Where files are made that are to be published. Whoever is done with it deletes it. */
  makeFolder(): Promise<string>;
  /** Makes a file an object unless there is one: whole or not at all. */
  publish(file: string, key: string, signal: AbortSignal): Promise<void>;
  /** Puts a marker in the place of an object that an agent stored, such that this agent takes it for its own. */
  replace(object: StoredObject, marker: Uint8Array, folder: string, signal: AbortSignal): Promise<void>;
  /** Says nothing if it is gone. */
  remove(key: string, signal: AbortSignal): Promise<void>;
}
