import { parseArgs } from "node:util";
import { startFirehoseServer } from "./firehose-server.ts";

/*
 * The Firehose server in a process of its own; prints its endpoint:
 *
 *   node test/servers/firehose-server-main.ts [--port 0] [--stream logs]… [--seed 1] [--discard]
 *
 * Faults and counters over HTTP: see firehose-server.ts. `--discard` counts records and keeps none.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    stream: { type: "string", multiple: true, default: ["logs"] },
    seed: { type: "string", default: "1" },
    discard: { type: "boolean", default: false },
  },
});
const server = await startFirehoseServer({
  port: Number(values.port),
  streams: values.stream,
  seed: Number(values.seed),
  ...(values.discard && { sink: () => undefined }),
});
process.stdout.write(`${server.endpoint}\n`);
process.on("SIGTERM", () => void server[Symbol.asyncDispose]());
