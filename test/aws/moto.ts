import { CreateDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type BucketLocationConstraint,
} from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";

/** A moto server, started by run.ts. */
export const endpoint = process.env["MOTO_ENDPOINT"] ?? "http://127.0.0.1:5000";

export interface MotoBucket {
  readonly endpoint: string;
  readonly bucket: string;
  readonly objects: () => Promise<Map<string, Buffer>>;
  readonly put: (key: string, body: Buffer) => Promise<void>;
}

/** A bucket of its own for each test. */
export async function makeBucket(region = "us-east-1"): Promise<MotoBucket> {
  const client = new S3Client({ endpoint, forcePathStyle: true, region });
  const Bucket = `logs-${randomBytes(6).toString("hex")}`;
  const place = { LocationConstraint: region as BucketLocationConstraint };
  await client.send(
    new CreateBucketCommand({ Bucket, ...(region !== "us-east-1" && { CreateBucketConfiguration: place }) }),
  );
  return {
    endpoint,
    bucket: Bucket,
    put: async (Key, Body) => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
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

/** A delivery stream that moto writes into a bucket of its own. */
export async function makeStream() {
  const { bucket, objects } = await makeBucket();
  const client = new FirehoseClient({ endpoint, region: "us-east-1" });
  const deliveryStream = `stream-${randomBytes(6).toString("hex")}`;
  const [RoleARN, BucketARN] = ["arn:aws:iam::123456789012:role/firehose", `arn:aws:s3:::${bucket}`];
  await client.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: deliveryStream,
      ExtendedS3DestinationConfiguration: { RoleARN, BucketARN },
    }),
  );
  return { endpoint, deliveryStream, bodies: async () => [...(await objects()).values()] };
}
