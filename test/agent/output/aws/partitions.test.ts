import dns from "node:dns";
import { afterEach, expect, test, vi } from "vitest";
import { createFirehoseRequests } from "../../../../agent/output/firehose/requests.ts";
import { createS3Requests } from "../../../../agent/output/s3/client.ts";
import { recordingLogger } from "../../fixture.ts";
import { firehoseConfig, requestOf } from "../firehose/bed.ts";
import { s3Config } from "../s3/bed.ts";

const NEVER = new AbortController().signal;

afterEach(() => void vi.restoreAllMocks());

/** The hosts that are asked for, none of which is there. */
function watchedHosts(): string[] {
  const hosts: string[] = [];
  vi.spyOn(dns, "lookup").mockImplementation(((host: string, _: unknown, done: (error: Error) => void) => {
    hosts.push(host);
    done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND" }));
  }) as unknown as typeof dns.lookup);
  return hosts;
}

test.each([
  ["aws", "eu-west-1", "amazonaws.com"],
  ["aws-cn", "cn-northwest-1", "amazonaws.com.cn"],
  ["aws-us-gov", "us-gov-west-1", "amazonaws.com"],
  ["aws-eusc", "eusc-de-east-1", "amazonaws.eu"],
])("in partition %s the region alone says where the services are", async (_, region, domain) => {
  const hosts = watchedHosts();
  const s3 = createS3Requests({ ...s3Config("", { region }), endpoint: null }, recordingLogger().log)(NEVER);
  const firehose = createFirehoseRequests({ ...firehoseConfig("", { region }), endpoint: null })(NEVER);
  await expect(s3.put("k", [Buffer.from("x")], "plan")).rejects.toMatchObject({ code: "ENOTFOUND" });
  await expect(firehose.put(requestOf(["x"]))).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(hosts).toEqual([`logs.s3.${region}.${domain}`, `firehose.${region}.${domain}`]);
});
