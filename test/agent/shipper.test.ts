import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeOutput, openBed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const NEVER = new AbortController().signal;
const line = (text: string) => cri("stdout", "F", text);

test.each(["begin", "accept", "seal"] as const)(
  "when %s fails nothing moves, and the next try ships all",
  async (step) => {
    await using bed = await openBed();
    append(join(bed.logs, "a.log"), line("1"));
    bed.output.failing.add(step);
    await expect(bed.run(T0_MS)).rejects.toThrow(`${step} fails`);
    expect([bed.positions.cursors.size, bed.positions.unresolved, bed.positions.nextSeq]).toEqual([0, null, 1]);
    expect(bed.output.abandoned).toEqual(step === "begin" ? [] : [1]);
    bed.output.failing.clear();
    await bed.run(T0_MS + 1000);
    expect(bed.logsShipped()).toEqual(["1"]);
  },
);

test("when publishing fails the same shipment is repeated before any other", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  expect(bed.positions.cursors.size).toBe(0);
  append(path, line("2"));
  bed.output.failing.clear();
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  expect(bed.positions.nextSeq).toBe(3);
});

test("after a crash a shipment whose objects are there is committed without being sent again", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  await bed.positions.close();
  await bed.tail.close();
  const output = fakeOutput();
  output.delivered = true;
  await using after = await openBed({ folder: bed.folder, output });
  await after.run(T0_MS + 1000);
  expect([after.logsShipped(), after.positions.unresolved]).toEqual([[], null]);
});

test("after a crash a shipment whose objects are not there is encoded again from the same ranges", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1") + cri("stdout", "P", "half "));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  await bed.positions.close();
  await bed.tail.close();
  append(path, line("whole"));
  await using after = await openBed({ folder: bed.folder });
  await after.shipper.recover(NEVER);
  expect(after.logsShipped()).toEqual(["1"]);
  await after.run(T0_MS + 1000);
  expect(after.logsShipped()).toEqual(["1", "half whole"]);
});

test("a repeated shipment that gives other objects stops with both names", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  bed.output.failing.clear();
  bed.output.keysOf = () => ["other"];
  await expect(bed.run(T0_MS)).rejects.toThrow(
    "cannot repeat shipment 1: it gave the objects other instead of object-1",
  );
  expect(bed.logsShipped()).toEqual([]);
});

test("a commit that can't be journaled is made up for by the next try", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  const commit = bed.positions.commit.bind(bed.positions);
  bed.positions.commit = () => Promise.reject(new Error("disk full"));
  await expect(bed.run(T0_MS)).rejects.toThrow("disk full");
  bed.positions.commit = commit;
  bed.output.delivered = true;
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1"]);
});

test("a stop between two chains abandons the shipment", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  await bed.tail.discover(T0_MS);
  await expect(bed.shipper.ship(T0_MS, AbortSignal.abort())).rejects.toThrow("aborted");
  expect([bed.output.abandoned, bed.positions.nextSeq]).toEqual([[1], 1]);
});

test("a file is not given up while a record is open in it, nor while a shipment is unresolved", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, cri("stdout", "P", "half"));
  await bed.run(T0_MS);
  const [chain] = bed.tail.chains.values();
  expect(bed.shipper.isDone(chain!, chain!.files[0]!)).toBe(false);
  append(path, line(""));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS + 1000)).rejects.toThrow("publish fails");
  rmSync(path);
  expect(bed.shipper.isDone(chain!, chain!.files[0]!)).toBe(false);
  bed.output.failing.clear();
  await bed.run(T0_MS + 2000);
  expect(bed.shipper.isDone(chain!, chain!.files[0]!)).toBe(true);
});

test("an empty file behind one that was shipped and given up is given up too", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await bed.run(T0_MS);
  renameSync(path, `${path}.20261121-050000`);
  append(path, "");
  await bed.run(T0_MS + 1000);
  for (const name of [path, `${path}.20261121-050000`]) rmSync(name);
  for (const minutes of [1, 3]) await bed.run(T0_MS + minutes * 60_000);
  await bed.release();
  expect([...bed.tail.files.keys()]).toEqual([]);
});

test("small shipments carry a backlog in order", async () => {
  await using bed = await openBed({ bytesMax: 100 });
  const texts = Array.from({ length: 20 }, (_, i) => String(i));
  append(join(bed.logs, "a.log"), texts.map(line).join(""));
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual(texts);
  expect(bed.positions.nextSeq).toBeGreaterThan(5);
});

test("empty lines that are left out are accounted for, also at the second try and in a shipment of nothing else", async () => {
  await using bed = await openBed({ skipEmptyLines: true });
  const path = join(bed.logs, "a.log");
  append(path, line("1") + line("") + line("2"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  bed.output.failing.clear();
  await bed.run(T0_MS + 1000);
  append(path, line(""));
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  const filtered = line("").length * 2;
  expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { filtered, pending: 0 } });
  expect(bed.ledger.accounts()[0]?.records).toMatchObject({ filtered: 2, delivered: 2 });
});

test("empty lines behind a batch that was refused are counted once", async () => {
  await using bed = await openBed({ skipEmptyLines: true });
  append(join(bed.logs, "a.log"), line("") + line("1") + line("") + line("2"));
  const begin = bed.output.begin.bind(bed.output);
  bed.output.begin = (header, signal) => ({ ...begin(header, signal), accept: () => Promise.resolve(false) });
  await bed.shipper.ship(T0_MS, NEVER);
  await bed.tail.discover(T0_MS);
  await bed.shipper.ship(T0_MS, NEVER);
  bed.output.begin = begin;
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { filtered: line("").length * 2 } });
});
