import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createRecordFilters } from "../../../agent/filter/create.ts";
import { withEc2Metadata } from "../../../agent/filter/ec2-metadata.ts";
import { recordingLogger } from "../fixture.ts";
import { filtersOf, rowsOf } from "./fixture.ts";

const ANSWERS: Readonly<Record<string, string>> = {
  "/latest/meta-data/placement/availability-zone": "cn-northwest-1a",
  "/latest/meta-data/instance-id": "i-0c862eca9038f5aae",
  "/latest/meta-data/instance-type": "m7g.large",
  "/latest/meta-data/local-ipv4": "172.31.6.59",
  "/latest/meta-data/mac": "0e:49:61:0f:c3:11",
  "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/vpc-id": "vpc-7ea11c06",
  "/latest/meta-data/ami-id": "ami-0841edc20334f9287",
  "/latest/dynamic/instance-identity/document": '{"accountId": "123456789012"}',
  "/latest/meta-data/hostname": "ip-172-31-6-59.internal",
  "/latest/meta-data/tags/instance": "Name\nteam",
  "/latest/meta-data/tags/instance/Name": "node a",
  "/latest/meta-data/tags/instance/team": "shop",
};

/** A metadata service as AWS documents it, which takes version 1 until it gave a token; `fail` says which requests get another status. */
async function startService(fail: (request: IncomingMessage, count: number) => number | null = () => null) {
  const requests: string[] = [];
  let tokens = 0;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const status = fail(request, requests.length);
    const isToken = request.url === "/latest/api/token";
    if (status !== null) response.writeHead(status).end();
    else if (isToken && request.method === "PUT" && request.headers["x-aws-ec2-metadata-token-ttl-seconds"] === "21600")
      response.end(`token-${++tokens}`);
    else if ((request.headers["x-aws-ec2-metadata-token"] ?? "none") !== (tokens === 0 ? "none" : `token-${tokens}`))
      response.writeHead(401).end();
    else response.writeHead(ANSWERS[request.url ?? ""] === undefined ? 404 : 200).end(ANSWERS[request.url ?? ""]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, requests, [Symbol.dispose]: () => void server.close() };
}

async function ask(options: string, endpoint: string, env: Readonly<Record<string, string>> = {}) {
  const { log, lines } = recordingLogger();
  const yaml = `- name: aws\n  match: '*'\n  ${options.replaceAll("; ", "\n  ")}`;
  const filters = await withEc2Metadata(filtersOf(yaml), {
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint, ...env },
    log,
    retryDelayMs: 1,
  });
  const [config] = filters;
  if (config?.plugin !== "aws") throw new Error("no filter aws");
  return { filters, metadata: config.metadata, lines };
}

const EVERYTHING =
  "ec2_instance_type: on; private_ip: on; vpc_id: on; ami_id: on; account_id: on; hostname: on; tags_enabled: on; enable_entity: on";

describe("filter aws", () => {
  test("asks for what it is told to, and puts it behind the fields of the record", async () => {
    using service = await startService();
    const { filters, metadata, lines } = await ask(EVERYTHING, service.endpoint);
    expect(Object.entries(metadata!)).toEqual([
      ["az", "cn-northwest-1a"],
      ["ec2_instance_id", "i-0c862eca9038f5aae"],
      ["ec2_instance_type", "m7g.large"],
      ["private_ip", "172.31.6.59"],
      ["vpc_id", "vpc-7ea11c06"],
      ["ami_id", "ami-0841edc20334f9287"],
      ["account_id", "123456789012"],
      ["hostname", "ip-172-31-6-59.internal"],
      ["Name", "node a"],
      ["team", "shop"],
      ["aws_entity_ec2_instance_id", "i-0c862eca9038f5aae"],
      ["aws_entity_account_id", "123456789012"],
    ]);
    expect(lines).toEqual([]);
    const rows = rowsOf(["a"]);
    createRecordFilters(filters)[0]?.open(rows.origin, {})?.apply(rows);
    expect(Object.keys(rows.record(0))).toEqual(["stream", "_p", "log", "kubernetes", ...Object.keys(metadata!)]);
  });

  test("asks for zone and id alone if told nothing, with one token", async () => {
    using service = await startService();
    const { metadata } = await ask("az: on", service.endpoint);
    expect(metadata).toEqual({ az: "cn-northwest-1a", ec2_instance_id: "i-0c862eca9038f5aae" });
    expect(service.requests.filter((each) => each.startsWith("PUT"))).toHaveLength(1);
  });

  test.each([
    ["tags_include: team", { team: "shop" }],
    ["tags_exclude: team", { Name: "node a" }],
  ])("takes the tags that %s leaves", async (option, tags) => {
    using service = await startService();
    const { metadata } = await ask(`az: off; ec2_instance_id: off; tags_enabled: on; ${option}`, service.endpoint);
    expect(metadata).toEqual(tags);
  });

  test("leaves out what the instance has not", async () => {
    using service = await startService((request) => (request.url?.includes("/tags/") === true ? 404 : null));
    const { metadata, lines } = await ask("tags_enabled: on; az: off", service.endpoint);
    expect([metadata, lines]).toEqual([{ ec2_instance_id: "i-0c862eca9038f5aae" }, []]);
  });

  test("asks again where the service fails for a while, and for a new token where the old one is refused", async () => {
    using service = await startService((request, count) => (count < 3 ? 503 : count === 5 ? 401 : null));
    const { metadata, lines } = await ask("az: on", service.endpoint);
    expect([metadata, lines]).toEqual([{ az: "cn-northwest-1a", ec2_instance_id: "i-0c862eca9038f5aae" }, []]);
  });

  test("version 1 asks without a token", async () => {
    using service = await startService();
    const { metadata } = await ask("imds_version: v1", service.endpoint);
    expect(service.requests.every((each) => each.startsWith("GET"))).toBe(true);
    expect(metadata).toEqual({ az: "cn-northwest-1a", ec2_instance_id: "i-0c862eca9038f5aae" });
  });

  test("where no service answers that is said once, and records stay as they are", async () => {
    const { filters, metadata, lines } = await ask("imds_wait: 100ms", "http://127.0.0.1:1");
    expect(metadata).toEqual({});
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: "warn", fields: { endpoint: "http://127.0.0.1:1", known: [] } });
    const rows = rowsOf(["a"]);
    expect(createRecordFilters(filters)[0]?.open(rows.origin, {})).toBe(null);
  });

  test("does not ask where the environment forbids it", async () => {
    using service = await startService();
    const { metadata } = await ask("az: on", service.endpoint, { AWS_EC2_METADATA_DISABLED: "true" });
    expect([metadata, service.requests]).toEqual([{}, []]);
  });
});
