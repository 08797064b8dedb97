import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../../../agent/agent.ts";
import { loadConfig } from "../../../../config/load.ts";
import type { FaultKind } from "../../../servers/s3-faults.ts";
import { startS3Server, type S3Server } from "../../../servers/s3-server.ts";
import { cri, recordingLogger, T0_MS, tempFolder } from "../../fixture.ts";
import "./bed.ts";

const LINES = 1500;
const KINDS: readonly FaultKind[] = [
  "slow-down",
  "internal-error",
  "error-after",
  "reset-before",
  "reset-after",
  "hang-after",
  "expired-token",
];

test("with a third of all requests failing in seven ways, every record arrives once", async () => {
  using folder = tempFolder();
  await using server = await startS3Server({ seed: 4 });
  // Of the requests that the rules before let pass, so that together it is a third.
  for (const kind of KINDS) server.faults.add({ kind, probability: 0.055 });
  mkdirSync(join(folder.path, "logs"));
  const config = writeConfig(folder.path, server);
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  const running = runAgent(config, { once: false, signal: stop.signal, log });
  for (let from = 0; from < LINES; from += 100) {
    writeLines(join(folder.path, "logs", `${from % 300}.log`), from);
    await expect.poll(() => rowsOf(server).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(from + 100);
  }
  await expect.poll(() => rowsOf(server).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(LINES);
  stop.abort();
  await running;

  expect(rowsOf(server).toSorted((a, b) => a - b)).toEqual(Array.from({ length: LINES }, (_, index) => index));
  const { faults, uploads, overwritten } = server.stats();
  expect(Object.values(faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
  expect({ uploads, overwritten }).toEqual({ uploads: 0, overwritten: 0 });
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
}, 120_000);

/** A hundred lines over two event hours: each shipment has several objects. */
function writeLines(path: string, from: number): void {
  const lines = Array.from({ length: 100 }, (_, index) =>
    cri("stdout", "F", String(from + index), T0_MS + (index % 3) * 3_600_000),
  );
  writeFileSync(path, lines.join(""), { flag: "a" });
}

function writeConfig(folder: string, server: S3Server) {
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/logs/*.log", multiline.parser: cri, refresh_interval: 100ms }]
  outputs:
    - { name: s3, match: "*", bucket: logs, endpoint: "${server.endpoint}", format: json_lines, compression: none, upload_timeout: 100ms, request_timeout: 300ms }
`,
  );
  return loadConfig(path, {}).config;
}

function rowsOf(server: S3Server): number[] {
  const bucket = server.bucket("logs");
  return [...bucket.objects.keys()].flatMap((key) =>
    bucket
      .body(key)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => Number((JSON.parse(line) as { log: string }).log)),
  );
}
