import { openS3 } from "../agent/output/s3/bed.ts";
import { s3ReadingClaims } from "../conformance/s3-reading.ts";
import { makeBucket } from "./moto.ts";

s3ReadingClaims("moto", async () => {
  const { endpoint, bucket } = await makeBucket();
  return {
    endpoint,
    bucket,
    writing: openS3(endpoint, { bucket, requestTimeoutMs: 30_000 }).once,
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
});
