import { expect, test } from "vitest";
import { startS3Server } from "../../../servers/s3-server.ts";
import type { FaultKind } from "../../../servers/s3-faults.ts";
import { openS3 } from "./bed.ts";

const KEY = "cluster=c/dt=2026-11-21/hour=05/n-life-out-1.parquet";
const PLAN = "0123456789abcdef";
const SMALL = Buffer.from("small");
const LARGE = Buffer.alloc(6 * 1024 * 1024, "large ");

type Bed = ReturnType<typeof openS3>;

async function staged(bed: Bed, body = SMALL, plan = PLAN) {
  const object = bed.store.create(KEY, plan, bed.stop.signal);
  await object.write(body);
  await object.seal();
  return object;
}

const FAULTS: readonly FaultKind[] = [
  "slow-down",
  "internal-error",
  "error-after",
  "reset-before",
  "reset-after",
  "hang-before",
  "hang-after",
  "expired-token",
  "clock-skew",
  "forbidden",
  "kms-disabled",
];

test.each(FAULTS)("a put that meets %s three times stores the object once", async (kind) => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint, { requestTimeoutMs: 300 });
  const object = await staged(bed);
  server.faults.add({ kind, operation: "PutObject", times: 3 });
  await object.publish();
  expect(server.faults.applied[kind]).toBeGreaterThan(0);
  expect(server.bucket("logs").body(KEY).equals(SMALL)).toBe(true);
  expect(server.stats()).toMatchObject({ objects: 1, overwritten: 0 });
});

test.each([...FAULTS, "error-in-200", "slow-answer"] as const)(
  "an upload whose every request meets %s stores the object once, and leaves nothing",
  async (kind) => {
    await using server = await startS3Server();
    const bed = openS3(server.endpoint, { requestTimeoutMs: 500 });
    for (const operation of ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
      server.faults.add({ kind, operation, times: 1 });
    const object = await staged(bed, LARGE);
    await object.publish();
    expect(server.bucket("logs").body(KEY).equals(LARGE)).toBe(true);
    expect(server.stats()).toMatchObject({ objects: 1, overwritten: 0 });
  },
);

test("a completed upload whose answer was lost is found there, and not made again", async () => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint);
  const object = await staged(bed, LARGE);
  server.faults.add({ kind: "reset-after", operation: "CompleteMultipartUpload", times: 1 });
  await object.publish();
  expect(server.stats().requests).toMatchObject({ CompleteMultipartUpload: 2, HeadObject: 1, UploadPart: 2 });
});

test.each(["conflict", "no-such-upload"] as const)(
  "an upload that meets %s at its end is to be made again",
  async (kind) => {
    await using server = await startS3Server();
    const bed = openS3(server.endpoint);
    const object = await staged(bed, LARGE);
    server.faults.add({ kind, operation: "CompleteMultipartUpload", times: 1 });
    await expect(object.publish()).rejects.toThrow(`cannot store ${KEY}: its upload came to nothing`);
    await object.abandon();
    expect(server.stats()).toMatchObject({ objects: 0, uploads: 0 });
    await (await staged(bed, LARGE)).publish();
    expect(server.stats()).toMatchObject({ objects: 1, uploads: 0 });
  },
);

test("an upload that someone aborts meanwhile is to be made again", async () => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint);
  server.faults.add({ kind: "no-such-upload", operation: "UploadPart", times: 1 });
  await expect(staged(bed, LARGE)).rejects.toThrow("its upload was aborted by someone else");
});

test.each([SMALL, LARGE])("a key that holds this very shipment counts as stored", async (body) => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint);
  const [first, second] = [await staged(bed, body), await staged(bed, body)];
  await first.publish();
  await second.publish();
  expect(server.stats()).toMatchObject({ objects: 1, uploads: 0, overwritten: 0 });
});

