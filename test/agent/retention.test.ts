import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultyFiles } from "../helpers/faulty-files.ts";
import { openBed, restartBed, type Bed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const big = line("x".repeat(10_000));
const lossesOf = (bed: Bed) =>
  bed.lines.filter(({ level }) => level === "error").map(({ fields }) => [fields["reason"], fields["bytes"]]);
const errorBytes = (bed: Bed) => bed.ledger.accounts().map((account) => account.errorBytes);

/** Follows `a.log` and ships its first line; then it grows by `big`, and its name goes away. */
async function withDeleted(changes = {}): Promise<Bed> {
  const bed = await openBed({ limitBytes: 0, ...changes });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, big);
  await bed.tail.poll(T0_MS + 1000, true);
  rmSync(path);
  await bed.tail.poll(T0_MS + 20_000, true);
  return bed;
}

test.each([
  ["links", true],
  ["descriptors", false],
])("what %s hold beyond the limit is given up, counted as lost, and its space freed", async (_, links) => {
  await using bed = await withDeleted({ links });
  const descriptors = readdirSync("/proc/self/fd").length;
  expect(await bed.release()).toHaveLength(1);
  expect(lossesOf(bed)).toEqual([["limit", big.length]]);
  expect(bed.ledger.accounts()[0]).toMatchObject({ lostBytes: { limit: big.length }, errorBytes: 0 });
  expect(readdirSync(join(bed.folder, "state/files"))).toEqual([expect.stringMatching(/\.gone$/)]);
  expect(readdirSync("/proc/self/fd").length).toBe(descriptors - (links ? 0 : 1));
  await bed.release();
  expect(lossesOf(bed)).toHaveLength(1);
});

test("a file that still has a name is not given up, whatever the limit", async () => {
  await using bed = await openBed({ limitBytes: 0 });
  const path = join(bed.logs, "a.log");
  append(path, big);
  await bed.tail.discover(T0_MS);
  renameSync(path, join(bed.logs, "a.log.20261121-050001"));
  append(path, line("2"));
  await bed.tail.poll(T0_MS + 20_000, true);
  await bed.release();
  await bed.run(T0_MS + 30_000);
  expect(bed.output.published).toHaveLength(2);
  expect(lossesOf(bed)).toEqual([]);
});

test("a chain goes on with what follows a file that was given up, and its open record is lost with it", async () => {
  await using bed = await openBed({ limitBytes: 0 });
  const path = join(bed.logs, "a.log");
  const part = cri("stdout", "P", "half of ");
  append(path, line("1") + part);
  await bed.run(T0_MS);
  rmSync(path);
  append(path, line("2"));
  await bed.tail.poll(T0_MS + 20_000, true);
  await bed.release();
  await bed.run(T0_MS + 30_000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  // The line's end itself is read, and not a part of the record.
  expect(lossesOf(bed)).toEqual([["limit", part.length - 1]]);
  expect(errorBytes(bed)).toEqual([0]);
});

test("the files of a journaled shipment are exempt until it is resolved", async () => {
  await using bed = await withDeleted();
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS + 21_000)).rejects.toThrow("publish fails");
  await bed.release();
  expect(lossesOf(bed)).toEqual([]);
  bed.output.failing.clear();
  await bed.run(T0_MS + 22_000);
  await bed.release();
  expect(bed.output.published).toHaveLength(2);
  expect(lossesOf(bed)).toEqual([]);
});

test("a file that is committed already is not given up, but released in its time", async () => {
  await using bed = await withDeleted();
  await bed.run(T0_MS + 21_000);
  expect(await bed.release()).toHaveLength(0);
  await bed.tail.poll(T0_MS + 90_000, true);
  expect(await bed.release()).toHaveLength(1);
  expect(lossesOf(bed)).toEqual([]);
});

test("a full disk does not keep a committed file from being released", async () => {
  await using bed = await withDeleted();
  await bed.run(T0_MS + 21_000);
  await bed.tail.poll(T0_MS + 90_000, true);
  using files = await faultyFiles();
  files.fail({ op: "open", path: /\.json\.tmp$/, code: "ENOSPC" });
  expect(await bed.release()).toHaveLength(1);
  expect(readdirSync(join(bed.folder, "state/files"))).toEqual([expect.stringMatching(/\.gone$/)]);
});

test("a restart after a file was given up neither reads it nor counts it again", async () => {
  await using bed = await withDeleted();
  await bed.release();
  await using after = await restartBed(bed, { limitBytes: 0 });
  await after.run(T0_MS + 30_000);
  await after.release();
  expect([after.logsShipped(), lossesOf(after)]).toEqual([[], []]);
});

test.each([
  ["space", { bavail: 10, ffree: 900 }],
  ["inodes", { bavail: 900, ffree: 79 }],
])("links are given up when the file system runs out of %s", async (_, free) => {
  await using bed = await withDeleted({ limitBytes: 1e12 });
  using files = await faultyFiles();
  files.answer({ op: "statfs", path: /./ }, () => Promise.resolve({ bsize: 4096, blocks: 1000, files: 1000, ...free }));
  await bed.release();
  expect(lossesOf(bed)).toEqual([["disk-full", big.length]]);
});

test("a file system that does not say how full it is costs no file", async () => {
  await using bed = await withDeleted({ limitBytes: 1e12 });
  using files = await faultyFiles();
  files.fail({ op: "statfs", path: /./, code: "EIO" });
  await bed.release();
  expect(bed.lines.filter(({ level }) => level === "error").map(({ text }) => text)).toEqual([
    "cannot look at the free disk space; links are kept",
  ]);
  expect(bed.tail.files.size).toBe(1);
});

test("a loss is counted once, though the file can't be buried at once", async () => {
  await using bed = await withDeleted();
  using files = await faultyFiles();
  files.fail({ op: "rename", path: /\.gone$/, code: "EROFS", times: 2 });
  for (let i = 0; i < 3; i++) await bed.release();
  const losses = lossesOf(bed).filter(([reason]) => reason !== undefined);
  expect(losses).toEqual([["limit", big.length]]);
  expect(errorBytes(bed)).toEqual([0]);
  expect(bed.tail.files.size).toBe(0);
});
