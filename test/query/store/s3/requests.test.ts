import { describe, expect, test } from "vitest";
import { CliError } from "../../../../query/cli-error.ts";
import { createS3Requests, type S3Requests } from "../../../../query/store/s3/requests.ts";
import { startS3Server, type S3Server } from "../../../servers/s3-server.ts";
import { NEVER, openBed } from "./bed.ts";

describe("a request that fails for a while", () => {
  test.each(["slow-down", "internal-error", "reset-before", "reset-after"] as const)(
    "%s is sent again",
    async (kind) => {
      await using bed = await openBed();
      bed.put("k", Buffer.from("0123456789"));
      bed.server.faults.add({ kind, operation: "GetObject", times: 4 });
      const { requests, delays } = open();
      expect(String(await requests.get("team/logs/k", { start: 2, end: 5 }, null, NEVER))).toBe("234");
      expect(requests.sent).toMatchObject({ gets: 5, bytes: 3 });
      // Full jitter: anything up to a limit that doubles.
      expect(delays).toHaveLength(4);
      for (const [i, delay] of delays.entries()) expect(delay).toBeLessThanOrEqual(200 * 2 ** i);
      expect(new Set(delays).size).toBe(4);
    },
  );

  test("an answer that does not come is waited for no longer than a connection may be silent", async () => {
    await using bed = await openBed();
    bed.put("k", Buffer.from("0123456789"));
    bed.server.faults.add({ kind: "hang-before", times: 1 });
    const { requests } = open({ silenceMsMax: 50 });
    expect(await requests.get("team/logs/k", { start: 0, end: 10 }, null, NEVER)).toHaveLength(10);
  });

  test("is given up after five tries, with exit code 5 and what to do", async () => {
    await using bed = await openBed();
    bed.server.faults.add({ kind: "slow-down" });
    const { requests } = open();
    const error = await failureOf(requests.list({ prefix: "" }, NEVER));
    expect(error).toMatchObject({ exitCode: 5, hint: expect.stringContaining("try again in a minute") as string });
    expect(error.message).toContain("cannot list s3://logs: SlowDown");
    expect(error.message).toContain("(5 tries)");
    expect(bed.server.stats().requests).toEqual({ ListObjectsV2: 5 });
  });
});

describe("what no further try cures", () => {
  test("access denied says which permission is missing", async () => {
    await using bed = await openBed();
    bed.server.faults.add({ kind: "forbidden" });
    const { requests } = open();
    const listing = await failureOf(requests.list({ prefix: "" }, NEVER));
    expect(listing).toMatchObject({ exitCode: 4, message: "cannot list s3://logs: access denied" });
    expect(listing.hint).toContain("s3:ListBucket on logs");
    const reading = await failureOf(requests.get("k", { start: 0, end: 1 }, null, NEVER));
    expect(reading.hint).toContain("s3:GetObject on logs/*");
    expect(requests.sent).toMatchObject({ lists: 1, gets: 1 });
  });

  test("a bucket that is not there, for a listing and for an object", async () => {
    await using bed = await openBed();
    expect(bed.location).toContain("s3://logs/");
    const { requests } = open({ bucket: "nowhere" });
    for (const asked of [requests.list({ prefix: "" }, NEVER), requests.get("k", { start: 0, end: 1 }, null, NEVER)]) {
      const error = await failureOf(asked);
      expect(error).toMatchObject({ exitCode: 4, hint: expect.stringContaining("correct --store") as string });
      expect(error.message).toContain("there is no bucket nowhere");
    }
  });

  test("credentials that have expired are asked for anew, once", async () => {
    await using bed = await openBed();
    bed.server.faults.add({ kind: "expired-token", times: 1 });
    const { requests } = open();
    await requests.list({ prefix: "" }, NEVER);
    expect(requests.sent.lists).toBe(2);
    bed.server.faults.add({ kind: "expired-token" });
    const error = await failureOf(open({ profile: null }).requests.list({ prefix: "" }, NEVER));
    expect(error).toMatchObject({
      exitCode: 4,
      message: "cannot list s3://logs: the AWS credentials have expired (2 tries)",
    });
    expect(error.hint).toContain("aws sso login");
  });

  test("no credentials at all", async () => {
    await using bed = await openBed();
    expect(bed.location).toContain("s3://");
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
    delete process.env["AWS_ACCESS_KEY_ID"];
    delete process.env["AWS_SECRET_ACCESS_KEY"];
    try {
      const error = await failureOf(open().requests.list({ prefix: "" }, NEVER));
      expect(error).toMatchObject({ exitCode: 4, message: "cannot list s3://logs: no AWS credentials were found" });
      expect(error.hint).toContain("AWS_PROFILE");
    } finally {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret });
    }
  });

  test("nobody listens", async () => {
    const server = await startS3Server();
    process.env["AWS_ENDPOINT_URL_S3"] = server.endpoint;
    await server[Symbol.asyncDispose]();
    const error = await failureOf(open().requests.list({ prefix: "" }, NEVER));
    expect(error.exitCode).toBe(4);
    expect(error.message).toContain("127.0.0.1 cannot be reached");
    expect(error.hint).toContain("AWS_ENDPOINT_URL_S3");
  });

  test("who answers is no S3", async () => {
    await using bed = await openBed();
    process.env["AWS_ENDPOINT_URL_S3"] = `${bed.server.endpoint}/_control/stats?`;
    const error = await failureOf(open().requests.list({ prefix: "" }, NEVER));
    expect(error).toMatchObject({ exitCode: 4, hint: expect.stringContaining("AWS_ENDPOINT_URL_S3") as string });
    expect(error.message).toContain("answers, but not as S3 does");
  });
});

