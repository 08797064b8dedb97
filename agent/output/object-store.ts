/** Where objects are kept: a directory, S3. Objects are written once and never changed. */
export interface ObjectStore {
  /** Starts an object that nobody sees. */
  create(key: string): StagedObject;
  /** Whether an object with this key is there. A key names life, output and shipment, so it can only be ours. */
  exists(key: string): Promise<boolean>;
  /** Removes staged objects that an earlier life of the writer `owner` (a prefix of their names) left. */
  clean(owner: string): Promise<void>;
}

export interface StagedObject {
  write(chunk: Buffer): Promise<void>;
  /** All bytes are written: makes them durable, still invisible. */
  seal(): Promise<void>;
  /** Makes the object visible as `key`; says nothing if it is there already. */
  publish(key: string, sha: string): Promise<void>;
  abandon(): Promise<void>;
}
