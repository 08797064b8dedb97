import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fakeOutput, openBed, restartBed, type Bed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const line = (text: string) => cri("stdout", "F", text);

/** Leaves a shipment journaled and not published. */
async function interrupt(bed: Bed, nowMs = T0_MS): Promise<void> {
  bed.output.failing.add("publish");
  await expect(bed.run(nowMs)).rejects.toThrow("publish fails");
  bed.output.failing.clear();
}

function expectBalance(bed: Bed): void {
  for (const account of bed.ledger.accounts()) {
    expect(account.total).toMatchObject({ pending: 0 });
    expect(account.errorBytes).toBe(0);
  }
}

function lossesOf(bed: Bed): unknown[] {
  return bed.lines
    .filter(({ text }) => text.startsWith("lost"))
    .map(({ fields }) => [fields["reason"], fields["bytes"]]);
}

test("a shipment whose file was truncated before it was published is undone, and planned anew under another number", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  const unread = line("never delivered");
  append(path, unread);
  append(join(bed.logs, "b.log"), line("b"));
  await interrupt(bed);
  truncateSync(path, 0);
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped().toSorted()).toEqual(["2", "b"]);
  expect([bed.positions.unresolved, bed.positions.nextSeq]).toEqual([null, 3]);
  expect(lossesOf(bed)).toEqual([["truncated", unread.length]]);
  expectBalance(bed);
});

test("the same after a restart: it does not stop the start", async () => {
  await using before = await openBed();
  const path = join(before.logs, "a.log");
  append(path, line("never delivered"));
  await interrupt(before);
  await using bed = await restartBed(before);
  truncateSync(path, 0);
  append(path, line("2"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["2"]);
  expect(bed.positions.unresolved).toBe(null);
  expect(lossesOf(bed)).toHaveLength(1);
  expectBalance(bed);
});

test("a file that was overwritten by as many bytes is not taken for what was read", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("one"));
  await interrupt(bed);
  writeFileSync(path, line("ONE"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["ONE"]);
  expect(bed.positions.nextSeq).toBe(3);
  expect(lossesOf(bed)).toHaveLength(1);
});

test("where a part of the shipment is visible the rest is shipped under its names, and what is missing is lost", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  const missing = line("gone");
  append(path, missing);
  append(join(bed.logs, "b.log"), line("b"));
  bed.output.keysOf = (seq) => [`object-${seq}`, `object-${seq}-h06`];
  await interrupt(bed);
  bed.output.visibleKeys.add("object-1");
  bed.output.keysOf = () => ["object-1-h06"];
  truncateSync(path, 0);
  append(path, line("2"));
  await bed.shipper.recover(new AbortController().signal);
  expect(bed.logsShipped()).toEqual(["b"]);
  expect(lossesOf(bed)).toEqual([["truncated", missing.length]]);
  bed.output.keysOf = (seq) => [`object-${seq}`];
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["b", "2"]);
  expect(lossesOf(bed)).toHaveLength(1);
  expectBalance(bed);
});

test("a shipment that lost its files is never finished under names it did not journal", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("gone"));
  append(join(bed.logs, "b.log"), line("b"));
  await interrupt(bed);
  bed.output.visibleKeys.add("object-1");
  bed.output.keysOf = () => ["another"];
  truncateSync(join(bed.logs, "a.log"), 0);
  await expect(bed.run(T0_MS + 1000)).rejects.toThrow("it gave the objects another instead of object-1");
  expect(bed.logsShipped()).toEqual([]);
});

test("a record that stayed open in a file that is gone is lost with it, and the rest of the shipment is finished", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  const half = cri("stdout", "P", "half ");
  append(path, half);
  append(join(bed.logs, "b.log"), line("b1"));
  await bed.run(T0_MS);
  append(path, line("whole"));
  append(join(bed.logs, "b.log"), line("b2"));
  await interrupt(bed, T0_MS + 1000);
  bed.output.visibleKeys.add("object-2");
  truncateSync(path, 0);
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual(["b1", "b2"]);
  const bytes = half.length - 1 + line("whole").length;
  expect(lossesOf(bed)).toEqual([["truncated", bytes]]);
  expectBalance(bed);
});

test("a shipment that is visible is committed whatever became of its files", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("delivered"));
  await interrupt(bed);
  truncateSync(path, 0);
  bed.output.delivered = true;
  await bed.shipper.recover(new AbortController().signal);
  expect([bed.logsShipped(), bed.positions.nextSeq, lossesOf(bed)]).toEqual([[], 2, []]);
});

