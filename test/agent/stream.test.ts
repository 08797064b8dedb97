import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ChainReader } from "../../agent/input/tail/chain-reader.ts";
import { Fault } from "../../agent/output/retry.ts";
import { fakeOutput, openBed, type FakeOutput } from "./bed.ts";
import { append, cri, T0_MS } from "./fixture.ts";

const NEVER = new AbortController().signal;
const line = (text: string) => cri("stdout", "F", text);

afterEach(() => void vi.restoreAllMocks());

/** As an output for a service that takes records for good: what is journaled was acknowledged. */
function fakeStream(): FakeOutput {
  return Object.assign(fakeOutput(), { isStream: true, delivered: true });
}

test("a stream journals nothing before it was sent, so that a failure leaves nothing to undo", async () => {
  await using bed = await openBed({ output: fakeStream() });
  append(join(bed.logs, "a.log"), line("1"));
  bed.output.failing.add("publish");
  await expect(bed.run(T0_MS)).rejects.toThrow("publish fails");
  expect([bed.positions.unresolved, bed.positions.nextSeq]).toEqual([null, 1]);
  bed.output.failing.clear();
  await bed.run(T0_MS + 1000);
  expect([bed.logsShipped(), bed.positions.nextSeq]).toEqual([["1"], 2]);
});

test("what a stream was sent is not sent again when the journal fails, but journaled at the next try", async () => {
  await using bed = await openBed({ output: fakeStream() });
  append(join(bed.logs, "a.log"), line("1"));
  const commit = vi.spyOn(bed.positions, "commit").mockRejectedValueOnce(new Error("ENOSPC"));
  await expect(bed.run(T0_MS)).rejects.toThrow("ENOSPC");
  expect(bed.logsShipped()).toEqual(["1"]);
  append(join(bed.logs, "a.log"), line("2"));
  await bed.run(T0_MS + 1000);
  expect([bed.logsShipped(), commit.mock.calls.length]).toEqual([["1", "2"], 3]);
  const [account] = bed.ledger.accounts();
  expect([account?.records.delivered, account?.errorBytes]).toEqual([2, 0]);
});

test("a crash before what a stream was sent is journaled repeats that shipment, and none before it", async () => {
  await using bed = await openBed({ output: fakeStream() });
  append(join(bed.logs, "a.log"), line("1"));
  await bed.run(T0_MS);
  append(join(bed.logs, "a.log"), line("2"));
  vi.spyOn(bed.positions, "commit").mockRejectedValue(new Error("killed"));
  await expect(bed.run(T0_MS)).rejects.toThrow("killed");
  await bed.positions.close();
  await bed.tail.close();
  await using after = await openBed({ folder: bed.folder, output: fakeStream() });
  append(join(bed.logs, "a.log"), line("3"));
  await after.run(T0_MS + 1000);
  expect(after.logsShipped()).toEqual(["2", "3"]);
});

test("a chain that a stream can't deliver is read again after a pause, the others are committed", async () => {
  let nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  await using bed = await openBed({ output: fakeStream() });
  for (const name of ["a", "b"]) append(join(bed.logs, `${name}.log`), line(name));
  await bed.tail.discover(T0_MS);
  const chain = [...bed.tail.chains.values()].find(({ path }) => path.endsWith("a.log"))!.id;
  bed.output.undelivered.set(chain, new Fault("permanent", "NoSuchGroup", "no such group", undefined));
  await bed.run(T0_MS);
  expect([bed.logsShipped(), [...bed.positions.cursors.keys()].includes(chain)]).toEqual([["b"], false]);
  append(join(bed.logs, "b.log"), line("b2"));
  nowMs = 900;
  await bed.tail.poll(T0_MS + 900, true);
  const shipped = await bed.shipper.ship(T0_MS + 900, NEVER);
  expect([shipped.records, shipped.fault?.message]).toEqual([1, "no such group"]);
  bed.output.undelivered.clear();
  nowMs = 1001;
  expect((await bed.shipper.ship(T0_MS + 1001, NEVER)).fault).toBeNull();
  expect(bed.logsShipped()).toEqual(["b", "b2", "a"]);
  const [account] = bed.ledger.accounts();
  expect([account?.records.delivered, account?.errorBytes]).toEqual([3, 0]);
});

test("once a shipment is full no file is read for it in vain: each is read once, by the shipment that takes it", async () => {
  await using bed = await openBed({ output: Object.assign(fakeStream(), { recordsMax: 2 }) });
  for (const name of ["a", "b", "c", "d", "e"]) append(join(bed.logs, `${name}.log`), line(name));
  const read = vi.spyOn(ChainReader.prototype, "read");
  await bed.tail.discover(T0_MS);
  const shipped = [];
  for (let more = true; more;) {
    const one = await bed.shipper.ship(T0_MS, NEVER);
    shipped.push(one.records);
    ({ more } = one);
  }
  expect(shipped).toEqual([2, 2, 1]);
  expect([bed.logsShipped().toSorted(), read.mock.calls.length]).toEqual([["a", "b", "c", "d", "e"], 5]);
});

test("what a stream ships every second is no news: the agent's own log may be shipped by it", async () => {
  await using bed = await openBed({ output: fakeStream() });
  append(join(bed.logs, "a.log"), line("1"));
  await bed.run(T0_MS);
  expect(bed.lines.map(({ level, text }) => [level, text])).toEqual([["debug", "shipped"]]);
});

test("a record that the service of a stream refuses is quarantined, with its bytes in the account", async () => {
  await using bed = await openBed({ output: fakeStream() });
  bed.output.refused = /bad/;
  append(join(bed.logs, "a.log"), line("good") + line("bad"));
  await bed.run(T0_MS);
  expect(bed.logsShipped()).toEqual(["good"]);
  const [account] = bed.ledger.accounts();
  expect([account?.records.delivered, account?.records.quarantined, account?.errorBytes]).toEqual([1, 1, 0]);
});

test("with --once a chain that can't be delivered is a failure, after the others are committed", async () => {
  await using bed = await openBed({ output: fakeStream(), once: true });
  for (const name of ["a", "b"]) append(join(bed.logs, `${name}.log`), line(name));
  await bed.tail.discover(T0_MS);
  const chain = [...bed.tail.chains.values()].find(({ path }) => path.endsWith("a.log"))!.id;
  bed.output.undelivered.set(chain, new Fault("permanent", "NoSuchGroup", "no such group", undefined));
  await expect(bed.run(T0_MS)).rejects.toThrow("no such group");
  expect([bed.logsShipped(), bed.positions.unresolved]).toEqual([["b"], null]);
});
