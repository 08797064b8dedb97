import { expect, test } from "vitest";
import { startFirehoseServer, type FirehoseFault } from "../../../servers/firehose-server.ts";
import { accessKeyOf } from "../../../servers/s3-server.ts";
import { Fault } from "../../../../agent/output/retry.ts";
import { openFirehose, requestOf } from "./bed.ts";

async function faultOfPut(endpoint: string, changes: Parameters<typeof openFirehose>[1] = {}): Promise<Fault> {
  const { once } = openFirehose(endpoint, changes);
  const error: unknown = await once.put(requestOf(["x"], changes.deliveryStream)).catch((caught: unknown) => caught);
  if (!(error instanceof Fault)) throw new Error(`no fault: ${String(error)}`, { cause: error });
  return error;
}

test.each<[FirehoseFault, Fault["kind"], string]>([
  ["throttled", "throttled", "ThrottlingException"],
  ["unavailable", "throttled", "ServiceUnavailableException"],
  ["internal-error", "retryable", "InternalFailure"],
  ["reset-before", "retryable", "ECONNRESET"],
  ["hang-before", "retryable", "TimeoutError: no answer within 1500 ms"],
  ["expired-token", "retryable", "credentials are asked for anew"],
  ["clock-skew", "retryable", "the node's clock is wrong"],
  ["wrong-key", "permanent", "the access key is unknown or its secret is wrong"],
  ["wrong-region", "permanent", "the region us-east-1 is not the endpoint's; correct region"],
  ["forbidden", "permanent", "allow the agent's role firehose:PutRecordBatch on logs"],
  ["kms-disabled", "permanent", "enable the KMS key of the delivery stream"],
  ["wrong-source", "permanent", "name one whose source is Direct PUT"],
])("%s is %s, and its words say what to do", async (kind, expected, words) => {
  await using server = await startFirehoseServer();
  server.faults.add({ kind });
  const fault = await faultOfPut(server.endpoint, { requestTimeoutMs: 1500 });
  expect([fault.kind, fault.message]).toEqual([expected, expect.stringContaining(words)]);
  expect(fault.message).toMatch(/^PutRecordBatch to delivery stream logs: /);
});

test("a delivery stream that is not there is named, its region too, and what to do", async () => {
  await using server = await startFirehoseServer();
  const fault = await faultOfPut(server.endpoint, { deliveryStream: "nowhere" });
  expect([fault.kind, fault.message]).toEqual([
    "permanent",
    expect.stringContaining("; create nowhere in us-east-1, or correct delivery_stream or region"),
  ]);
});

test("a service that is not there may come", async () => {
  const server = await startFirehoseServer();
  await server[Symbol.asyncDispose]();
  expect(await faultOfPut(server.endpoint)).toMatchObject({ kind: "retryable", code: "ECONNREFUSED" });
});

test("records arrive as they are, in one signed request whose length is told", async () => {
  await using server = await startFirehoseServer();
  const texts = ["a", "ü".repeat(70_000), "\0\u{1f600}", "x".repeat(48 * 1024), "y".repeat(48 * 1024 + 1)];
  const batch = requestOf(texts);
  const length = batch.body().length;
  await openFirehose(server.endpoint).once.put(batch);
  expect(server.records().map(String)).toEqual(texts);
  expect(batch.records).toBe(0);
  expect(server.log).toMatchObject([
    {
      operation: "PutRecordBatch",
      headers: {
        "content-length": String(length),
        authorization: expect.stringMatching(/\/us-east-1\/firehose\/aws4_request/) as string,
      },
    },
  ]);
});

test.each(["partial", "partial-internal"] as const)(
  "of a %s failure only the records that failed are sent again",
  async (kind) => {
    await using server = await startFirehoseServer();
    server.faults.add({ kind, times: 1 });
    const texts = Array.from({ length: 200 }, (_, index) => `${index}`);
    const batch = requestOf(texts);
    const { once } = openFirehose(server.endpoint);
    const fault: unknown = await once.put(batch).catch((error: unknown) => error);
    const taken = server.records().map(String);
    expect(taken.length).toBeGreaterThan(50);
    expect(batch.records).toBe(200 - taken.length);
    expect(fault).toMatchObject({
      kind: kind === "partial" ? "throttled" : "retryable",
      message: expect.stringMatching(
        new RegExp(`^PutRecordBatch.*: ${batch.records} of 200 records failed: `),
      ) as string,
    });
    await once.put(batch);
    expect(server.records().map(String).toSorted()).toEqual(texts.toSorted());
    expect(server.records().map(String).slice(taken.length)).toEqual(texts.filter((text) => !taken.includes(text)));
  },
);

test("new credentials are asked for where the old ones expired", async () => {
  await using server = await startFirehoseServer();
  const { once } = openFirehose(server.endpoint);
  const before = process.env["AWS_ACCESS_KEY_ID"];
  try {
    process.env["AWS_ACCESS_KEY_ID"] = "old";
    await once.put(requestOf(["a"]));
    process.env["AWS_ACCESS_KEY_ID"] = "new";
    server.faults.add({ kind: "expired-token", times: 1 });
    const batch = requestOf(["b"]);
    await expect(once.put(batch)).rejects.toThrow("credentials are asked for anew");
    await once.put(batch);
  } finally {
    process.env["AWS_ACCESS_KEY_ID"] = before;
  }
  const keys = server.log.map(({ headers }) => accessKeyOf(headers));
  expect(keys).toEqual(["old", "old", "new"]);
});
