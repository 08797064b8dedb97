import { randomBytes } from "node:crypto";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { MessageLines, RecordLines, type LineWriter } from "../../../../agent/encode/json-line.ts";
import { createTimeField } from "../../../../agent/encode/time-field.ts";
import { Packer, RECORD_BYTES_MAX, type PackOptions } from "../../../../agent/output/firehose/packer.ts";
import type { RecordBatch } from "../../../../agent/output/firehose/record-batch.ts";
import { batchOf, HOUR_NS, originOf } from "../../encode/rows.ts";

const NONE = { pod: null };

function pack(logs: readonly string[], changes: Partial<PackOptions> = {}, lines: LineWriter = new MessageLines()) {
  const packer = new Packer(lines, { deliveryStream: "logs", compression: "none", aggregate: true, ...changes });
  const refused: (readonly [row: number, reason: string])[] = [];
  const rows = logs.map((log, index) => ({ log, ns: HOUR_NS + BigInt(index), stream: "stdout" as const }));
  packer.append(batchOf(originOf(NONE), rows), "chain", (row, reason) => refused.push([row, reason]));
  packer.finish();
  return { packer, refused, requests: packer.batches.map(recordsOf) };
}

/** What the service makes of a request's body. */
function recordsOf(batch: RecordBatch): Buffer[] {
  const { Records } = JSON.parse(batch.body().toString()) as { Records: { Data: string }[] };
  return Records.map(({ Data }) => Buffer.from(Data, "base64"));
}

const sizesOf = (requests: readonly Buffer[][]) => requests.map((records) => records.map(({ length }) => length));
const x = (length: number) => "x".repeat(length);
const line = (log: string) => Buffer.byteLength(`{"stream":"stdout","_p":"F","log":"${log}"}\n`);

test("lines are packed into one record, each with its newline", () => {
  const { requests } = pack(["a", "", "ü\n2"]);
  expect(requests.map((records) => records.map(String))).toEqual([["a\n\nü\n2\n"]]);
});

test.each([
  ["at the limit", RECORD_BYTES_MAX - 1, [[RECORD_BYTES_MAX]]],
  ["one byte below it", RECORD_BYTES_MAX - 2, [[RECORD_BYTES_MAX - 1]]],
])("a line whose record is %s is sent", (_, length, sizes) => {
  const { requests, refused } = pack([x(length)]);
  expect([sizesOf(requests), refused]).toEqual([sizes, []]);
});

test("a line whose record is one byte above the limit is refused with a reason, the others are sent", () => {
  const { requests, refused } = pack(["before", x(RECORD_BYTES_MAX), "after"]);
  expect(requests.flat().map(String).join("")).toBe("before\nafter\n");
  expect(refused).toEqual([[1, "1024001 bytes are too many for a record of Firehose, which has 1024000 at most"]]);
});

test.each([
  [-1, [[RECORD_BYTES_MAX - 1]]],
  [0, [[RECORD_BYTES_MAX]]],
  [1, [[RECORD_BYTES_MAX - 10, 11]]],
])("lines that come to the limit and %i bytes fill records to the last byte", (more, sizes) => {
  const { requests } = pack([x(RECORD_BYTES_MAX - 11), x(9 + more)]);
  expect(sizesOf(requests)).toEqual(sizes);
});

test("records of JSON are filled to the last byte too, though their lines could have come to more", () => {
  const logs = [x(500_000), x(RECORD_BYTES_MAX - line(x(500_000)) - line(""))];
  for (const [more, sizes] of [
    [0, [[RECORD_BYTES_MAX]]],
    [1, [[line(logs[0]!), line(logs[1]!) + 1]]],
  ] as const) {
    const { requests } = pack([logs[0]!, logs[1]! + x(more)], {}, new RecordLines(null));
    expect(sizesOf(requests)).toEqual(sizes);
  }
});

test.each([
  [499, [499]],
  [500, [500]],
  [501, [500, 1]],
  [1000, [500, 500]],
])("%i records make requests of 500 at most", (records, counts) => {
  const logs = Array.from({ length: records }, (_, index) => String(index));
  const { requests } = pack(logs, { aggregate: false });
  expect(requests.map(({ length }) => length)).toEqual(counts);
  expect(requests.flat().map(String)).toEqual(logs.map((log) => `${log}\n`));
});

