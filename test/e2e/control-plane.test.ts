import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { tempFolder } from "../agent/fixture.ts";
import { deliveriesOf } from "../helpers/control-plane-events.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";
import { mulberry32 } from "../servers/s3-faults.ts";

const AGENT = new URL("../../dist/logq-agent.cjs", import.meta.url).pathname;
const CLOCK = new URL("../helpers/fast-clock.mjs", import.meta.url).href;
const GROUP = "/aws/eks/prod/cluster";
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
/** A minute of the agent's clock is half a second. */
const SPEED = 120;
const COUNT = 5000;

test("a control plane's events, late, twice, in any order and throttled, are stored once each over three kills", async () => {
  using folder = tempFolder();
  const random = mulberry32(3);
  const disorder = { random, shuffled: true, twiceShare: 0.02, emptyShare: 0.1, pageEvents: 250 };
  const epochMs = Date.now();
  const nowMs = (): number => epochMs + (Date.now() - epochMs) * SPEED;
  await using server = await startCloudWatchServer({ groups: [GROUP], disorder, now: nowMs });
  server.faults.add({ operation: "FilterLogEvents", kind: "throttled", probability: 0.05 });
  server.faults.add({ operation: "FilterLogEvents", kind: "reset-after", probability: 0.02 });
  const span = { fromMs: epochMs - HOUR_MS, toMs: epochMs + 8 * MINUTE_MS, latenessMs: 5 * MINUTE_MS };
  const deliveries = deliveriesOf({ count: COUNT, streams: 20, seed: 5, ...span });
  let delivered = 0;
  const deliver = (): void => {
    const from = delivered;
    while (delivered < deliveries.length && deliveries[delivered]!.atMs <= nowMs()) delivered++;
    server.deliver(
      GROUP,
      deliveries.slice(from, delivered).map(({ event }) => event),
    );
  };
  const start = startAgents(folder.path, server.endpoint, epochMs);
  let agent = start();
  for (let kills = 0; kills < 3; kills++) {
    // Some of what it was to store is there, and more is to come.
    const requests = server.log.length;
    await expect
      .poll(() => (deliver(), server.log.length), { timeout: 60_000, interval: 20 })
      .toBeGreaterThan(requests + 15 + Math.floor(random() * 10));
    agent.kill("SIGKILL");
    await once(agent, "exit");
    agent = start();
  }
  while (delivered < deliveries.length) {
    deliver();
    await sleep(50);
  }
  await expect
    .poll(async () => (await stored(folder.path)).events, { timeout: 60_000, interval: 500 })
    .toBeGreaterThanOrEqual(COUNT);
  // What would come twice would come now: everything is read once more when it is as old as lateness.
  const lastMs = deliveries.at(-1)!.atMs + span.latenessMs;
  await expect.poll(() => nowMs(), { timeout: 60_000, interval: 50 }).toBeGreaterThan(lastMs + 2 * MINUTE_MS);
  agent.kill("SIGTERM");
  await once(agent, "exit");
  expect(await stored(folder.path)).toEqual({
    rows: COUNT,
    events: COUNT,
    wrong: 0,
    containers: 5,
    nodes: 20,
    infos: klogEvents(deliveries),
  });
}, 180_000);

/** Events that are no audit events: their klog header says info. */
function klogEvents(deliveries: ReturnType<typeof deliveriesOf>): number {
  return new Set(deliveries.filter(({ event }) => event.message.startsWith("I")).map(({ event }) => event.eventId))
    .size;
}

function startAgents(folder: string, endpoint: string, epochMs: number): () => ChildProcess {
  const config = join(folder, "agent.yaml");
  mkdirSync(join(folder, "state"));
  writeFileSync(
    config,
    `service: { storage.path: ${folder}/state, log_level: error, cluster: prod, hostname: puller, grace: 10s }
pipeline:
  inputs:
    - name: cloudwatch_logs
      cluster_name: prod
      region: us-east-1
      endpoint: "${endpoint}"
      interval_sec: 30s
      lateness: 5m
      requests_per_second: 50
  outputs: [{ name: directory, match: "*", path: ${folder}/store, upload_timeout: 200ms }]
`,
  );
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const clock = { NODE_OPTIONS: `--import ${CLOCK}`, LOGQ_EPOCH: String(epochMs), LOGQ_SPEED: String(SPEED) };
  const env = { ...process.env, ...credentials, ...clock };
  return () => spawn(process.execPath, [AGENT, "-c", config], { env, stdio: ["ignore", "ignore", "inherit"] });
}

async function stored(folder: string): Promise<Record<string, number>> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const sql = `select count(*) as rows, count(distinct regexp_extract(log, 'event=(\\d+)', 1)) as events,
      count(*) filter (source <> 'control-plane' or (log like '{%') <> (container = 'kube-apiserver-audit')) as wrong,
      count(distinct container) as containers, count(distinct node) as nodes, count(*) filter (level = 'info') as infos
      from read_parquet('${folder}/store/cluster=prod/**/*.parquet', hive_partitioning = false)`;
    const result = await connection.runAndReadAll(sql).catch(() => null);
    const [row] = result?.getRowObjects() ?? [];
    return Object.fromEntries(Object.entries(row ?? { events: 0 }).map(([key, value]) => [key, Number(value)]));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
