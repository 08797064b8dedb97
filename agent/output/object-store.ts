/** Where objects are kept: a directory, S3. Objects are written once and never changed. An aborted `signal` ends what is waited for. */
export interface ObjectStore {
  /** Starts the object `key` of the shipment `planId`; nobody sees it. */
  create(key: string, planId: string, signal: AbortSignal): StagedObject;
  /** Whether this very object is there: of this key, and of this shipment where the store can tell. */
  exists(key: string, planId: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Makes sure that this object never appears, by taking its key with `tombstone`, a valid object without rows. False: it
   * has appeared already. Absent where nothing can be under way.
   */
  forbid?(key: string, planId: string, tombstone: Buffer, signal: AbortSignal): Promise<boolean>;
  /** Whether a key that was never used is taken nevertheless. Absent where asking costs a request: publishing finds out. */
  isTaken?(key: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Keys that begin so, and the bytes of one: of what stands beside the objects, and was not written by agents. A string
   * instead: why the store refuses, and would again.
   */
  listKeys(prefix: string, signal: AbortSignal): Promise<readonly string[] | string>;
  read(key: string, signal: AbortSignal): Promise<Buffer | string>;
  /** Removes staged objects that an earlier life of the writer left. */
  clean(owner: ObjectOwner, signal: AbortSignal): Promise<void>;
}

/** Whose objects to clean up. */
interface ObjectOwner {
  /** All its keys begin so. */
  readonly prefix: string;
  /** Whether the last part of a key is a name that this writer gives. */
  readonly isOwn: (baseName: string) => boolean;
}

export interface StagedObject {
  /** Bytes of memory that it holds until more are written, or it is published. */
  readonly heldBytes: number;
  /** It takes what its encoder still holds, and should not be given more. */
  readonly isFull: boolean;
  /** Takes bytes, which the caller may reuse afterwards. */
  write(chunk: Buffer): Promise<void>;
  /** All bytes are written: stores what memory should not hold, still invisible. */
  seal(): Promise<void>;
  /** Makes the object visible, exactly once however often it is tried; says nothing if it is there already. */
  publish(): Promise<void>;
  abandon(): Promise<void>;
}
