import type { Fault } from "../retry.ts";

/**
 * The requests of S3 that the store makes. Each may be repeated: what a request whose answer was lost has done already
 * is an ordinary answer (`exists`, `gone`). What S3 did not do is a `Fault`. Bodies are in pieces.
 */
export interface S3Requests {
  /** PutObject unless the key is taken, or has changed. */
  readonly put: (
    key: string,
    body: readonly Buffer[],
    planId: string,
    how?: PutOptions,
  ) => Promise<"stored" | "exists">;
  /** HeadObject. `forbidden`: this writer may not look (PutObject is its only permission), so nothing is known. */
  readonly head: (key: string) => Promise<"missing" | "forbidden" | Found>;
  /** ListObjectsV2: all keys that begin so. A fault: it is refused, and would be again. */
  readonly listKeys: (prefix: string) => Promise<readonly string[] | Fault>;
  /** GetObject. A fault: it is refused, and would be again. */
  readonly get: (key: string) => Promise<Buffer | Fault>;
  /** CreateMultipartUpload. */
  readonly createUpload: (key: string, planId: string) => Promise<Upload>;
  /** `body` is read before it resolves. `gone`: there is no such upload (any more). */
  readonly uploadPart: (upload: Upload, number: number, body: readonly Buffer[]) => Promise<Part | "gone">;
  /** CompleteMultipartUpload unless the key is taken, or (`over`) has changed. `gone`: completed before, or aborted, or another writer was quicker: HEAD decides. */
  readonly completeUpload: (
    upload: Upload,
    parts: readonly Part[],
    over?: string,
  ) => Promise<"stored" | "exists" | "gone">;
  readonly abortUpload: (upload: Upload) => Promise<void>;
  /**
   * Finds out whether the store minds the conditions of writes, and says so if not. Tried once; never asked of AWS, which
   * does. `key` is free, and stays so in a store that does; one that does not is left with a small object there.
   */
  readonly probe: (key: string) => Promise<void>;
  /** Uploads that are neither completed nor aborted, of keys that begin with `prefix`. */
  readonly listUploads: (prefix: string) => Promise<readonly Upload[]>;
}

interface PutOptions {
  /** ETag of the tombstone to replace. */
  readonly over?: string;
  /** The object is a tombstone itself. */
  readonly isTombstone?: boolean;
}

interface Found {
  readonly etag: string;
  /** The shipment it is of; null for an object that no agent stored. */
  readonly planId: string | null;
  /** It holds no rows and takes the key, so that the shipment's object can't appear. */
  readonly isTombstone: boolean;
}

export interface Upload {
  readonly key: string;
  readonly id: string;
}

export interface Part {
  readonly number: number;
  readonly etag: string;
  readonly crc32: string | undefined;
}

/** Name of the metadata that says which shipment an object is of. */
export const PLAN_METADATA = "logq-plan";
export const TOMBSTONE_METADATA = "logq-tombstone";
