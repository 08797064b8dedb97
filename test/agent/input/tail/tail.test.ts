import { linkSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBed, restartBed } from "../../bed.ts";
import { append, cri, T0_MS } from "../../fixture.ts";

const line = (text: string) => cri("stdout", "F", text);
const rotated = (path: string, n: number) => `${path}.20261121-05000${n}`;

test("a file that appears while running is found", async () => {
  await using bed = await openBed();
  await bed.run(T0_MS);
  append(join(bed.logs, "a.log"), line("one"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["one"]);
});

test("a rotation by rename loses and repeats nothing", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("2"));
  renameSync(path, rotated(path, 1));
  append(path, line("3"));
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["1", "2", "3"]);
  expect(bed.tail.chains.size).toBe(1);
});

test("several rotations between two looks are all found, in order", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("0"));
  await bed.run(T0_MS);
  for (let n = 1; n <= 4; n++) {
    renameSync(path, rotated(path, n));
    append(path, line(String(n)));
  }
  await bed.run(T0_MS + 1000);
  await bed.run(T0_MS + 10_000);
  expect(bed.logsShipped()).toEqual(["0", "1", "2", "3", "4"]);
  expect(bed.lines.filter(({ level }) => level === "warn")).toEqual([]);
});

test("what was written between the last look and a rotation is of the rotated file, however quiet that was", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "P", "one "));
  await bed.run(T0_MS);
  append(path, line("whole"));
  renameSync(path, `${path}.20261121-050001`);
  append(path, line("2"));
  await bed.run(T0_MS + 60_000);
  await bed.run(T0_MS + 70_000);
  expect(bed.logsShipped()).toEqual(["one whole", "2"]);
});

test("what was written between the last look and the next attempt ends the record that was open", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "0.log"), cri("stdout", "P", "one "));
  await bed.run(T0_MS);
  append(join(bed.logs, "0.log"), line("whole"));
  append(join(bed.logs, "1.log"), line("2"));
  await bed.tail.discover(T0_MS + 60_000);
  await bed.shipper.ship(T0_MS + 60_000, new AbortController().signal);
  expect(bed.logsShipped().toSorted()).toEqual(["2", "one whole"]);
});

test("what a deleted file held is still shipped", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.tail.discover(T0_MS);
  rmSync(path);
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1"]);
});

test("a file is gone after 60 s without a name, and given up only once it is shipped", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.tail.discover(T0_MS);
  rmSync(path);
  await bed.tail.poll(T0_MS + 20_000, true);
  await bed.tail.poll(T0_MS + 79_999, true);
  expect([...bed.tail.files.values()].map(({ gone }) => gone)).toEqual([false]);
  await bed.tail.poll(T0_MS + 90_000, true);
  expect([...bed.tail.files.values()].map(({ gone }) => gone)).toEqual([true]);
  expect(await bed.release()).toEqual([]);
  await bed.run(T0_MS + 91_000);
  expect(await bed.release()).toHaveLength(1);
  expect(readdirSync(join(bed.folder, "state/files"))).toEqual([expect.stringMatching(/^[0-9a-f]{16}\.gone$/)]);
});

test("an empty file that is gone is given up, though nothing of it was ever shipped", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), "");
  await bed.run(T0_MS);
  rmSync(join(bed.logs, "a.log"));
  await bed.run(T0_MS + 20_000);
  await bed.run(T0_MS + 90_000);
  expect(await bed.release()).toHaveLength(1);
});

test("a file that is renamed back within 60 s is not gone", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  const away = join(bed.folder, "away");
  renameSync(path, away);
  await bed.tail.poll(T0_MS + 20_000, true);
  renameSync(away, path);
  await bed.tail.poll(T0_MS + 50_000, true);
  renameSync(path, away);
  await bed.tail.poll(T0_MS + 90_000, true);
  expect([...bed.tail.files.values()].map(({ gone }) => gone)).toEqual([false]);
});

test("a file that was shipped and buried is not shipped again under its rotated name", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  const away = join(bed.folder, "away");
  renameSync(path, away);
  await bed.run(T0_MS + 20_000);
  await bed.run(T0_MS + 90_000);
  expect(await bed.release()).toHaveLength(1);
  linkSync(away, path);
  await using after = await restartBed(bed);
  await after.run(T0_MS + 100_000);
  expect(after.logsShipped()).toEqual([]);
});

test("what is written to a rotated file after a minute of silence is shipped", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, rotated(path, 1));
  append(path, "");
  await bed.run(T0_MS + 1000);
  append(rotated(path, 1), line("late"));
  await bed.tail.poll(T0_MS + 120_000);
  await bed.shipper.ship(T0_MS + 120_000, new AbortController().signal);
  expect(bed.logsShipped()).toEqual(["1", "late"]);
});

test("a restart goes on at the committed position, through the link", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1") + cri("stdout", "P", "half "));
  await bed.run(T0_MS);
  append(path, line("whole"));
  renameSync(path, rotated(path, 1));
  append(path, line("2"));
  rmSync(rotated(path, 1));
  await using after = await restartBed(bed);
  await after.run(T0_MS + 3_600_000 * 1e4);
  expect(after.logsShipped()).toEqual(["half whole", "2"]);
});

test("without links a file rotated and deleted while running is read through its descriptor", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.tail.discover(T0_MS);
  rmSync(path);
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1"]);
  expect(readdirSync(join(bed.folder, "state/files")).filter((name) => name.endsWith(".log"))).toEqual([]);
});

test("without links a restart finds a rotated file again by its inode and first bytes", async () => {
  await using bed = await openBed({ links: false });
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  append(path, line("2"));
  renameSync(path, rotated(path, 1));
  append(path, line("3"));
  await using after = await restartBed(bed, { links: false });
  await after.run(T0_MS + 3_600_000 * 1e4);
  expect(after.logsShipped()).toEqual(["2", "3"]);
});

test("the next attempt of a container ends the chain of the one before, last words included", async () => {
  await using bed = await openBed();
  mkdirSync(join(bed.logs, "c"));
  await using pods = await openBed({ folder: bed.folder, path: [join(bed.logs, "c", "*.log")] });
  append(join(bed.logs, "c/0.log"), line("1") + cri("stdout", "P", "last words"));
  await pods.run(T0_MS);
  expect(pods.shipper.pendingBytes()).toBe(0);
  append(join(bed.logs, "c/1.log"), line("2"));
  await pods.run(T0_MS + 1000);
  expect(pods.shipper.pendingBytes()).toBeGreaterThan(0);
  await pods.run(T0_MS + 3_600_000 * 1e4);
  expect(pods.output.published.map(({ log, cut }) => [log, cut])).toEqual([["1", null], ["2", null], ["last words", "end"]]); // prettier-ignore
  expect(pods.shipper.pendingBytes()).toBe(0);
});

test("a gap is suspected when no followed file is listed any more", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  rmSync(path);
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  expect(bed.lines.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual([
    expect.stringContaining("suspected gap"),
  ]);
});

test("read_from_head off skips what is there at the first look, and nothing later", async () => {
  await using bed = await openBed({ readFromHead: false });
  const path = join(bed.logs, "a.log");
  append(path, line("skipped"));
  await bed.run(T0_MS);
  append(path, line("1"));
  writeFileSync(join(bed.logs, "b.log"), line("2"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped().toSorted()).toEqual(["1", "2"]);
});
