import * as sdk from "@aws-sdk/client-s3";
import { afterEach, describe, expect, test } from "vitest";
import { openEndpoint } from "../../../../query/store/s3/endpoint.ts";
import "./bed.ts"; // credentials

afterEach(() => {
  delete process.env["AWS_ENDPOINT_URL_S3"];
});

describe("where a bucket answers", () => {
  test.each([
    ["logs", "eu-central-1", "logs.s3.eu-central-1.amazonaws.com", "/"],
    ["logs", "cn-northwest-1", "logs.s3.cn-northwest-1.amazonaws.com.cn", "/"],
    ["logs", "us-gov-west-1", "logs.s3.us-gov-west-1.amazonaws.com", "/"],
    ["logs", "us-iso-east-1", "logs.s3.us-iso-east-1.c2s.ic.gov", "/"],
    // A certificate has no name of two dots.
    ["logs.corp", "eu-central-1", "s3.eu-central-1.amazonaws.com", "/logs.corp/"],
  ])("%s in %s", async (bucket, region, hostname, basePath) => {
    process.env["AWS_ENDPOINT_URL_S3"] = "";
    const endpoint = await openEndpoint(sdk, bucket, { region, profile: null });
    expect(endpoint).toMatchObject({ protocol: "https:", hostname, port: undefined, basePath, region });
  });

  test.each([
    ["http://127.0.0.1:9000", "http:", "127.0.0.1", 9000, "/logs/"],
    ["https://minio.corp/s3", "https:", "minio.corp", undefined, "/s3/logs/"],
  ])("an endpoint of one's own, %s, is asked by path", async (url, protocol, hostname, port, basePath) => {
    process.env["AWS_ENDPOINT_URL_S3"] = url;
    const endpoint = await openEndpoint(sdk, "logs", { region: "eu-central-1", profile: null });
    expect(endpoint).toMatchObject({ protocol, hostname, port, basePath });
  });

  test("a region that nobody names is the first one to try", async () => {
    expect(await openEndpoint(sdk, "logs", { region: null, profile: null })).toMatchObject({ region: "us-east-1" });
  });
});

test("a request is signed as the SDK signs it", async () => {
  const client = new sdk.S3Client({ region: "eu-central-1" });
  let sent: { headers: Record<string, string>; path: string; query: Record<string, string> } | null = null;
  client.middlewareStack.add(
    () => (args) => {
      sent = args.request as typeof sent & object;
      return Promise.resolve({ output: { $metadata: {} }, response: null });
    },
    { step: "finalizeRequest", priority: "low" },
  );
  await client.send(new sdk.GetObjectCommand({ Bucket: "logs", Key: "a=b/ü(1)", Range: "bytes=0-9" }));
  const { headers, path, query } = sent!;
  const endpoint = await openEndpoint(sdk, "logs", { region: "eu-central-1", profile: null });
  const at = headers["x-amz-date"]!.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  // The SDK signs a few headers more, which say who it is; they are given here to be signed, too.
  const names = /SignedHeaders=([^,]+)/.exec(headers["authorization"]!)![1]!.split(";");
  const own = new Set(["host", "x-amz-date", "x-amz-content-sha256"]);
  const given = Object.fromEntries(names.filter((name) => !own.has(name)).map((name) => [name, headers[name]!]));
  const signed = await endpoint.sign({ path, query, headers: given, clockOffsetMs: Date.parse(at) - Date.now() });
  expect(signed["authorization"]).toBe(headers["authorization"]);
});