test("a shipment that a restart finds delivered is accounted for as it was read, left out lines included", async () => {
  await using before = await openBed({ skipEmptyLines: true });
  const empty = line("");
  append(join(before.logs, "a.log"), line("1") + empty + line("2"));
  append(join(before.logs, "b.log"), line("3"));
  await interrupt(before);
  const output = fakeOutput();
  output.delivered = true;
  await using bed = await restartBed(before, { output, skipEmptyLines: true });
  await bed.run(T0_MS + 1000);
  const [account] = bed.ledger.accounts();
  expect(account?.records).toMatchObject({ delivered: 3, filtered: 1 });
  expect(account).toMatchObject({ errorBytes: 0, total: { filtered: empty.length, delivered: 3 * line("1").length } });
});

test("a file that was held, and deleted while the agent was down, does not stop the start", async () => {
  await using before = await openBed({ links: false });
  const path = join(before.logs, "a.log");
  append(path, line("gone"));
  append(join(before.logs, "b.log"), line("b"));
  await interrupt(before);
  rmSync(path);
  await using bed = await restartBed(before, { links: false });
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["b"]);
  expect([bed.positions.unresolved, bed.positions.nextSeq]).toEqual([null, 3]);
});

test("an undoing that can't be journaled is made up for by the next try", async () => {
  await using bed = await openBed();
  const path = join(bed.logs, "a.log");
  append(path, line("1"));
  await interrupt(bed);
  truncateSync(path, 0);
  append(path, line("2"));
  const abort = bed.positions.abort.bind(bed.positions);
  bed.positions.abort = () => Promise.reject(new Error("disk full"));
  await expect(bed.run(T0_MS + 1000)).rejects.toThrow("disk full");
  bed.positions.abort = abort;
  await bed.run(T0_MS + 2000);
  expect([bed.logsShipped(), bed.positions.nextSeq]).toEqual([["2"], 3]);
});

test("a loss is journaled with the shipment that gives it up, so that a crash before its commit does not hide it", async () => {
  await using before = await openBed();
  const path = join(before.logs, "a.log");
  append(path, line("1"));
  await before.run(T0_MS);
  const unread = line("never read");
  append(path, unread);
  await before.tail.poll(T0_MS + 500, true);
  truncateSync(path, 0);
  append(path, line("2"));
  await before.tail.poll(T0_MS + 600, true);
  await interrupt(before, T0_MS + 1000);
  expect(lossesOf(before)).toEqual([]);
  const output = fakeOutput();
  output.delivered = true;
  await using bed = await restartBed(before, { output });
  await bed.run(T0_MS + 2000);
  expect(lossesOf(bed)).toEqual([["truncated", unread.length]]);
});

test("losses that a crash behind the commit kept from being logged are logged by the next start, and by that one alone", async () => {
  await using before = await openBed();
  const path = join(before.logs, "a.log");
  append(path, line("gone"));
  append(join(before.logs, "b.log"), line("1"));
  await before.run(T0_MS);
  append(path, line("never read"));
  await before.tail.poll(T0_MS + 500, true);
  append(join(before.logs, "b.log"), line("2"));
  truncateSync(path, 0);
  append(path, line("3"));
  await before.tail.poll(T0_MS + 600, true);
  await interrupt(before, T0_MS + 1000);
  before.output.visibleKeys.add("object-2");
  truncateSync(join(before.logs, "b.log"), 0);
  const commit = before.positions.commit.bind(before.positions);
  before.positions.commit = async (lost) => {
    await commit(lost);
    throw new Error("killed");
  };
  await expect(before.run(T0_MS + 2000)).rejects.toThrow("killed");
  expect(lossesOf(before)).toEqual([]);
  const planned = ["truncated", line("never read").length] as const;
  const found = ["truncated", line("2").length] as const;
  await using bed = await restartBed(before);
  expect(lossesOf(bed)).toEqual([planned, found]);
  expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { lost: planned[1] + found[1] } });
  await using again = await restartBed(bed);
  expect(lossesOf(again)).toEqual([]);
});

test("a number that the store has already, because the journal is an old copy, is left out for higher ones", async () => {
  await using bed = await openBed();
  append(join(bed.logs, "a.log"), line("1"));
  bed.output.takenKey = "object-1";
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual(["1"]);
  expect(bed.positions.nextSeq).toBe(T0_MS + 1);
  expect(bed.lines.find(({ level }) => level === "error")?.text).toMatch(/the journal was lost or is an old copy/);
});
