import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../../agent/agent.ts";
import { loadConfig } from "../../../config/load.ts";
import { startS3Server, type S3Server } from "../../servers/s3-server.ts";
import { cri, recordingLogger, tempFolder } from "../fixture.ts";
import "./s3/bed.ts";

test("a directory and a bucket, side by side in one agent, get the same records once each", async () => {
  using folder = tempFolder();
  await using server = await startS3Server();
  server.faults.add({ kind: "error-after", operation: "PutObject", times: 1 });
  writeLogs(folder.path, 0);
  await shipOnce(folder.path, server);
  writeLogs(folder.path, 100);
  await shipOnce(folder.path, server);

  const expected = Array.from({ length: 200 }, (_, index) => `line ${index}`);
  const store = join(folder.path, "store");
  const files = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
  expect(messagesOf(files.map((name) => readFileSync(join(store, name))))).toEqual(expected);
  const bucket = server.bucket("logs");
  const keys = [...bucket.objects.keys()];
  expect(messagesOf(keys.map((key) => bucket.body(key)))).toEqual(expected);
  for (const key of keys)
    expect(key).toMatch(/^team\/logs\/cluster=prod\/dt=2026-11-21\/hour=05\/node-1-[0-9a-f]{20}-/);
  expect(server.stats()).toMatchObject({ objects: 2, overwritten: 0 });
});

function writeLogs(folder: string, from: number): void {
  mkdirSync(join(folder, "logs"), { recursive: true });
  for (const file of ["a", "b"]) {
    const lines = Array.from({ length: 50 }, (_, index) =>
      cri("stdout", "F", `line ${from + index + (file === "a" ? 0 : 50)}`),
    );
    writeFileSync(join(folder, "logs", `${file}.log`), lines.join(""), { flag: "a" });
  }
}

async function shipOnce(folder: string, server: S3Server): Promise<void> {
  const config = join(folder, "agent.yaml");
  writeFileSync(
    config,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/logs/*.log", multiline.parser: cri }]
  outputs:
    - { name: directory, match: "*", path: "${folder}/store", format: json_lines, compression: none }
    - { name: s3, match: "*", bucket: logs, endpoint: "${server.endpoint}", s3_key_format: /team/logs/, format: json_lines, compression: none }
`,
  );
  const { log } = recordingLogger();
  await runAgent(loadConfig(config, {}).config, { once: true, signal: new AbortController().signal, log });
}

function messagesOf(bodies: readonly Buffer[]): string[] {
  const lines = bodies.flatMap((body) => body.toString().trimEnd().split("\n"));
  const logs = lines.map((line) => (JSON.parse(line) as { log: string }).log);
  return logs.toSorted((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
}
