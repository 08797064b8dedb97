import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { deliveriesOf } from "../test/helpers/control-plane-events.ts";
import { startCloudWatchServer, type CloudWatchServer } from "../test/servers/cloudwatch-server.ts";
import { mulberry32 } from "../test/servers/s3-faults.ts";

const PROGRAM = new URL("../dist/logq-agent.cjs", import.meta.url).pathname;
const CLOCK = new URL("../test/helpers/fast-clock.mjs", import.meta.url).href;
const GROUP = "/aws/eks/prod/cluster";
const STREAMS = 20;
/** At these shares of the time until all is delivered: the first while what was there at the start is read. */
const KILLS = [0.03, 0.3, 0.7] as const;
const HOUR_MS = 3_600_000;
/** Milliseconds after the start. */
const SPAN = { fromMs: -6 * HOUR_MS, toMs: HOUR_MS, latenessMs: 6 * HOUR_MS };
const FAULTS = ["throttled", "internal-error", "reset-before", "error-after", "reset-after"] as const;

export interface ControlPlaneRun {
  readonly events: number;
  /** How many times as fast as time the agent's clock runs. */
  readonly speed: number;
  readonly root: string;
}

/**
 * The built agent beside our server: events of 13 hours, most of them soon, a fifth up to six hours late, a tenth twice, pages
 * in any order, a tenth of the requests throttled or failing, the agent killed three times. Says what the store has of them.
 */
export async function runControlPlane({
  events,
  speed,
  root,
}: ControlPlaneRun): Promise<{ line: string; isGood: boolean }> {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const random = mulberry32(4);
  // Made before the clock runs fast.
  const deliveries = deliveriesOf({ count: events, streams: STREAMS, seed: 2, ...SPAN });
  const epochMs = Date.now();
  const nowMs = (): number => epochMs + (Date.now() - epochMs) * speed;
  await using server = await startCloudWatchServer({
    groups: [GROUP],
    now: nowMs,
    disorder: { random, shuffled: true, twiceShare: 0.02, emptyShare: 0.05 },
  });
  for (const kind of FAULTS) server.faults.add({ operation: "FilterLogEvents", kind, probability: 0.02 });
  const lastMs = epochMs + deliveries.at(-1)!.atMs;
  const deliver = delivery(server, deliveries, { epochMs, nowMs });
  const start = agentsOf(root, server.endpoint, epochMs, speed);
  const figures = { peakMb: 0 };
  const startedAtMs = performance.now();
  for (const share of [...KILLS, null]) {
    const agent = start();
    // After the last kill until all is read for good, which is when no ids are kept any more.
    const endMs = share === null ? lastMs + 6.5 * HOUR_MS : epochMs + (lastMs - epochMs) * share;
    const goesOn = (): boolean => share === null && nowMs() < endMs + 48 * HOUR_MS && keepsIds(root);
    while (nowMs() < endMs || goesOn()) {
      deliver();
      note(agent, figures);
      await sleep(200);
    }
    agent.kill(share === null ? "SIGTERM" : "SIGKILL");
    await once(agent, "close");
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(0);
  const stored = await storedIn(join(root, "store"));
  const isGood = stored.rows === events && stored.events === events;
  const { requests, faults } = server.stats();
  const asked = requests["FilterLogEvents"] ?? 0;
  const failed = Object.values(faults).reduce((total, count) => total + count, 0);
  const found = `${events} events over ${STREAMS} streams, ${deliveries.length} deliveries, ${KILLS.length} kills in ${seconds} s: stored ${stored.rows}, lost ${events - stored.events}, twice ${stored.rows - stored.events}`;
  const line = `${isGood ? "ok  " : "FAIL"} control-plane: ${found}; ${failed} of ${asked} requests failed; peak RSS ${figures.peakMb.toFixed(0)} MB`;
  return { line, isGood };
}

/** Lets the server find what is due by now. */
function delivery(
  server: CloudWatchServer,
  deliveries: ReturnType<typeof deliveriesOf>,
  { epochMs, nowMs }: { epochMs: number; nowMs: () => number },
): () => void {
  let delivered = 0;
  return () => {
    const from = delivered;
    const untilMs = nowMs() - epochMs;
    while (delivered < deliveries.length && deliveries[delivered]!.atMs <= untilMs) delivered++;
    const due = deliveries.slice(from, delivered).map(({ event }) => event);
    server.deliver(
      GROUP,
      due.map((event) => ({ ...event, timestamp: epochMs + event.timestamp })),
    );
  };
}

function agentsOf(root: string, endpoint: string, epochMs: number, speed: number): () => ChildProcess {
  const config = join(root, "agent.yaml");
  writeFileSync(
    config,
    `service: { storage.path: ${root}/state, log_level: warn, cluster: prod, hostname: puller }
pipeline:
  inputs:
    - name: cloudwatch_logs
      cluster_name: prod
      region: us-east-1
      endpoint: "${endpoint}"
      interval_sec: 2m
      since: 8h
      requests_per_second: 50
  outputs: [{ name: directory, match: "*", path: ${root}/store, upload_timeout: 1s }]
`,
  );
  const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true" };
  const clock = { NODE_OPTIONS: `--import ${CLOCK}`, LOGQ_EPOCH: String(epochMs), LOGQ_SPEED: String(speed) };
  const { PATH = "" } = process.env;
  const env = { PATH, AWS_CONFIG_FILE: "/dev/null", ...credentials, ...clock };
  return () => spawn(PROGRAM, ["-c", config], { env, stdio: ["ignore", "ignore", "inherit"] });
}

function keepsIds(root: string): boolean {
  return readdirSync(join(root, "state", "spool"), { recursive: true, encoding: "utf8" }).some((name) =>
    name.endsWith(".ids"),
  );
}

function note({ pid }: ChildProcess, figures: { peakMb: number }): void {
  try {
    const peakKb = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0;
    figures.peakMb = Math.max(figures.peakMb, Number(peakKb) / 1024);
  } catch {
    // It has ended, or this is no Linux.
  }
}

async function storedIn(store: string): Promise<{ rows: number; events: number }> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const sql = `select count(*) as rows, count(distinct regexp_extract(log, 'event=(\\d+)', 1)) as events
      from read_parquet('${store}/cluster=prod/**/*.parquet', hive_partitioning = false)`;
    const [row] = (await connection.runAndReadAll(sql)).getRowObjects();
    return { rows: Number(row!["rows"]), events: Number(row!["events"]) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
