import { openS3 } from "../agent/output/s3/bed.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { s3ReadingClaims } from "./s3-reading.ts";

s3ReadingClaims("our server", async () => {
  const server = await startS3Server();
  return {
    endpoint: server.endpoint,
    bucket: "logs",
    writing: openS3(server.endpoint, { requestTimeoutMs: 30_000 }).once,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
});
