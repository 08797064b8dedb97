import type { Store, StoreSetup } from "../store/store.ts";
import type { CompactStore } from "./compact-store.ts";

/** Opens a store to merge objects in it. The SDK is loaded for S3 alone. */
export async function openCompactStore(store: Store, setup: StoreSetup): Promise<CompactStore> {
  if (store.kind === "directory") return await (await import("./directory.ts")).openCompactDirectory(store.location);
  return await (await import("./s3.ts")).openCompactBucket(store, setup);
}
