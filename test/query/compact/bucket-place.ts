import { join } from "node:path";
import {
  DeleteObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { openCompactStore } from "../../../query/compact/open.ts";
import { openS3Store } from "../../../query/store/s3/store.ts";
import { makeFolder, type Place } from "./bed.ts";

export interface BucketPlace extends Place {
  readonly location: string;
  /** Metadata of an object. */
  metadata(key: string): Promise<Record<string, string>>;
}

/** A bucket of any service, below a prefix. */
export function bucketPlace(endpoint: string, bucket: string, prefix = "team/logs"): BucketPlace {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_ENDPOINT_URL_S3: endpoint,
  });
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1" });
  const env = { AWS_ENDPOINT_URL_S3: endpoint, LOGQ_CACHE_DIR: join(makeFolder(), "cache") };
  const setup = { env, region: "us-east-1", profile: null, notice: () => undefined };
  const location = `s3://${bucket}/${prefix}`;
  const at = (key: string) => ({ Bucket: bucket, Key: `${prefix}/${key}` });
  const open = () => openS3Store(location, setup);
  return {
    location,
    open,
    openCompact: async () => await openCompactStore(open(), setup),
    async put(key, body, planId) {
      await client.send(new PutObjectCommand({ ...at(key), Body: body, Metadata: { "logq-plan": planId } }));
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand(at(key)));
    },
    async leftovers() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ Key }) => Key!);
    },
    metadata: async (key) => (await client.send(new HeadObjectCommand(at(key)))).Metadata ?? {},
  };
}
