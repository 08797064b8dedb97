import { CloudWatchLogsClient, CreateLogGroupCommand, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { cri, tempFolder } from "../agent/fixture.ts";
import { linesOf } from "../agent/output/firehose/lines.ts";
import { endpoint, makeBucket, makeStream } from "./moto.ts";

const PODS = 5;
const LINES = 1000;

test("what an agent ships to S3, CloudWatch Logs and Firehose is read back from each, complete and once", async () => {
  using folder = tempFolder();
  const { bucket, objects } = await makeBucket();
  const { deliveryStream, bodies } = await makeStream();
  const group = await makeGroup();
  const written = writeLogs(join(folder.path, "logs"));
  const config = join(folder.path, "agent.yaml");
  const common = `match: "*", region: us-east-1, endpoint: "${endpoint}"`;
  writeFileSync(
    config,
    `service: { storage.path: ${folder.path}/state, cluster: prod, hostname: node-1, log_level: warn }
pipeline:
  inputs: [{ name: tail, tag: "kube.*", path: "${folder.path}/logs/*.log", multiline.parser: cri }]
  filters: [{ name: kubernetes, match: "kube.*" }]
  outputs:
    - { name: s3, bucket: ${bucket}, format: json_lines, compression: gzip, ${common} }
    - { name: cloudwatch_logs, log_group_name: ${group.name}, log_stream_prefix: from-, ${common} }
    - { name: kinesis_firehose, delivery_stream: ${deliveryStream}, time_key: time, ${common} }
`,
  );
  const env = { ...process.env, AWS_EC2_METADATA_DISABLED: "true" };
  // With --once it ends when everything is shipped.
  const { stdout, stderr } = await promisify(execFile)("node", ["agent/main.ts", "-c", config, "--once"], { env });
  expect([stdout, stderr]).toEqual(["", ""]);

  const stored = [...(await objects()).values()].map((body) => gunzipSync(body));
  expect(linesOf(stored).toSorted()).toEqual(written);
  expect(linesOf(await bodies()).toSorted()).toEqual(written);
  expect((await group.messages()).map(logOf).toSorted()).toEqual(written);
}, 120_000);

/** CRI logs of some pods, written within the last minute. Returns the messages, in order. */
function writeLogs(folder: string): string[] {
  mkdirSync(folder);
  const written: string[] = [];
  for (let pod = 0; pod < PODS; pod++) {
    const name = `app-${pod}_default_main-${String(pod).repeat(64)}.log`;
    const logs = Array.from({ length: LINES }, (_, line) => `pod ${pod} line ${String(line).padStart(4, "0")} "ü"`);
    const startMs = Date.now() - 60_000;
    writeFileSync(join(folder, name), logs.map((log, line) => cri("stdout", "F", log, startMs + line)).join(""));
    written.push(...logs);
  }
  return written.toSorted();
}

async function makeGroup() {
  const client = new CloudWatchLogsClient({ endpoint, region: "us-east-1" });
  const name = `group-${randomBytes(6).toString("hex")}`;
  await client.send(new CreateLogGroupCommand({ logGroupName: name }));
  return {
    name,
    messages: async () => {
      const found: string[] = [];
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName: name }))
        found.push(...events.map(({ message = "" }) => message));
      return found;
    },
  };
}

function logOf(message: string): string {
  return (JSON.parse(message) as { log: string }).log;
}
