import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";

/** A moto server, started by run.ts. */
export const endpoint = process.env["MOTO_ENDPOINT"] ?? "http://127.0.0.1:5000";

export interface MotoBucket {
  readonly endpoint: string;
  readonly bucket: string;
  readonly objects: () => Promise<Map<string, Buffer>>;
}

/** A bucket of its own for each test. */
export async function makeBucket(): Promise<MotoBucket> {
  const client = new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1" });
  const Bucket = `logs-${randomBytes(6).toString("hex")}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return {
    endpoint,
    bucket: Bucket,
    objects: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      const objects = new Map<string, Buffer>();
      for (const { Key } of Contents) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: Key! }));
        objects.set(Key!, Buffer.from(await Body!.transformToByteArray()));
      }
      return objects;
    },
  };
}
