import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runAgent } from "../../../../agent/agent.ts";
import { loadConfig } from "../../../../config/load.ts";
import { CONTAINER_TOKEN, startCredentialsServer } from "../../../servers/credentials-server.ts";
import { startFirehoseServer } from "../../../servers/firehose-server.ts";
import { startS3Server } from "../../../servers/s3-server.ts";
import { cri, recordingLogger, tempFolder } from "../../fixture.ts";
import { linesOf } from "../firehose/lines.ts";
import "../s3/bed.ts";

const ROUNDS = 15;
const VALID_MS = 200;

afterEach(() => void vi.unstubAllEnvs());

test("credentials that expire again and again during a run lose nothing, and are no error", async () => {
  using folder = tempFolder();
  await using source = await startCredentialsServer(VALID_MS);
  await using s3 = await startS3Server({ accepts: source.isValid });
  await using firehose = await startFirehoseServer({ accepts: source.isValid });
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `${source.endpoint}/container`);
  vi.stubEnv("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN);
  // Some expire on their way.
  s3.faults.add({ kind: "expired-token", probability: 0.2 });
  firehose.faults.add({ kind: "expired-token", probability: 0.2 });
  const bucket = s3.bucket("logs");
  const stored = () => [...bucket.objects.keys()].flatMap((key) => linesOf([bucket.body(key)]));
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  mkdirSync(join(folder.path, "logs"));
  const config = configFor(folder.path, { s3: s3.endpoint, firehose: firehose.endpoint });
  const running = runAgent(config, { once: false, signal: stop.signal, log });
  const written: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const expiredBefore = source.asked.length;
    writeFileSync(join(folder.path, "logs", "a.log"), cri("stdout", "F", `line ${round}`), { flag: "a" });
    written.push(`line ${round}`);
    await expect.poll(() => linesOf(firehose.records()).length, { timeout: 20_000 }).toBe(round + 1);
    await expect.poll(() => stored().length, { timeout: 20_000 }).toBe(round + 1);
    expect(source.asked.length).toBeGreaterThan(expiredBefore);
  }
  stop.abort();
  await running;
  expect([linesOf(firehose.records()), stored().toSorted()]).toEqual([written, written.toSorted()]);
  expect(s3.faults.applied["expired-token"]! + firehose.faults.applied["expired-token"]!).toBeGreaterThan(0);
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
}, 60_000);

function configFor(folder: string, endpoints: { readonly s3: string; readonly firehose: string }) {
  const path = join(folder, "agent.yaml");
  const common = `match: "*", region: us-east-1, upload_timeout: 100ms`;
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/logs/*.log", multiline.parser: cri, refresh_interval: 100ms }]
  outputs:
    - { name: s3, bucket: logs, format: json_lines, compression: none, endpoint: "${endpoints.s3}", ${common} }
    - { name: kinesis_firehose, delivery_stream: logs, endpoint: "${endpoints.firehose}", ${common} }
`,
  );
  return loadConfig(path, {}).config;
}
