import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { dashboardBody } from "../../deploy/dashboard.ts";
import { ROOT } from "../../deploy/generated.ts";
import { readTemplate } from "../../deploy/template.ts";
import { cri, tempFolder } from "../agent/fixture.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";

/** What an agent sent to the log group of its metrics: events of the agent, and of its output. */
let events: readonly Record<string, unknown>[];
beforeAll(async () => (events = await eventsOfAnAgent()), 300_000);

const WIDGETS = (JSON.parse(dashboardBody((name) => (name.endsWith("Max") ? "1" : name))) as { widgets: Widget[] })
  .widgets;

test("every metric of the dashboard is sent by an agent, by these dimensions", () => {
  const sent = new Set(events.flatMap(metricsOf));
  const shown = WIDGETS.flatMap(({ properties }) => properties.metrics ?? []).map(([first, ...rest]) => {
    if (typeof first === "string") return [first, rest[1], rest[0]].join(" ");
    const [, set, name] = /SEARCH\('\{(.*?)\} MetricName="(.*?)"/.exec(first.expression)!;
    const [namespace, ...dimensions] = set!.split(",");
    return [namespace, dimensions.join(","), name].join(" ");
  });
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.filter((metric) => !sent.has(metric))).toEqual([]);
});

test("every field of the dashboard's queries is in an agent's events, those together that stand together", () => {
  const queries = WIDGETS.flatMap(({ properties }) => properties.query ?? []);
  expect(queries).toHaveLength(3);
  const fields = new Set(events.flatMap((event) => Object.keys(event)));
  for (const query of queries) {
    const used = [...query.matchAll(/\b[A-Z][A-Za-z]+\b/g)]
      .map(([name]) => name)
      .filter((name) => !OF_THE_QUERY.has(name));
    expect(used.length).toBeGreaterThan(2);
    expect(
      used.filter((name) => !fields.has(name)),
      query,
    ).toEqual([]);
  }
  const together = (names: readonly string[]): boolean => events.some((event) => names.every((name) => name in event));
  expect(together(["Lag", "PendingBytes", "Errors", "NodeName", "Output"])).toBe(true);
  expect(together(["MemoryResident", "Cpu", "Healthy", "NodeName"])).toBe(true);
});

test("every alarm is on a metric that an agent sends by the cluster alone", () => {
  const sent = new Set(events.flatMap(metricsOf));
  const alarms = Object.values(readTemplate().Resources).filter(({ Type }) => Type === "AWS::CloudWatch::Alarm");
  expect(alarms).toHaveLength(9);
  for (const { Properties: alarm } of alarms) {
    const names = (alarm["Dimensions"] as { Name: string }[]).map(({ Name }) => Name);
    expect([...sent]).toContain(`${alarm["Namespace"] as string} ${names.join(",")} ${alarm["MetricName"] as string}`);
  }
});

/** SOURCE's own word, and the name of the log group in this test. */
const OF_THE_QUERY = new Set(["SOURCE", "MetricsLogGroup"]);

interface Widget {
  readonly properties: {
    readonly metrics?: readonly (readonly [string | { readonly expression: string }, ...unknown[]])[];
    readonly query?: string;
  };
}

/** `logq ClusterName,Output Lag`: what CloudWatch makes of an event. */
function metricsOf(event: Record<string, unknown>): string[] {
  const { CloudWatchMetrics } = event["_aws"] as { CloudWatchMetrics: Directive[] };
  return CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((set) => Metrics.map(({ Name }) => `${Namespace} ${set.join(",")} ${Name}`)),
  );
}

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string }[];
}

async function eventsOfAnAgent(): Promise<Record<string, unknown>[]> {
  using folder = tempFolder();
  await using server = await startCloudWatchServer();
  mkdirSync(join(folder.path, "logs"));
  writeFileSync(
    join(folder.path, "logs", `app_default_main-${"0".repeat(64)}.log`),
    cri("stdout", "F", "hello", Date.now()),
  );
  const config = join(folder.path, "agent.yaml");
  writeFileSync(
    config,
    `service: { storage.path: ${folder.path}/state, cluster: prod, hostname: node-1, emf_log_group: /logq/prod/metrics,
  emf_interval: 1s, emf_region: us-east-1, emf_endpoint: "${server.endpoint}" }
pipeline:
  inputs: [{ name: tail, tag: "kube.*", path: "${folder.path}/logs/*.log", multiline.parser: cri }]
  outputs: [{ name: directory, match: "*", path: ${folder.path}/store }]
`,
  );
  const env = { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const agent = spawn("node", ["agent/main.ts", "-c", config], { cwd: ROOT, env, stdio: "ignore" });
  const closed = once(agent, "close");
  const received = (): Record<string, unknown>[] =>
    server.events().map(({ message }) => JSON.parse(message) as Record<string, unknown>);
  while (agent.exitCode === null && !received().some((event) => "Output" in event)) await sleep(50);
  agent.kill();
  await closed;
  return received();
}
