import { expect, test } from "vitest";
import { createSelfMetrics } from "../../agent/self-metrics.ts";
import { Telemetry } from "../../agent/telemetry/telemetry.ts";
import { startCloudWatchServer } from "../servers/cloudwatch-server.ts";
import { recordingLogger } from "./fixture.ts";
import "./output/s3/bed.ts";

const HEALTH = { enabled: true, errorsMax: 5, periodMs: 60_000, stuckAfterMs: 300_000 };

function bed(endpoint: string) {
  const { log, lines } = recordingLogger();
  const telemetry = new Telemetry(log, HEALTH);
  const emf = {
    logGroup: "/logq/agents",
    region: "us-east-1",
    endpoint,
    namespace: "logq",
    dimensions: [["ClusterName"]],
  };
  const service = { emf: { ...emf, intervalMs: 3_600_000 }, cluster: "prod", node: "node:1" };
  return { telemetry, lines, metrics: createSelfMetrics(telemetry, log), service };
}

test("the agent's own metrics are events in embedded metric format, in a group and a stream that are made", async () => {
  await using server = await startCloudWatchServer({ groups: [] });
  const { metrics, service, lines } = bed(server.endpoint);
  using sending = metrics;
  sending.configure(service);
  await sending.send();
  await sending.send();
  const events = server.events("/logq/agents", "node_1");
  expect(events).toHaveLength(2);
  expect(JSON.parse(events[0]!.message)).toMatchObject({ ClusterName: "prod", NodeName: "node:1", Healthy: 1 });
  const put = server.log.find(({ operation }) => operation === "PutLogEvents");
  expect(put?.headers["x-amzn-logs-format"]).toBe("json/emf");
  expect(lines.filter(({ level }) => level !== "debug")).toEqual([]);
});

test("a service that refuses them is said once until it takes them again, and is asked once each time", async () => {
  await using server = await startCloudWatchServer({ groups: ["/logq/agents"] });
  const { metrics, service, lines } = bed(server.endpoint);
  using sending = metrics;
  sending.configure(service);
  server.faults.add({ kind: "forbidden", times: 2 });
  for (let time = 0; time < 2; time++) await sending.send();
  expect(server.log).toHaveLength(2);
  expect(lines.map(({ level, text }) => [level, text])).toEqual([
    ["warn", "cannot send the agent's own metrics; trying again at each emf_interval"],
  ]);
  await sending.send();
  expect(server.events()).toHaveLength(1);
});

test("without a log group nothing is sent", async () => {
  await using server = await startCloudWatchServer();
  const { metrics, service } = bed(server.endpoint);
  using sending = metrics;
  sending.configure({ ...service, emf: null });
  await sending.send();
  expect(server.log).toEqual([]);
});
