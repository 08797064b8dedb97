import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recordKey } from "../../../config/compact-records.ts";
import { compactionClaims } from "../../conformance/compaction.ts";
import { startS3Server } from "../../servers/s3-server.ts";
import { PARTITION } from "../store/objects.ts";
import { AT, directoryPlace, SIGNAL } from "./bed.ts";
import { bucketPlace } from "./bucket-place.ts";

compactionClaims("a directory", directoryPlace);

compactionClaims("a bucket", async () => {
  const server = await startS3Server();
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  return bucketPlace(server.endpoint, "logs");
});

test("what a killed run left of a record goes before anything else, so that the record's grace does not begin anew later", async () => {
  const place = await directoryPlace();
  const key = recordKey(PARTITION, 1, "outcome");
  const first = await place.openCompact();
  await first.createRecord(key, "{}", SIGNAL);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const folder = join(place.root, "_staging", `compact~${hostname()}~${pid}~0123abcd`);
  mkdirSync(folder);
  linkSync(join(place.root, key), join(folder, "record"));

  const second = await place.openCompact();
  expect(readdirSync(join(place.root, "_staging"))).toEqual([]);
  const [before] = await second.listRecords(AT, SIGNAL);
  await second.createRecord(recordKey(PARTITION, 1, "cleaned"), "{}", SIGNAL);
  const after = (await second.listRecords(AT, SIGNAL)).find((record) => record.key === key);
  expect(after).toEqual(before);
});
