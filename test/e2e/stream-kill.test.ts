import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cri, tempFolder } from "../agent/fixture.ts";
import { linesOf } from "../agent/output/firehose/lines.ts";
import { startFirehoseServer } from "../servers/firehose-server.ts";

const MAIN = new URL("../../agent/main.ts", import.meta.url).pathname;

test("an agent killed while a request is in flight repeats that request's records and no others", async () => {
  using folder = tempFolder();
  await using server = await startFirehoseServer();
  const log = join(folder.path, "a.log");
  const config = join(folder.path, "agent.yaml");
  mkdirSync(join(folder.path, "state"));
  writeFileSync(
    config,
    `service: { storage.path: ${folder.path}/state, log_level: error }
pipeline:
  inputs: [{ name: tail, path: "${log}", multiline.parser: cri, refresh_interval: 100ms }]
  outputs: [{ name: kinesis_firehose, delivery_stream: logs, region: us-east-1, endpoint: "${server.endpoint}", upload_timeout: 100ms }]
`,
  );
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const env = { ...process.env, ...credentials };

  const agent = spawn("node", [MAIN, "-c", config], { env, stdio: "ignore" });
  const exited = once(agent, "exit");
  writeFileSync(log, linesFrom(0));
  await expect.poll(() => linesOf(server.records()).length, { timeout: 20_000 }).toBe(100);
  // Taken, but its answer never comes: nobody can tell that from a request that was lost.
  server.faults.add({ kind: "hang-after" });
  writeFileSync(log, linesFrom(100), { flag: "a" });
  await expect.poll(() => server.stats().unanswered, { timeout: 20_000 }).toBe(1);
  agent.kill("SIGKILL");
  await exited;
  server.faults.clear();
  writeFileSync(log, linesFrom(200), { flag: "a" });
  await promisify(execFile)("node", [MAIN, "-c", config, "--once"], { env });

  const seen = linesOf(server.records()).map(Number);
  expect([...new Set(seen)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index));
  const repeated = seen.filter((number, index) => seen.indexOf(number) !== index);
  expect(repeated.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => 100 + index));
}, 60_000);

function linesFrom(first: number): string {
  return Array.from({ length: 100 }, (_, index) => cri("stdout", "F", String(first + index))).join("");
}
