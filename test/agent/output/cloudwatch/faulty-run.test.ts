import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runAgent } from "../../../../agent/agent.ts";
import { loadConfig } from "../../../../config/load.ts";
import {
  startCloudWatchServer,
  type CloudWatchFault,
  type CloudWatchServer,
} from "../../../servers/cloudwatch-server.ts";
import { cri, recordingLogger, T0_MS, tempFolder } from "../../fixture.ts";
import "./bed.ts";

const LINES = 1500;
const KINDS: readonly CloudWatchFault[] = [
  "throttled",
  "internal-error",
  "error-after",
  "reset-before",
  "reset-after",
  "hang-after",
  "expired-token",
];

test("with a third of all requests failing in seven ways nothing is lost, and only what nobody answered for comes twice", async () => {
  using folder = tempFolder();
  await using server = await startCloudWatchServer({ seed: 4, groups: [], now: () => T0_MS });
  for (const kind of KINDS) server.faults.add({ kind, probability: 0.055 });
  mkdirSync(join(folder.path, "logs"));
  const config = writeConfig(folder.path, server);
  const { log, lines } = recordingLogger();
  const stop = new AbortController();
  const running = runAgent(config, { once: false, signal: stop.signal, log });
  for (let from = 0; from < LINES; from += 50) {
    const text = Array.from({ length: 50 }, (_, index) => cri("stdout", "F", String(from + index)));
    writeFileSync(join(folder.path, "logs", `${from % 300}.log`), text.join(""), { flag: "a" });
    await expect.poll(() => rowsOf(server).size, { timeout: 40_000 }).toBeGreaterThanOrEqual(from + 50);
  }
  stop.abort();
  await running;

  const rows = rowsOf(server);
  expect([...rows.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: LINES }, (_, index) => index));
  const { faults, unanswered, events } = server.stats();
  expect(Object.values(faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10);
  expect(events - LINES).toBeLessThanOrEqual(unanswered);
  expect(lines.filter(({ level }) => level === "error")).toEqual([]);
}, 120_000);

function writeConfig(folder: string, server: CloudWatchServer) {
  const path = join(folder, "agent.yaml");
  writeFileSync(
    path,
    `service: { storage.path: ${folder}/state, cluster: prod, hostname: node-1 }
pipeline:
  inputs: [{ name: tail, path: "${folder}/logs/*.log", multiline.parser: cri, refresh_interval: 100ms }]
  outputs:
    - { name: cloudwatch_logs, match: "*", log_group_name: logs, log_stream_prefix: x-, auto_create_group: on, region: us-east-1, endpoint: "${server.endpoint}", upload_timeout: 100ms, request_timeout: 300ms }
`,
  );
  return loadConfig(path, {}).config;
}

/** How often each line is there. */
function rowsOf(server: CloudWatchServer): Map<number, number> {
  const rows = new Map<number, number>();
  for (const { message } of server.events()) {
    const row = Number((JSON.parse(message) as { log: string }).log);
    rows.set(row, (rows.get(row) ?? 0) + 1);
  }
  return rows;
}