test("a request is filled up to 4 MiB, counted as it is sent, and not by one byte more", () => {
  const mebi4 = 4 * 1024 * 1024;
  const wrapping = Buffer.byteLength('{"DeliveryStreamName":"logs","Records":[]}');
  // Three full records, and a fourth that takes what is left: groups of 3 bytes become 4.
  const full = Math.ceil(RECORD_BYTES_MAX / 3) * 4 + 12;
  const left = Math.floor((mebi4 - wrapping - 3 * full - 11) / 4) * 3;
  const records = (last: number) => [1, 1, 1].map(() => x(RECORD_BYTES_MAX - 1)).concat(x(last - 1));
  const slack = (mebi4 - wrapping - 3 * full - 11) % 4;
  // The stream's name takes the slack, so that the body comes to 4 MiB exactly.
  const stream = "logs" + x(slack);
  for (const [last, counts] of [
    [left - 3, [4]],
    [left, [4]],
    [left + 1, [3, 1]],
  ] as const) {
    const { packer, requests } = pack(records(last), { deliveryStream: stream });
    expect(requests.map(({ length }) => length)).toEqual(counts);
    for (const batch of packer.batches) expect(batch.body().length).toBeLessThanOrEqual(mebi4);
  }
  expect(pack(records(left), { deliveryStream: stream }).packer.batches[0]!.body().length).toBe(mebi4);
  const { requests } = pack(records(left), { deliveryStream: `${stream}x` });
  expect(requests.map(({ length }) => length)).toEqual([3, 1]);
});

test.each([
  ["gzip", gunzipSync],
  ["zstd", zstdDecompressSync],
] as const)("with %s each record is compressed by itself, of as much text as it could hold", (compression, inflate) => {
  const logs = Array.from({ length: 3000 }, (_, index) => `${index} ${x(1000)}`);
  const { requests } = pack(logs, { compression });
  const texts = requests.flat().map((record) => inflate(record));
  expect(texts.map(String).join("")).toBe(logs.map((log) => `${log}\n`).join(""));
  for (const { length } of texts) expect(length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
  expect(texts.length).toBe(3);
});

test.each(["gzip", "zstd"] as const)("text that %s can't compress stays below the limit", (compression) => {
  const logs = Array.from({ length: 400 }, () => randomBytes(6000).toString("latin1"));
  const { requests, refused } = pack(logs, { compression });
  expect(refused).toEqual([]);
  for (const { length } of requests.flat()) expect(length).toBeLessThanOrEqual(RECORD_BYTES_MAX);
});

test("a line longer than a record is sent where it is not once it is compressed", () => {
  const { requests, refused } = pack(["before", x(2_000_000), "after"], { compression: "gzip" });
  expect(refused).toEqual([]);
  expect(requests.flat().map((record) => gunzipSync(record).length)).toEqual([7, 2_000_001, 6]);
});

test("without aggregation each line is a record", () => {
  expect(pack(["a", "b"], { aggregate: false }).requests.map((records) => records.map(String))).toEqual([
    ["a\n", "b\n"],
  ]);
});

test("a record is Fluent Bit's, with its time under the key where one is named", () => {
  const lines = new RecordLines(createTimeField("at", "%Y-%m-%dT%H:%M:%S.%9N"));
  expect(pack(["x", "y"], {}, lines).requests.flat().map(String)).toEqual([
    '{"at":"2026-11-21T05:00:00.000000000","stream":"stdout","_p":"F","log":"x"}\n' +
      '{"at":"2026-11-21T05:00:00.000000001","stream":"stdout","_p":"F","log":"y"}\n',
  ]);
});

test("what was taken is left out of a request, however often, and the rest is unchanged", () => {
  const { packer } = pack(["a", "b", "c", "d", "e"], { aggregate: false });
  const [batch] = packer.batches;
  batch!.body();
  batch!.keep((index) => index !== 1);
  expect(recordsOf(batch!).map(String)).toEqual(["a\n", "c\n", "d\n", "e\n"]);
  batch!.keep((index) => index === 3);
  expect(recordsOf(batch!).map(String)).toEqual(["e\n"]);
  batch!.keep(() => false);
  expect(batch!.records).toBe(0);
});
