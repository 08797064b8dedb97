import { openFirehose } from "../agent/output/firehose/bed.ts";
import { linesOf } from "../agent/output/firehose/lines.ts";
import { startFirehoseServer } from "../servers/firehose-server.ts";
import { streamConformance } from "./stream.ts";

for (const compression of ["none", "gzip", "zstd"] as const)
  streamConformance(`kinesis_firehose, ${compression}`, async () => {
    const server = await startFirehoseServer();
    return {
      output: openFirehose(server.endpoint, { compression }).output,
      received: async () => await Promise.resolve(linesOf(server.records(), compression)),
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    };
  });
