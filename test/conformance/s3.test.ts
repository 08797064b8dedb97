import { openS3 } from "../agent/output/s3/bed.ts";
import { startS3Server } from "../servers/s3-server.ts";
import { objectStoreConformance } from "./object-store.ts";

objectStoreConformance("s3", async () => {
  const server = await startS3Server();
  const bucket = server.bucket("logs");
  const open = () => openS3(server.endpoint, { prefix: "logs/" }).store;
  return {
    store: open(),
    reopen: open,
    visible: async () => {
      const keys = [...bucket.objects.keys()].map((key) => [key.slice("logs/".length), bucket.body(key)] as const);
      return await Promise.resolve(new Map(keys));
    },
    staged: async () => await Promise.resolve(bucket.uploads.size),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
});
