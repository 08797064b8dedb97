import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";
import { startCloudWatchServer } from "../../test/servers/cloudwatch-server.ts";
import { startFirehoseServer } from "../../test/servers/firehose-server.ts";
import { startS3Server } from "../../test/servers/s3-server.ts";

/*
 * Where a live run ships to, in a process of its own:  node bench/live/sink.ts DATA [KEY CERTIFICATE]
 *
 * Prints the endpoints in JSON, by service. With a key they speak TLS, as AWS does. Objects become files below DATA,
 * events and records are counted and dropped. A line on stdin is answered by the counts so far.
 */
const [data = "", keyPath, certificatePath] = process.argv.slice(2);

/** Records and requests that came, by service. */
export interface SinkCounts {
  readonly cloudwatch_logs: { readonly records: number; readonly requests: number };
  readonly kinesis_firehose: { readonly records: number; readonly requests: number };
  readonly s3: { readonly requests: number };
}

let [events, records] = [0, 0];
const s3 = await startS3Server({ folder: data });
const logs = await startCloudWatchServer({ sink: (taken) => (events += taken.length) });
const firehose = await startFirehoseServer({
  sink: (_, taken) => {
    for (const record of taken) records += newlines(record);
  },
});
const endpoints = {
  s3: await faced(s3.endpoint),
  cloudwatch_logs: await faced(logs.endpoint),
  kinesis_firehose: await faced(firehose.endpoint),
};
process.stdout.write(`${JSON.stringify(endpoints)}\n`);
process.stdin.on("data", () => {
  const counts: SinkCounts = {
    s3: { requests: total(s3.stats().requests) },
    cloudwatch_logs: { records: events, requests: total(logs.stats().requests) },
    kinesis_firehose: { records, requests: total(firehose.stats().requests) },
  };
  process.stdout.write(`${JSON.stringify(counts)}\n`);
});
process.stdin.on("end", () => process.exit());

/** Puts TLS in front of a server, where there is a key. */
async function faced(endpoint: string): Promise<string> {
  if (keyPath === undefined || certificatePath === undefined) return endpoint;
  const port = Number(new URL(endpoint).port);
  const options = { key: readFileSync(keyPath), cert: readFileSync(certificatePath) };
  const server = createServer(options, (client) => {
    const plain = connect(port, "127.0.0.1");
    client.pipe(plain).pipe(client);
    for (const socket of [client, plain]) socket.on("error", () => [client, plain].forEach((each) => each.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
