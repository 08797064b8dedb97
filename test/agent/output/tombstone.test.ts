import { expect, test } from "vitest";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { createOutput } from "../../../agent/output/create.ts";
import { startS3Server } from "../../servers/s3-server.ts";
import { READERS } from "../encode/parquet/readers.ts";
import { recordingLogger } from "../fixture.ts";
import { s3Config } from "./s3/bed.ts";
import type { S3Config } from "../../../config/output/s3.ts";

/** The body of the tombstone that forbids an object of this format. */
async function tombstone(changes: Partial<S3Config>): Promise<Buffer> {
  await using server = await startS3Server();
  const context = { cluster: "c", node: "n", life: "life" };
  const { log } = recordingLogger();
  const output = createOutput(s3Config(server.endpoint, changes), context, { probe: () => undefined, log });
  const entry = {
    seq: 1,
    planId: "p",
    readTimeMs: 0,
    output: {},
    keys: ["a", "b"],
    ranges: [],
    lost: [],
    records: 0,
    filtered: [],
  };
  expect(await output.forbid(entry, new AbortController().signal)).toBe(true);
  expect([...server.bucket("logs").objects.keys()]).toEqual(["a", "b"]);
  return server.bucket("logs").body("b");
}

test.each(Object.entries(READERS))("%s reads a tombstone as a table without rows", async (_name, read) => {
  expect(await read(await tombstone({ format: "parquet" }))).toEqual([]);
});

test("a tombstone of JSON lines has no lines, compressed or not", async () => {
  expect((await tombstone({ format: "json_lines", compression: "none" })).length).toBe(0);
  expect(gunzipSync(await tombstone({ format: "json_lines", compression: "gzip" })).length).toBe(0);
  expect(zstdDecompressSync(await tombstone({ format: "json_lines", compression: "zstd" })).length).toBe(0);
});