test.each([SMALL, LARGE])(
  "a key that holds another shipment is an error that says so, and nothing is overwritten",
  async (body) => {
    await using server = await startS3Server();
    const bed = openS3(server.endpoint);
    await (await staged(bed, SMALL, "other")).publish();
    const object = await staged(bed, body);
    await expect(object.publish()).rejects.toThrow(
      `cannot store ${KEY}: another object has this key (its logq-plan is other, not ${PLAN}). A second agent may have a copy`,
    );
    await expect(bed.store.exists(KEY, PLAN, bed.stop.signal)).rejects.toThrow("another object has this key");
    expect(server.bucket("logs").body(KEY).equals(SMALL)).toBe(true);
  },
);

test("without permission to look, a key of our life that is taken counts as stored, and an upload that is gone does not", async () => {
  await using server = await startS3Server();
  server.faults.add({ kind: "forbidden", operation: "HeadObject" });
  const bed = openS3(server.endpoint);
  const [small, again] = [await staged(bed), await staged(bed)];
  await small.publish();
  await again.publish();
  expect(await bed.store.exists(KEY, PLAN, bed.stop.signal)).toBe(false);
  server.bucket("logs").delete(KEY);
  const large = await staged(bed, LARGE);
  server.faults.add({ kind: "no-such-upload", operation: "CompleteMultipartUpload", times: 1 });
  await expect(large.publish()).rejects.toThrow("its upload came to nothing (forbidden)");
});

test("a put that meets a conflict is sent again", async () => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint);
  server.faults.add({ kind: "conflict", operation: "PutObject", times: 2 });
  await (await staged(bed)).publish();
  expect(server.stats()).toMatchObject({ objects: 1, requests: { PutObject: 3 } });
});

test("a store that ignores conditions gets the same object again, whole", async () => {
  await using server = await startS3Server({ conditions: "ignored" });
  const bed = openS3(server.endpoint);
  server.faults.add({ kind: "error-after", operation: "PutObject", times: 1 });
  await (await staged(bed)).publish();
  expect(server.bucket("logs").body(KEY).equals(SMALL)).toBe(true);
});

test("a store that refuses conditions gets objects without them, which is said once", async () => {
  await using server = await startS3Server({ conditions: "refused" });
  const bed = openS3(server.endpoint);
  for (const body of [SMALL, LARGE]) {
    await (await staged(bed, body)).publish();
    expect(server.bucket("logs").body(KEY).equals(body)).toBe(true);
  }
  expect(bed.log.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual([
    expect.stringContaining("the store refuses conditional writes (If-None-Match)"),
  ]);
});

test("nothing is waited for when the agent ends: neither an answer nor a next try", async () => {
  await using server = await startS3Server();
  for (const kind of ["hang-before", "slow-down"] as const) {
    const bed = openS3(server.endpoint, { requestTimeoutMs: 60_000 });
    const object = await staged(bed);
    server.faults.add({ kind, operation: "PutObject" });
    const published = object.publish();
    await expect.poll(() => server.faults.applied[kind]).toBeGreaterThan(0);
    bed.stop.abort();
    await expect(published).rejects.toThrow("aborted");
    server.faults.clear();
  }
});

test("objects say what they are: plan, type, encoding, encryption, class, ACL and tags, in one request or many", async () => {
  await using server = await startS3Server();
  const options = {
    format: "json_lines",
    compression: "gzip",
    sse: "aws:kms",
    sseKmsKeyId: "key-1",
    storageClass: "STANDARD_IA",
    cannedAcl: "bucket-owner-full-control",
    tagging: ["team=a&b", "env=prod"],
  } as const;
  for (const body of [SMALL, LARGE]) {
    await (await staged(openS3(server.endpoint, options), body)).publish();
    expect(server.bucket("logs").objects.get(KEY)?.headers).toEqual({
      "x-amz-meta-logq-plan": PLAN,
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
      "x-amz-server-side-encryption-bucket-key-enabled": "true",
      "x-amz-storage-class": "STANDARD_IA",
      "x-amz-acl": "bucket-owner-full-control",
      "x-amz-tagging": "team=a%26b&env=prod",
    });
    server.bucket("logs").delete(KEY);
  }
});

test("memory is bounded: one part of a large object, all of a small one", async () => {
  await using server = await startS3Server();
  const object = openS3(server.endpoint).store.create(KEY, PLAN, new AbortController().signal);
  await object.write(SMALL);
  expect(object.heldBytes).toBe(SMALL.length);
  for (let written = 0; written < 5; written++) {
    await object.write(LARGE);
    expect(object.heldBytes).toBe(5 * 1024 * 1024);
  }
  await object.abandon();
  expect([object.heldBytes, server.stats().uploads]).toEqual([0, 0]);
});

test("objects that are open together are stored as they are, in memory that others had before", async () => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint);
  const bodies = Array.from({ length: 6 }, (_, i) => Buffer.alloc(300_000 * (i + 1), `object ${i} `));
  for (const round of [0, 1]) {
    const objects = bodies.map((_, i) => bed.store.create(`${round}-${i}`, PLAN, bed.stop.signal));
    for (let at = 0; at < 1_800_000; at += 100_000)
      for (const [i, object] of objects.entries()) await object.write(bodies[i]!.subarray(at, at + 100_000));
    for (const object of objects) await object.seal();
    for (const object of objects) await object.publish();
    for (const [i, body] of bodies.entries())
      expect(server.bucket("logs").body(`${round}-${i}`).equals(body)).toBe(true);
  }
});

