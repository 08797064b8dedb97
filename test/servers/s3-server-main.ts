import { parseArgs } from "node:util";
import { startS3Server } from "./s3-server.ts";

/*
 * The S3 server in a process of its own; prints its endpoint:
 *
 *   node test/servers/s3-server-main.ts [--port 0] [--data DIR] [--bucket logs]… [--conditions honored|ignored|refused]
 *
 * Faults and counters over HTTP: see s3-server.ts. Objects are files DIR/<bucket>/<key>.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    data: { type: "string" },
    bucket: { type: "string", multiple: true, default: ["logs"] },
    conditions: { type: "string", default: "honored" },
    seed: { type: "string", default: "1" },
  },
});
const server = await startS3Server({
  port: Number(values.port),
  buckets: values.bucket,
  conditions: values.conditions as "honored" | "ignored" | "refused",
  seed: Number(values.seed),
  ...(values.data !== undefined && { folder: values.data }),
});
process.stdout.write(`${server.endpoint}\n`);
process.on("SIGTERM", () => void server[Symbol.asyncDispose]());
