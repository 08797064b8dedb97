import { expect, test } from "vitest";
import { startCloudWatchServer } from "../../../servers/cloudwatch-server.ts";
import type { Batch } from "../../../../agent/record.ts";
import { T0_MS } from "../../fixture.ts";
import { openCloudWatch, rowsOf, type Row } from "./bed.ts";

const MESSAGES = { logKey: "log", logStreamPrefix: null, logStreamName: "s" } as const;
const MIB = 1024 * 1024;
const DAY_MS = 24 * 3_600_000;

/** Sends rows as they are; the requests and what became of them. */
async function send(rows: readonly Row[], changes = {}, records: Batch["records"] = null) {
  await using server = await startCloudWatchServer({ now: () => T0_MS });
  server.groups.get("logs")!.streams.set("s", []);
  const { begin } = openCloudWatch(server.endpoint, { ...MESSAGES, ...changes });
  const delivery = begin();
  const { batch, source } = rowsOf("a", rows);
  expect(await delivery.accept({ ...batch, records }, source)).toBe(true);
  await delivery.seal();
  const outcome = await delivery.publish();
  if (outcome === undefined) throw new Error("no outcome");
  const { requests, requestBytesMost, requestEventsMost } = server.stats();
  return {
    ...outcome,
    events: server.events(),
    requests: requests["PutLogEvents"],
    requestBytesMost,
    requestEventsMost,
  };
}

/** Sends one record, metadata and all. */
async function sendWhole(log: string) {
  return await send([{ log }], { logKey: null });
}

test.each([
  [MIB - 26 - 1, 1, 0],
  [MIB - 26, 1, 0],
  [MIB - 26 + 1, 0, 1],
])("an event of %i bytes: %i sent, %i quarantined", async (bytes, sent, quarantined) => {
  const { events, refused, undelivered } = await send([{ log: "x".repeat(bytes) }]);
  expect([events.length, refused.length, undelivered.size]).toEqual([sent, quarantined, 0]);
});

test("what is too large is quarantined whole, with the reason and the bytes that it stands for", async () => {
  const log = "x".repeat(MIB);
  const { refused, records } = await send([{ log }, { log: "small" }]);
  const reason = "event of 1048602 bytes is too large for CloudWatch Logs, which takes 1048576";
  expect([refused, records]).toEqual([[expect.objectContaining({ reason, rawBytes: MIB + 1, log })], 1]);
});

test.each([
  [256 * 1024 - 26 - 1, 1, 0],
  [256 * 1024 - 26, 1, 0],
  [256 * 1024 - 26 + 1, 0, 1],
])("in China an event of %i bytes: %i sent, %i quarantined", async (bytes, sent, quarantined) => {
  const { events, refused } = await send([{ log: "x".repeat(bytes) }], { region: "cn-north-1" });
  expect([events.length, refused.length]).toEqual([sent, quarantined]);
});

test("an event's size is counted in bytes of UTF-8, before it is escaped", async () => {
  const whole = '"é'.repeat(Math.floor((MIB - 26) / 3));
  const { events, refused } = await send([{ log: whole }, { log: `${whole}"é` }]);
  expect([events.map(({ message }) => message === whole), refused.length]).toEqual([[true], 1]);
});

test("the size of a record is counted as it stands in its event, however many of its bytes are escaped", async () => {
  const { events } = await sendWhole("x");
  const around = Buffer.byteLength(events[0]!.message) - 1;
  const quotes = '"'.repeat(Math.floor((MIB - 26 - around) / 2));
  const left = "x".repeat(MIB - 26 - around - quotes.length * 2);
  const fits = await sendWhole(quotes + left);
  expect([fits.events.length, fits.refused.length]).toEqual([1, 0]);
  expect(JSON.parse(fits.events[0]!.message)).toMatchObject({ log: quotes + left });
  const over = await sendWhole(`${quotes}${left}x`);
  expect([over.events.length, over.refused.length]).toEqual([0, 1]);
  expect(over.refused[0]?.reason).toContain(`event of ${MIB + 1} bytes`);
});

test.each([
  [0, 1, MIB],
  [1, 2, MIB / 2 + 1],
])("two records of 1 MiB and %i bytes together are sent in %i requests", async (over, requests, most) => {
  const { events } = await sendWhole("x");
  const around = Buffer.byteLength(events[0]!.message) - 1;
  const half = `"${"x".repeat(MIB / 2 - 26 - around - 2)}`;
  const sent = await send([{ log: half }, { log: half + "y".repeat(over) }], { logKey: null });
  expect([sent.requests, sent.events.length, sent.requestBytesMost]).toEqual([requests, 2, most]);
});

test("the time of an event is that of its record, to the millisecond", async () => {
  const times = [0, 1, 10, 99, 100, 999, 1000, 61_007].map((ms) => T0_MS + ms);
  const { events } = await send(times.map((ms) => ({ log: String(ms), ms })));
  expect(events.map(({ timestamp }) => timestamp)).toEqual(times);
  expect(events.map(({ message }) => Number(message))).toEqual(times);
});