test.each([SMALL, LARGE])(
  "a forbidden object never appears, though its request comes late, until its shipment is finished after all",
  async (body) => {
    await using server = await startS3Server();
    const bed = openS3(server.endpoint);
    const { signal } = bed.stop;
    const tombstone = Buffer.from("no rows");
    for (let crashed = 0; crashed < 2; crashed++)
      expect(await bed.store.forbid!(KEY, PLAN, tombstone, signal)).toBe(true);
    expect(await bed.store.exists(KEY, PLAN, signal)).toBe(false);
    // As it was sent before the crash.
    expect(await bed.once.put(KEY, [body], PLAN)).toBe("exists");
    expect(server.bucket("logs").body(KEY).equals(tombstone)).toBe(true);
    await (await staged(bed, body)).publish();
    expect(server.bucket("logs").body(KEY).equals(body)).toBe(true);
    expect(await bed.store.exists(KEY, PLAN, signal)).toBe(true);
  },
);

test("an object that is there can't be forbidden; a key that another shipment has is forbidden by that", async () => {
  await using server = await startS3Server();
  const bed = openS3(server.endpoint);
  await (await staged(bed)).publish();
  expect(await bed.store.forbid!(KEY, PLAN, Buffer.from("no rows"), bed.stop.signal)).toBe(false);
  expect(await bed.store.forbid!(KEY, "other", Buffer.from("no rows"), bed.stop.signal)).toBe(true);
  expect(server.bucket("logs").body(KEY).equals(SMALL)).toBe(true);
});

test.each([
  ["ignored", ["the store ignores the conditions of writes (If-None-Match): nothing guards a key that is taken"]],
  [
    "refused",
    ["the store refuses conditional writes (If-None-Match): going on without, so nothing guards a key that is taken"],
  ],
  ["honored", []],
] as const)(
  "that conditions are %s is found out at the start, before anything is stored, and said",
  async (conditions, said) => {
    await using server = await startS3Server({ conditions });
    const bed = openS3(server.endpoint, { prefix: "logs/" });
    await bed.store.clean({ prefix: "cluster=c/", isOwn: () => false }, bed.stop.signal);
    expect(bed.log.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual(said);
    expect([...server.bucket("logs").objects.keys()]).toEqual(conditions === "ignored" ? ["logs/_logq-probe"] : []);
  },
);

test("a store that can't be asked at the start is not waited for, and nothing is said of it", async () => {
  await using server = await startS3Server();
  server.faults.add({ kind: "internal-error" });
  const bed = openS3(server.endpoint);
  await bed.store.clean({ prefix: "cluster=c/", isOwn: () => false }, bed.stop.signal);
  expect(bed.log.filter(({ level }) => level !== "debug")).toEqual([]);
});
