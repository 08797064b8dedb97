import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../../../agent/agent.ts";
import { loadConfig } from "../../../../config/load.ts";
import { startFirehoseServer, type FirehoseFault, type FirehoseServer } from "../../../servers/firehose-server.ts";
import { cri, recordingLogger, tempFolder } from "../../fixture.ts";
import "./bed.ts";
import { linesOf } from "./lines.ts";

const LINES = 3000;
const KINDS: readonly FirehoseFault[] = [
  "throttled",
  "internal-error",
  "error-after",
  "partial",
  "partial-internal",
  "reset-before",
  "reset-after",
  "hang-after",
  "expired-token",
];

test("with a third of all requests failing in nine ways, every record arrives, and twice only where an answer was lost", async () => {
  using folder = tempFolder();
  await using server = await startFirehoseServer({ seed: 3 });
  for (const kind of KINDS) server.faults.add({ kind, probability: 0.043 });
  mkdirSync(join(folder.path, "logs"));
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  const running = runAgent(configFor(folder.path, server), { once: false, signal: stop.signal, log });
  for (let from = 0; from < LINES; from += 100) {
    const text = Array.from({ length: 100 }, (_, index) => cri("stdout", "F", String(from + index))).join("");
    writeFileSync(join(folder.path, "logs", `${from % 300}.log`), text, { flag: "a" });
    await expect.poll(() => arrived(server).size, { timeout: 20_000 }).toBeGreaterThanOrEqual(from + 100);
  }
  stop.abort();
  await running;

  expect([...arrived(server)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: LINES }, (_, index) => index));
  const { records, unanswered, faults } = server.stats();
  expect(records - LINES).toBeLessThanOrEqual(unanswered);
  expect(Object.values(faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
}, 120_000);

/** One line for a record of Firehose: a partial failure is one of lines then. */
function configFor(folder: string, server: FirehoseServer) {
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/logs/*.log", multiline.parser: cri, refresh_interval: 100ms }]
  outputs:
    - { name: kinesis_firehose, match: "*", delivery_stream: logs, region: us-east-1, endpoint: "${server.endpoint}", simple_aggregation: off, upload_timeout: 100ms, request_timeout: 300ms }
`,
  );
  return loadConfig(path, {}).config;
}

function arrived(server: FirehoseServer): Set<number> {
  return new Set(linesOf(server.records()).map(Number));
}
