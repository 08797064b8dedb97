import { onTestFinished } from "vitest";
import { compactionClaims } from "../../conformance/compaction.ts";
import { startS3Server } from "../../servers/s3-server.ts";
import { directoryPlace } from "./bed.ts";
import { bucketPlace } from "./bucket-place.ts";

compactionClaims("a directory", directoryPlace);

compactionClaims("a bucket", async () => {
  const server = await startS3Server();
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  return bucketPlace(server.endpoint, "logs");
});
