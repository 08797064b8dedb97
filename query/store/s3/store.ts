import { CliError } from "../../cli-error.ts";
import type { Store, StoreSetup } from "../store.ts";

/** A store in a bucket: `s3://bucket/prefix`. */
export async function openS3Store(location: string, _setup: StoreSetup): Promise<Store> {
  throw new CliError(`store ${location}: S3 is not in this version`, "query a local directory: --store ./logs");
}
