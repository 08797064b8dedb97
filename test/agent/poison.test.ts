import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  listQuarantine,
  readQuarantined,
  requestReplay,
  type QuarantinedRecord,
} from "../../agent/state/quarantine.ts";
import { createFilterChain } from "../../agent/filter/chain.ts";
import type { RecordFilter } from "../../agent/filter/filter.ts";
import type { Batch } from "../../agent/record.ts";
import { openBed, restartBed, type Bed } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const line = (text: string) => cri("stdout", "F", text);

async function quarantined(bed: Bed): Promise<QuarantinedRecord[]> {
  const records: QuarantinedRecord[] = [];
  for (const { path } of await listQuarantine(join(bed.folder, "state", "quarantine")))
    for await (const record of readQuarantined(path)) records.push(record);
  return records;
}

const texts = (records: readonly QuarantinedRecord[]) => records.map(({ log }) => log);

test("records that can't be encoded go to the quarantine with their reason, the others around them are shipped", async () => {
  await using bed = await openBed();
  bed.output.poison = /bad/;
  const path = join(bed.logs, "a.log");
  const lines = ["1", "bad 2", "3", "bad 4", "bad 5", "6"];
  append(path, lines.map(line).join(""));
  append(join(bed.logs, "b.log"), line("bad 7"));
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual(["1", "3", "6"]);
  const records = await quarantined(bed);
  expect(texts(records)).toEqual(["bad 2", "bad 4", "bad 5", "bad 7"]);
  const [first] = records;
  expect(first).toMatchObject({
    reason: "too strange",
    pos: line("1").length,
    rawBytes: line("bad 2").length,
    stream: 1,
  });
  expect(first?.origin.path).toBe(path);
  append(path, line("8"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["1", "3", "6", "8"]);
});

test("quarantined bytes are accounted for to the byte, joined records and cut ones included", async () => {
  await using bed = await openBed();
  bed.output.poison = /bad/;
  const joined = cri("stderr", "P", "ba") + cri("stderr", "F", "d");
  append(join(bed.logs, "a.log"), `${line("1")}${joined}${line("2")}plain bad\n${line("3")}`);
  await bed.run(T0_MS);
  const [account] = bed.ledger.accounts();
  const bytes = joined.length + "plain bad\n".length;
  expect(account).toMatchObject({ errorBytes: 0, total: { quarantined: bytes, lost: 0, pending: 0 } });
  expect(account?.records).toMatchObject({ quarantined: 2, delivered: 3 });
  expect(account?.total.delivered).toBe(line("1").length * 3);
});

test("a shipment of poison alone is committed", async () => {
  await using bed = await openBed();
  bed.output.poison = /bad/;
  append(join(bed.logs, "a.log"), line("bad"));
  await bed.run(T0_MS);
  await bed.run(T0_MS + 1000);
  expect([bed.logsShipped(), texts(await quarantined(bed)), bed.positions.nextSeq]).toEqual([[], ["bad"], 2]);
});

test.each(["publish", "isDelivered"] as const)(
  "a failure at %s does not quarantine a record twice, nor ship it",
  async (step) => {
    await using bed = await openBed();
    bed.output.poison = /bad/;
    append(join(bed.logs, "a.log"), line("1") + line("bad") + line("2"));
    bed.output.failing.add("publish");
    await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
    expect(await quarantined(bed)).toEqual([]);
    bed.output.failing.clear();
    bed.output.failing.add(step);
    await expect(bed.run(T0_MS + 1000)).rejects.toThrow(`${step} fails`);
    bed.output.failing.clear();
    await bed.run(T0_MS + 2000);
    expect([bed.logsShipped(), texts(await quarantined(bed))]).toEqual([["1", "2"], ["bad"]]);
  },
);

test("a repeated shipment leaves out what it quarantined, though a newer encoder could take it", async () => {
  await using before = await openBed();
  before.output.poison = /bad/;
  append(join(before.logs, "a.log"), line("1") + line("bad"));
  before.output.failing.add("publish");
  await expect(before.run(T0_MS)).rejects.toThrow("publish fails");
  await using bed = await restartBed(before);
  await bed.run(T0_MS + 1000);
  expect([bed.logsShipped(), texts(await quarantined(bed))]).toEqual([["1"], ["bad"]]);
});

test("a crash between commit and listing is made up for at the next start", async () => {
  await using before = await openBed();
  before.output.poison = /bad/;
  append(join(before.logs, "a.log"), line("bad"));
  before.output.failing.add("publish");
  await expect(before.run(T0_MS)).rejects.toThrow("publish fails");
  await before.positions.commit();
  expect(await quarantined(before)).toEqual([]);
  await using bed = await restartBed(before);
  await bed.run(T0_MS + 1000);
  expect(texts(await quarantined(bed))).toEqual(["bad"]);
});

test("what is staged for a shipment that fails before its journal entry is taken back", async () => {
  await using bed = await openBed();
  bed.output.poison = /bad/;
  append(join(bed.logs, "a.log"), line("bad"));
  const plan = bed.positions.plan.bind(bed.positions);
  bed.positions.plan = () => Promise.reject(new Error("disk full"));
  await expect(bed.run(T0_MS)).rejects.toThrow("disk full");
  expect(readdirSync(join(bed.folder, "state", "quarantine"))).toEqual([]);
  bed.positions.plan = plan;
  await bed.run(T0_MS + 1000);
  expect(texts(await quarantined(bed))).toEqual(["bad"]);
});

test("a full quarantine stops the shipment, and nothing is dropped", async () => {
  await using bed = await openBed({ quarantineBytesMax: 100 });
  bed.output.poison = /bad/;
  append(join(bed.logs, "a.log"), line("1") + line("bad"));
  await expect(bed.run(T0_MS)).rejects.toThrow("holds its limit of 100 bytes");
  expect([bed.logsShipped(), bed.positions.nextSeq, bed.output.abandoned.length]).toEqual([[], 1, 2]);
  expect(readdirSync(join(bed.folder, "state", "quarantine"))).toEqual([]);
});

test("what a service refuses for good is quarantined with its words before the commit", async () => {
  await using bed = await openBed();
  bed.output.poison = /bad/;
  bed.output.refused = /old/;
  append(join(bed.logs, "a.log"), line("1") + line("bad") + line("old") + line("2"));
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual(["1", "2"]);
  const records = await quarantined(bed);
  expect(records.map(({ log, reason }) => [log, reason])).toEqual([["bad", "too strange"], ["old", "too old"]]); // prettier-ignore
});

test("an encoder that fails at no record in particular fails the shipment", async () => {
  await using bed = await openBed();
  bed.output.poison = /bad/;
  bed.output.tryEncode = () => Promise.resolve();
  append(join(bed.logs, "a.log"), line("bad"));
  await expect(bed.run(T0_MS)).rejects.toThrow("cannot encode");
  expect(bed.positions.nextSeq).toBe(1);
});

/** A bed whose quarantine holds `bad 1` and `bad 2`, asked to be shipped again. */
async function openReplay(): Promise<Bed> {
  const bed = await openBed();
  bed.output.poison = /bad/;
  append(join(bed.logs, "a.log"), line("bad 1") + line("bad 2"));
  await bed.run(T0_MS);
  const [file] = await listQuarantine(join(bed.folder, "state", "quarantine"));
  await requestReplay(join(bed.folder, "state", "quarantine"), file!.name);
  expect(bed.shipper.pendingBytes()).toBe(1);
  return bed;
}

test("what is replayed is shipped as it was, and leaves the quarantine", async () => {
  await using bed = await openReplay();
  bed.output.poison = /(?!)/;
  await bed.run(T0_MS + 1000);
  expect(bed.output.published.map(({ log, pos, ms }) => [log, pos, ms])).toEqual([["bad 1", 0, T0_MS], ["bad 2", line("bad 1").length, T0_MS]]); // prettier-ignore
  expect(readdirSync(join(bed.folder, "state", "quarantine"))).toEqual([]);
  expect(bed.shipper.pendingBytes()).toBe(0);
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toHaveLength(2);
});

test("what is replayed and still can't be encoded is quarantined again, with the new reason", async () => {
  await using bed = await openReplay();
  bed.output.poison = /bad 2/;
  append(join(bed.logs, "a.log"), line("3"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["bad 1", "3"]);
  expect(texts(await quarantined(bed))).toEqual(["bad 2"]);
  expect(bed.ledger.accounts()[0]).toMatchObject({ errorBytes: 0, total: { pending: 0 } });
});

test.each(["begin", "seal", "publish", "isDelivered"] as const)(
  "a replay that fails at %s, and a restart after it, ship its records once",
  async (step) => {
    await using before = await openReplay();
    before.output.poison = /(?!)/;
    if (step === "isDelivered") before.output.failing.add("publish");
    before.output.failing.add(step);
    await expect(before.run(T0_MS + 1000)).rejects.toThrow("fails");
    await expect(before.run(T0_MS + 1000)).rejects.toThrow("fails");
    expect(before.logsShipped()).toEqual([]);
    await using bed = await restartBed(before);
    await bed.run(T0_MS + 2000);
    expect(bed.logsShipped()).toEqual(["bad 1", "bad 2"]);
    expect(readdirSync(join(bed.folder, "state", "quarantine"))).toEqual([]);
  },
);

test("a crash after the commit of a replay does not ship its records again", async () => {
  await using before = await openReplay();
  before.output.poison = /(?!)/;
  before.output.failing.add("publish");
  await expect(before.run(T0_MS + 1000)).rejects.toThrow("fails");
  await before.positions.commit();
  await using bed = await restartBed(before);
  await bed.run(T0_MS + 2000);
  expect(bed.logsShipped()).toEqual([]);
  expect(readdirSync(join(bed.folder, "state", "quarantine"))).toEqual([]);
});

test("a replay that has no room in a shipment waits for somebody to decide, and the output goes on", async () => {
  await using bed = await openReplay();
  bed.output.poison = /(?!)/;
  const begin = bed.output.begin.bind(bed.output);
  bed.output.begin = (header, signal) => {
    const delivery = begin(header, signal);
    return header.replayed === undefined ? delivery : { ...delivery, accept: () => Promise.resolve(false) };
  };
  append(join(bed.logs, "a.log"), line("3"));
  await bed.run(T0_MS + 1000);
  expect(bed.logsShipped()).toEqual(["3"]);
  expect(texts(await quarantined(bed))).toEqual(["bad 1", "bad 2"]);
});

test("what filters made of a record is quarantined with it, and shipped again", async () => {
  const filter: RecordFilter = {
    name: "test",
    matches: () => true,
    open: () => ({ apply: (rows) => rows.setRecord(0, { ...rows.record(0), more: 1 }) }),
  };
  await using bed = await openBed({ filters: createFilterChain([filter], () => true, "") });
  bed.output.poison = /bad/;
  append(join(bed.logs, "a.log"), line("bad"));
  await bed.run(T0_MS);
  const [record] = await quarantined(bed);
  expect(record).toMatchObject({ log: "bad", record: { stream: "stdout", _p: "F", log: "bad", more: 1 } });
  bed.output.poison = /(?!)/;
  const accepted: Batch[] = [];
  const begin = bed.output.begin.bind(bed.output);
  bed.output.begin = (header, signal) => {
    const delivery = begin(header, signal);
    return {
      ...delivery,
      accept: async (batch, source) => (accepted.push(batch), await delivery.accept(batch, source)),
    };
  };
  await requestReplay(join(bed.folder, "state", "quarantine"), "fake-1");
  await bed.run(T0_MS + 1000);
  expect(accepted.map(({ records }) => records)).toEqual([[record?.record]]);
});
