import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, test, vi } from "vitest";
import { resolveEndpoint } from "../../../../aws/endpoint.ts";
import "../s3/bed.ts"; // credentials

const REGIONS =
  "us-east-1 eu-central-1 ap-southeast-7 cn-northwest-1 us-gov-west-1 us-gov-east-1 eusc-de-east-1 us-iso-east-1 us-isob-east-1 xx-unknown-1";
const PLAIN = { region: "eu-central-1", endpoint: null, profile: null };

afterEach(() => void vi.unstubAllEnvs());

interface Sent {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/** What is needed of a client; its own types know each of its commands. */
interface Client {
  readonly middlewareStack: { add(middleware: any, options: { step: "build"; priority: "low"; name: string }): void };
  send(command: any): Promise<unknown>;
}

/** Where the SDK's own client would send a request, or what it says instead. */
async function askedBySdk(client: Client, command: object): Promise<string> {
  let sent: Sent | null = null;
  const intercept = () => (args: { request: unknown }) => {
    sent = args.request as Sent;
    return Promise.resolve({ output: { $metadata: {} }, response: null });
  };
  client.middlewareStack.add(intercept, { step: "build", priority: "low", name: "intercept" });
  try {
    await client.send(command);
  } catch (error) {
    return (error as Error).message;
  }
  const { protocol, hostname, port, path } = sent!;
  return `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
}

async function asked(path: string, ...args: Parameters<typeof resolveEndpoint>): Promise<string> {
  try {
    const { protocol, hostname, port, basePath } = await resolveEndpoint(...args);
    return `${protocol}//${hostname}${port === null ? "" : `:${port}`}${basePath}${path}`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each([
  ["", {}],
  ["over dual stack", { AWS_USE_DUALSTACK_ENDPOINT: "true" }],
  ["with FIPS", { AWS_USE_FIPS_ENDPOINT: "true" }],
  ["with both", { AWS_USE_DUALSTACK_ENDPOINT: "true", AWS_USE_FIPS_ENDPOINT: "true" }],
  ["at an endpoint of the environment's", { AWS_ENDPOINT_URL: "https://proxy.corp:8443/aws" }],
  ["at an endpoint for one service", { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: "http://localhost:99" }],
])("%s", (_, env) => {
  test.each(REGIONS.split(" "))("in %s the services are where the SDK's clients ask them", async (region) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const config = { ...PLAIN, region };
    for (const Bucket of ["logs", "my.logs"]) {
      const bySdk = await askedBySdk(new S3Client({ region }), new HeadObjectCommand({ Bucket, Key: "k" }));
      expect(await asked("/k", "s3", config, Bucket)).toBe(bySdk);
    }
    const logs = await askedBySdk(new CloudWatchLogsClient({ region }), new DescribeLogGroupsCommand({}));
    expect(await asked("/", "logs", config, null)).toBe(logs);
    const firehose = await askedBySdk(new FirehoseClient({ region }), new ListDeliveryStreamsCommand({}));
    expect(await asked("/", "firehose", config, null)).toBe(firehose);
  });
});

test.each(["arn:aws:s3:eu-west-1:123456789012:accesspoint/logs", "logs-111122223333-s3alias"])(
  "%s is asked where the SDK's client asks it, and signed for the same region",
  async (Bucket) => {
    const client = new S3Client({ region: "eu-west-1" });
    const bySdk = await askedBySdk(client, new HeadObjectCommand({ Bucket, Key: "k" }));
    const config = { ...PLAIN, region: "eu-west-1" };
    expect(await asked("/k", "s3", config, Bucket)).toBe(bySdk);
    expect(await resolveEndpoint("s3", config, Bucket)).toMatchObject({
      signingRegion: "eu-west-1",
      signingName: "s3",
    });
  },
);

test("an endpoint of the configuration goes before all others, its buckets are asked by path, and no region is needed", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL", "https://elsewhere");
  vi.stubEnv("AWS_REGION", undefined);
  const config = { region: null, endpoint: "https://minio.corp:9000/s3/", profile: null };
  expect(await asked("/k", "s3", config, "logs")).toBe("https://minio.corp:9000/s3/logs/k");
  expect(await resolveEndpoint("firehose", config, null)).toMatchObject({
    hostname: "minio.corp",
    basePath: "/s3",
    signingRegion: "us-east-1",
    signingName: "firehose",
  });
});

test("the region is the environment's where the configuration names none, and missing where nobody does", async () => {
  vi.stubEnv("AWS_REGION", "cn-north-1");
  const config = { ...PLAIN, region: null };
  expect(await asked("", "logs", config, null)).toBe("https://logs.cn-north-1.amazonaws.com.cn");
  vi.stubEnv("AWS_REGION", undefined);
  await expect(resolveEndpoint("logs", config, null)).rejects.toThrow("Region is missing");
});
