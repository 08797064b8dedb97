import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dashboardBody } from "../deploy/dashboard.ts";
import { ROOT } from "../deploy/generated.ts";
import { cri, tempFolder } from "../test/agent/fixture.ts";
import { startCloudWatchServer } from "../test/servers/cloudwatch-server.ts";
import { startS3Server } from "../test/servers/s3-server.ts";
import { draw, type Widget } from "./dashboard/draw.ts";
import type { MetricEvent } from "./dashboard/series.ts";

/*
 * `npm run docs:dashboard`: docs/dashboard.svg, the dashboard of deploy/ with what two agents sent in 90 seconds, to S3 and
 * CloudWatch Logs (the tests' servers). For 15 of them S3 asks for fewer requests.
 */

const RUN_MS = 90_000;
const REFUSED_MS = [40_000, 55_000] as const;
const PERIOD_MS = 5000;
const LIMITS: Readonly<Record<string, string>> = {
  LagSecondsMax: "60",
  MemoryBytesMax: "241591910",
  CpuPercentMax: "50",
};

const events = await eventsOfTwoAgents();
const { widgets } = JSON.parse(dashboardBody((name) => LIMITS[name] ?? name)) as { widgets: Widget[] };
const caption =
  "Drawn from 90 s of two agents against test servers, statistics of 5 s instead of 5 minutes; the limit of the lag is 60 s here. " +
  "From 40 to 55 s S3 answered SlowDown.";
writeFileSync(`${ROOT}docs/dashboard.svg`, draw(widgets, events, PERIOD_MS, caption));

async function eventsOfTwoAgents(): Promise<MetricEvent[]> {
  using folder = tempFolder();
  await using metrics = await startCloudWatchServer({ groups: ["/logq/prod/metrics", "/logq/prod/application"] });
  await using s3 = await startS3Server({ buckets: ["my-logs"] });
  const nodes = ["node-1", "node-2"].map((node) => join(folder.path, node));
  for (const node of nodes) mkdirSync(join(node, "logs"), { recursive: true });
  const configs = nodes.map((node, i) => configOf(node, `node-${i + 1}`, s3.endpoint, metrics.endpoint));
  const agents = configs.map((config) => startAgent(config));
  const startedAt = performance.now();
  for (let elapsedMs = 0; elapsedMs < RUN_MS; elapsedMs = performance.now() - startedAt) {
    for (const [i, node] of nodes.entries()) writeLines(node, 100 + i * 100 + 50 * Math.sin(elapsedMs / 8000));
    s3.faults.clear();
    if (elapsedMs > REFUSED_MS[0] && elapsedMs < REFUSED_MS[1]) s3.faults.add({ kind: "slow-down" });
    await sleep(200);
  }
  for (const agent of agents) {
    agent.kill();
    await once(agent, "close");
  }
  return metrics.events("/logq/prod/metrics").map(({ timestamp, message }) => {
    return { timestamp, fields: JSON.parse(message) as Record<string, unknown> };
  });
}

function startAgent(config: string): ReturnType<typeof spawn> {
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
  return spawn("node", ["dist/logq-agent.cjs", "-c", config], { cwd: ROOT, env, stdio: "ignore" });
}

function writeLines(node: string, lines: number): void {
  const text = Array.from({ length: Math.round(lines) }, lineOfNow).join("");
  appendFileSync(join(node, "logs", `shop_default_main-${"0".repeat(64)}.log`), text);
}

function lineOfNow(): string {
  return cri("stdout", "F", `GET /cart/${Math.floor(Math.random() * 1e6)} 200`, Date.now());
}

/** Writes the configuration of one node's agent. Returns its path. */
function configOf(node: string, name: string, s3: string, cloudWatch: string): string {
  const path = join(node, "agent.yaml");
  writeFileSync(
    path,
    `service: { storage.path: ${node}/state, cluster: prod, hostname: ${name}, emf_log_group: /logq/prod/metrics,
  emf_interval: 1s, emf_endpoint: "${cloudWatch}" }
pipeline:
  inputs: [{ name: tail, tag: "kube.*", path: "${node}/logs/*.log", multiline.parser: cri }]
  outputs:
    - { name: s3, alias: s3, match: "*", bucket: my-logs, region: us-east-1, endpoint: "${s3}", upload_timeout: 5s }
    - { name: cloudwatch_logs, alias: cloudwatch, match: "*", log_group_name: /logq/prod/application,
        log_stream_name: ${name}, region: us-east-1, endpoint: "${cloudWatch}" }
`,
  );
  return path;
}