test.each([
  [-1, 1, MIB - 1],
  [0, 1, MIB],
  [1, 2, MIB / 2 + 1],
])("two events of 1 MiB and %i bytes together are sent in %i requests", async (over, requests, most) => {
  const half = MIB / 2 - 26;
  const sent = await send([{ log: "x".repeat(half) }, { log: "y".repeat(half + over) }]);
  expect([sent.requests, sent.events.length, sent.requestBytesMost]).toEqual([requests, 2, most]);
});

test.each([
  [9999, 1, 9999],
  [10_000, 1, 10_000],
  [10_001, 2, 10_000],
])("%i events are sent in %i requests", async (count, requests, most) => {
  const sent = await send(Array.from({ length: count }, (_, index) => ({ log: String(index) })));
  expect([sent.requests, sent.requestEventsMost, sent.events.length]).toEqual([requests, most, count]);
});

test.each([
  [-1, 1],
  [0, 1],
  [1, 2],
])("two events 24 h and %i ms apart are sent in %i requests, in either order", async (over, requests) => {
  const rows = [
    { log: "new", ms: T0_MS },
    { log: "old", ms: T0_MS - DAY_MS - over },
  ];
  for (const each of [rows, rows.toReversed()]) {
    const { requests: made, events } = await send(each);
    expect([made, events.map(({ message }) => message).toSorted()]).toEqual([requests, ["new", "old"]]);
  }
});

test.each([
  [-14 * DAY_MS + 1, 0],
  [-14 * DAY_MS, 0],
  [-14 * DAY_MS - 1, 1],
  [7_200_000 - 1, 0],
  [7_200_000, 0],
  [7_200_000 + 1, 1],
])("an event %i ms from now: %i refused by the service, and quarantined", async (offset, count) => {
  const { refused, events } = await send([{ log: "far", ms: T0_MS + offset }]);
  expect([refused.length, events.length]).toEqual([count, 1 - count]);
});

test("of a request that is refused in part the rest is stored, and each refused record is kept with its reason", async () => {
  const rows = [
    { log: "future", ms: T0_MS + 8_000_000 },
    { log: "now", ms: T0_MS },
    { log: "later", ms: T0_MS + 1000 },
  ];
  const { refused, events, records } = await send(rows);
  expect(events.map(({ message }) => message)).toEqual(["now", "later"]);
  expect([refused.map(({ log, pos, rawBytes, reason }) => ({ log, pos, rawBytes, reason })), records]).toEqual([
    [{ log: "future", pos: 0, rawBytes: 7, reason: "too far in the future for CloudWatch Logs (2 hours)" }],
    2,
  ]);
});

test("records that filters made are sent as they are, and refused ones kept so", async () => {
  const rows = [{ log: "x", ms: T0_MS + 8_000_000 }, { log: "y", ms: T0_MS + 9_000_000 }, { log: "z" }, { log: "w" }];
  const made = { stream: "stdout", log: "x", id: 7 };
  const { refused, events } = await send(rows, { logKey: null }, [made, null, { 'quo"te': "\n" }, null]);
  expect(events.map(({ message }) => JSON.parse(message) as unknown)).toEqual([
    { 'quo"te': "\n" },
    { stream: "stdout", _p: "F", log: "w" },
  ]);
  expect(refused.map(({ log, record }) => ({ log, record }))).toEqual([
    { log: "x", record: made },
    { log: "y", record: undefined },
  ]);
});

test("a record without the field that log_key names is kept back", async () => {
  const { refused, events } = await send([{ log: "x" }, { log: "y" }], { logKey: "a" }, [
    { a: "sent", log: "x" },
    null,
  ]);
  expect(events.map(({ message }) => message)).toEqual(["sent"]);
  expect(refused).toMatchObject([{ log: "y", reason: "the record has no field a, which log_key names" }]);
});

test("events are put in order of time, those of one moment as they were read", async () => {
  const rows = [3, 1, 2, 1].map((second, index) => ({ log: `${second}-${index}`, ms: T0_MS + second * 1000 }));
  const { events } = await send(rows);
  expect(events.map(({ message }) => message)).toEqual(["1-1", "1-3", "2-2", "3-0"]);
  expect(events.map(({ timestamp }) => timestamp - T0_MS)).toEqual([1000, 1000, 2000, 3000]);
});

test("an empty message is sent as a blank, which the service needs", async () => {
  const { events } = await send([{ log: "" }, { log: "x" }]);
  expect(events.map(({ message }) => message)).toEqual([" ", "x"]);
});

test("whatever a message holds arrives as it was", async () => {
  const log = 'tab\t quote" back\\ bell\u0007 newline\n é 😀 \u2028';
  const { events } = await send([{ log }]);
  expect(events[0]?.message).toBe(log);
});
