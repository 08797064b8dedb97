import { CreateDeliveryStreamCommand, FirehoseClient } from "@aws-sdk/client-firehose";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openFirehose, requestOf } from "../agent/output/firehose/bed.ts";
import { linesOf } from "../agent/output/firehose/lines.ts";
import { streamConformance } from "../conformance/stream.ts";
import { makeBucket } from "./moto.ts";

/** A delivery stream that moto writes into a bucket of its own. */
async function makeStream() {
  const { endpoint, bucket, objects } = await makeBucket();
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

for (const compression of ["none", "gzip"] as const)
  streamConformance(`kinesis_firehose on moto, ${compression}`, async () => {
    const { endpoint, deliveryStream, bodies } = await makeStream();
    return {
      output: openFirehose(endpoint, { deliveryStream, compression, requestTimeoutMs: 30_000 }).output,
      received: async () => linesOf(await bodies(), compression).toSorted(byNumber),
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    };
  });

test("a delivery stream that moto has not is named", async () => {
  const { endpoint } = await makeStream();
  const { once } = openFirehose(endpoint, { deliveryStream: "nowhere" });
  await expect(once.put(requestOf(["x"], "nowhere"))).rejects.toThrow("create nowhere in us-east-1");
});

/** Moto's objects are named by the second: within one they have no order but that of their messages. */
function byNumber(a: string, b: string): number {
  return numberIn(a) - numberIn(b);
}

function numberIn(log: string): number {
  return Number.parseInt(log.replace(/^\w /, "")) || 0;
}