describe("where and when the bucket is asked", () => {
  test("a bucket in another region is asked there, by all requests after", async () => {
    await using bed = await openBed();
    bed.server.faults.add({ kind: "wrong-region", times: 1 });
    const { requests } = open({ region: null });
    await requests.list({ prefix: "" }, NEVER);
    await requests.list({ prefix: "" }, NEVER);
    expect(regionsOf(bed.server)).toEqual(["us-east-1", "eu-west-1", "eu-west-1"]);
  });

  test("a bucket that is nowhere to be found says where it was said to be", async () => {
    await using bed = await openBed();
    bed.server.faults.add({ kind: "wrong-region" });
    const error = await failureOf(open().requests.list({ prefix: "" }, NEVER));
    expect(error).toMatchObject({
      exitCode: 4,
      message: "cannot list s3://logs: the bucket is in eu-west-1 (2 tries)",
    });
    expect(error.hint).toContain("AWS_REGION=eu-west-1");
  });

  test("a clock that is wrong is corrected by the service's", async () => {
    await using bed = await openBed();
    bed.server.faults.add({ kind: "clock-skew", times: 1 });
    const { requests } = open();
    await requests.list({ prefix: "" }, NEVER);
    expect(requests.sent.lists).toBe(2);
  });

  test("keys and prefixes of any characters arrive as they are", async () => {
    await using bed = await openBed({ prefix: "" });
    const key = "cluster=a%20b+c/ü&<ö>'(1)*!~";
    bed.put(key, Buffer.from("x"));
    const { requests } = open();
    const page = await requests.list({ prefix: "cluster=a%20b+c/ü&" }, NEVER);
    expect(page.objects.map((object) => object.key)).toEqual([key]);
    expect(String(await requests.get(key, null, page.objects[0]!.etag, NEVER))).toBe("x");
  });
});

test("an object that was replaced since it was listed is no longer read; one that is gone is null", async () => {
  await using bed = await openBed({ prefix: "" });
  bed.put("k", Buffer.from("old"));
  const { requests } = open();
  const { etag } = (await requests.list({ prefix: "k" }, NEVER)).objects[0]!;
  bed.put("k", Buffer.from("new"));
  const error = await failureOf(requests.get("k", { start: 0, end: 3 }, etag, NEVER));
  expect(error).toMatchObject({ exitCode: 4, message: "s3://logs/k was replaced since it was listed" });
  bed.server.bucket("logs").delete("k");
  expect(await requests.get("k", { start: 0, end: 3 }, etag, NEVER)).toBeNull();
});

test("no more than 64 requests are in flight", async () => {
  await using bed = await openBed({ prefix: "" });
  bed.put("k", Buffer.from("0123456789"));
  bed.server.faults.add({ kind: "latency", delayMs: 20 });
  const { requests } = open();
  await Promise.all(Array.from({ length: 200 }, () => requests.get("k", { start: 0, end: 1 }, null, NEVER)));
  expect(bed.server.stats().inFlightMost).toBeLessThanOrEqual(64);
  expect(requests.sent.gets).toBe(200);
});

test("an abort ends what is in flight and what waits for its turn, at once", async () => {
  await using bed = await openBed({ prefix: "" });
  bed.put("k", Buffer.from("0123456789"));
  bed.server.faults.add({ kind: "hang-before" });
  const { requests } = open();
  const stop = new AbortController();
  const all = Array.from({ length: 100 }, () => requests.get("k", { start: 0, end: 1 }, null, stop.signal));
  const settled = Promise.allSettled(all);
  await expect.poll(() => bed.server.stats().inFlight).toBe(64);
  stop.abort(new Error("stopped"));
  expect(new Set((await settled).map((one) => (one as PromiseRejectedResult).reason as unknown))).toEqual(
    new Set([stop.signal.reason]),
  );
  expect(requests.sent.gets).toBe(64);
});

function open(changes: Partial<Parameters<typeof createS3Requests>[0]> = {}): {
  requests: S3Requests;
  delays: number[];
} {
  const delays: number[] = [];
  const wait = async (delayMs: number): Promise<void> => void (await Promise.resolve(delays.push(delayMs)));
  return {
    requests: createS3Requests({ bucket: "logs", region: "us-east-1", profile: null, wait, ...changes }),
    delays,
  };
}

async function failureOf(asked: Promise<unknown>): Promise<CliError> {
  const error: unknown = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof CliError) return error;
  throw new Error("no CliError", { cause: error });
}

function regionsOf({ log }: S3Server): string[] {
  return log.map(({ headers }) => /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization!)![1]!);
}
