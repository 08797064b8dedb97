import { expect, test } from "vitest";
import { startS3Server } from "../../../servers/s3-server.ts";
import type { FaultKind } from "../../../servers/s3-faults.ts";
import { Fault } from "../../../../agent/output/retry.ts";
import { openS3 } from "./bed.ts";

const KEY = "k";

async function faultOfPut(endpoint: string, changes: Parameters<typeof openS3>[1] = {}): Promise<Fault> {
  const { once } = openS3(endpoint, changes);
  const error: unknown = await once.put(KEY, [Buffer.from("x")], "plan").catch((caught: unknown) => caught);
  if (!(error instanceof Fault)) throw new Error(`no fault: ${String(error)}`, { cause: error });
  return error;
}

test.each<[FaultKind, Fault["kind"], string]>([
  ["slow-down", "throttled", "SlowDown"],
  ["internal-error", "retryable", "InternalError"],
  ["reset-before", "retryable", "ECONNRESET"],
  ["hang-before", "retryable", "TimeoutError: no answer within 1500 ms"],
  ["conflict", "retryable", "ConditionalRequestConflict"],
  ["expired-token", "retryable", "credentials are asked for anew"],
  ["clock-skew", "retryable", "the node's clock is wrong"],
  ["forbidden", "permanent", "allow the agent's role s3:PutObject on logs"],
  ["forbidden", "permanent", "better s3:GetObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads too"],
  ["wrong-region", "permanent", "logs is in eu-west-1, not in us-east-1; set region: eu-west-1"],
  ["kms-disabled", "permanent", "enable the KMS key, or name another one in sse_kms_key_id"],
])("%s is %s, and its words say what to do", async (kind, expected, words) => {
  await using server = await startS3Server();
  server.faults.add({ kind });
  const fault = await faultOfPut(server.endpoint, { requestTimeoutMs: 1500 });
  expect([fault.kind, fault.message]).toEqual([expected, expect.stringContaining(words)]);
  expect(fault.message).toMatch(/^PutObject in bucket logs: /);
});

test("an error in an answer of 200 is retryable", async () => {
  await using server = await startS3Server();
  server.faults.add({ kind: "error-in-200" });
  const { once } = openS3(server.endpoint);
  const upload = { key: KEY, id: "id" };
  await expect(once.completeUpload(upload, [])).rejects.toMatchObject({ kind: "retryable", code: "InternalError" });
});

test("a bucket that is not there is named, and what to do", async () => {
  await using server = await startS3Server();
  const fault = await faultOfPut(server.endpoint, { bucket: "nowhere" });
  expect([fault.kind, fault.message]).toEqual([
    "permanent",
    expect.stringContaining("; create nowhere, or correct bucket"),
  ]);
});

test("a service that is not there may come", async () => {
  const server = await startS3Server();
  await server[Symbol.asyncDispose]();
  const fault = await faultOfPut(server.endpoint);
  expect([fault.kind, fault.code]).toEqual(["retryable", "ECONNREFUSED"]);
});

test("new credentials are asked for where the old ones expired", async () => {
  await using server = await startS3Server();
  const { requests } = openS3(server.endpoint);
  const before = process.env["AWS_ACCESS_KEY_ID"];
  try {
    process.env["AWS_ACCESS_KEY_ID"] = "old";
    await requests.put("a", [Buffer.from("x")], "plan");
    process.env["AWS_ACCESS_KEY_ID"] = "new";
    server.faults.add({ kind: "expired-token", times: 1 });
    await requests.put("b", [Buffer.from("x")], "plan");
  } finally {
    process.env["AWS_ACCESS_KEY_ID"] = before;
  }
  const keys = server.log.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? "")?.[1]);
  expect(keys).toEqual(["old", "old", "new"]);
});
