import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { startCloudWatchServer } from "../test/servers/cloudwatch-server.ts";
import { startFirehoseServer } from "../test/servers/firehose-server.ts";
import { startS3Server } from "../test/servers/s3-server.ts";
import { createSequences, type Found } from "./sequence.ts";

/*
 * Where a run ships to, in a process of its own:  node bench/sink.ts DATA [KEY CERTIFICATE]
 *
 * Prints the endpoints in JSON, by service. With a key they speak TLS, as AWS does. Objects become files below DATA;
 * of events and records the numbered lines are marked, and the rest is dropped. A line on stdin is answered by the
 * counts so far; after "warm" the latencies begin anew.
 */
const [data = "", keyPath, certificatePath] = process.argv.slice(2);

/** What came so far. */
export interface SinkCounts {
  readonly requests: number;
  /** Over the wire, requests with their headers, without TLS. */
  readonly bytes: number;
  /** Numbered lines in events and records, by service; those of objects are in the files. */
  readonly cloudwatch_logs: Found;
  readonly kinesis_firehose: Found;
  /** Of what came to CloudWatch Logs since `measure`. Null: nothing. */
  readonly latency: Latency | null;
}

/** From a record's time to its arrival: what half of them, 99 of 100, and each took at most. */
export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const BUCKET_MS = 20;
const events = createSequences();
const records = createSequences();
const latencies: number[] = [];
let latencyCount = 0;
let bytes = 0;

const s3 = await startS3Server({ folder: data });
const logs = await startCloudWatchServer({
  sink: (taken) => {
    const nowMs = Date.now();
    for (const { timestamp, message } of taken) {
      events.mark(message);
      const bucket = Math.max(0, Math.ceil((nowMs - timestamp) / BUCKET_MS));
      latencies[bucket] = (latencies[bucket] ?? 0) + 1;
      latencyCount++;
    }
  },
});
const firehose = await startFirehoseServer({
  sink: (_, taken) => {
    for (const record of taken) records.mark(record.toString("latin1"));
  },
});
const endpoints = {
  s3: await faced(s3.endpoint),
  cloudwatch_logs: await faced(logs.endpoint),
  kinesis_firehose: await faced(firehose.endpoint),
};
process.stdout.write(`${JSON.stringify(endpoints)}\n`);
process.stdin.on("data", (asked: Buffer) => {
  const counts: SinkCounts = {
    requests: total(s3.stats().requests) + total(logs.stats().requests) + total(firehose.stats().requests),
    bytes,
    cloudwatch_logs: events.found(),
    kinesis_firehose: records.found(),
    latency: latencyCount === 0 ? null : { medianMs: latencyAt(0.5), p99Ms: latencyAt(0.99), maxMs: latencyAt(1) },
  };
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  if (asked.toString().startsWith("warm")) {
    latencies.length = 0;
    latencyCount = 0;
  }
});
process.stdin.on("end", () => process.exit());

/** Puts TLS in front of a server, where there is a key. */
async function faced(endpoint: string): Promise<string> {
  if (keyPath === undefined || certificatePath === undefined) return endpoint;
  const port = Number(new URL(endpoint).port);
  const options = { key: readFileSync(keyPath), cert: readFileSync(certificatePath) };
  const server = createServer(options, (client) => {
    const plain = connect(port, "127.0.0.1");
    client.on("data", (chunk: Buffer) => (bytes += chunk.length));
    client.pipe(plain).pipe(client);
    for (const socket of [client, plain]) socket.on("error", () => [client, plain].forEach((each) => each.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

function latencyAt(share: number): number {
  let left = latencyCount * share;
  for (let bucket = 0; bucket < latencies.length; bucket++) {
    left -= latencies[bucket] ?? 0;
    if (left <= 0) return bucket * BUCKET_MS;
  }
  return latencies.length * BUCKET_MS;
}

function total(requests: Readonly<Record<string, number>>): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}
