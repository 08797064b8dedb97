import { expect, test } from "vitest";
import { openS3 } from "../agent/output/s3/bed.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { s3ProtocolClaims } from "./s3-protocol.ts";

s3ProtocolClaims("our server", async () => {
  const server = await startS3Server();
  return {
    endpoint: server.endpoint,
    requests: (bucket = "logs") => openS3(server.endpoint, { bucket }).once,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
});

// Not asked of moto: it answers both by a page of HTML and 500. S3 documents NoSuchUpload.
test("our server: an aborted upload takes no part and is not completed", async () => {
  await using server = await startS3Server();
  const { once } = openS3(server.endpoint);
  const upload = await once.createUpload("k", "plan-1");
  await once.abortUpload(upload);
  expect(await once.uploadPart(upload, 1, [Buffer.from("x")])).toBe("gone");
  expect(await once.completeUpload(upload, [{ number: 1, etag: '"x"', crc32: undefined }])).toBe("gone");
});
