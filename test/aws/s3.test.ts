import { openS3 } from "../agent/output/s3/bed.ts";
import { objectStoreConformance } from "../conformance/object-store.ts";
import { s3ProtocolClaims } from "../conformance/s3-protocol.ts";
import { makeBucket } from "./moto.ts";

s3ProtocolClaims("moto", async () => {
  const { endpoint, bucket: own } = await makeBucket();
  return {
    endpoint,
    requests: (bucket = own) => openS3(endpoint, { bucket, requestTimeoutMs: 30_000 }).once,
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
});

objectStoreConformance("s3 on moto", async () => {
  const { endpoint, bucket, objects } = await makeBucket();
  const open = () => openS3(endpoint, { bucket, prefix: "logs/", requestTimeoutMs: 30_000 });
  const { once } = open();
  return {
    store: open().store,
    reopen: () => open().store,
    visible: async () => new Map([...(await objects())].map(([key, body]) => [key.slice("logs/".length), body])),
    staged: async () => (await once.listUploads("")).length,
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
});
