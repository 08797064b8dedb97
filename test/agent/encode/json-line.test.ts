import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MessageLines, RecordLines, type LineWriter } from "../../../agent/encode/json-line.ts";
import { createTimeField } from "../../../agent/encode/time-field.ts";
import { plainRecord } from "../../../agent/log-record.ts";
import type { Batch, LogRecord, MergeLog } from "../../../agent/record.ts";
import { batchOf, HOUR_NS, originOf } from "./rows.ts";

const MERGE: MergeLog = { key: null, trim: true, keep: true };
const origin = originOf();
const kubernetes = plainRecord(batchOf(origin, []), 0, "", null)["kubernetes"];

function batchWith(logs: readonly string[], changes: Partial<Batch> = {}): Batch {
  const rows = logs.map((log) => ({ log, ns: HOUR_NS, stream: "stdout" as const }));
  return { ...batchOf(origin, rows), ...changes };
}

function write(lines: LineWriter, batch: Batch): string[] {
  lines.begin(batch);
  return Array.from({ length: batch.count }, (_, row) => {
    const target = Buffer.alloc(lines.bytesMax(row));
    const text = target.toString("utf8", 0, lines.write(target, 0, row));
    expect(text.endsWith(lines.suffix.toString())).toBe(true);
    return text.slice(0, -1);
  });
}

const withTime = () => new RecordLines(createTimeField("date", "%H"));
const merged = (log: string, merge: Partial<MergeLog> = {}) =>
  write(new RecordLines(null), batchWith([log], { merge: { ...MERGE, ...merge } }))[0]!;

test("a record that filters made is written as it is, behind its time, and the others as ever", () => {
  const records: (LogRecord | null)[] = [{ a: "é\n", kubernetes: { b: [1, null] } }, null, {}];
  const [first, second, third] = write(withTime(), batchWith(["x", "y", "z"], { records }));
  expect(first).toBe(String.raw`{"date":"05","a":"é\n","kubernetes":{"b":[1,null]}}`);
  expect(JSON.parse(second!)).toEqual({ date: "05", stream: "stdout", _p: "F", log: "y", kubernetes });
  expect(third).toBe('{"date":"05"}');
});

test("the fields of JSON in the message are merged as they were written", () => {
  const tail = `,"kubernetes":${JSON.stringify(kubernetes)}}`;
  const log = '{"id": 12345678901234567890, "f":1.0 }';
  const head = '{"stream":"stdout","_p":"F",';
  const kept = `"log":${JSON.stringify(log)},`;
  const inside = log.slice(1, -1);
  expect(merged(log)).toBe(`${head}${kept}${inside}${tail}`);
  expect(merged(` ${log} `, { keep: false })).toBe(`${head}${inside}${tail}`);
  expect(merged(log, { key: "my", keep: false })).toBe(`${head}"my":{${inside}}${tail}`);
});

test.each([
  ["no object", "[1]"],
  ["text", "hello {}"],
  ["broken", '{"a":1'],
  ["two objects", '{"a":1}{"b":2}'],
])("a message that is %s is not merged, and kept", (_, log) => {
  expect(JSON.parse(merged(log, { keep: false }))).toEqual({ stream: "stdout", _p: "F", log, kubernetes });
});

test.each([
  ['{"stream":"mine","a":1}', { stream: "mine", a: 1 }],
  ['{"kubernetes":{"pod_name":"fake"}}', {}],
  [String.raw`{"a":"x\n\\n","b":"\n"}`, { a: "x", b: "\n" }],
  ['{\n"a":\r1}', { a: 1 }],
  ["{}", {}],
])("%j is merged like its fields one by one", (log, fields) => {
  const text = merged(log, { keep: false });
  expect(text).not.toContain("\n");
  expect(JSON.parse(text)).toEqual({ stream: "stdout", _p: "F", ...fields, kubernetes });
});

test("a merged message is the record that filters see, whatever it is", () => {
  const object = fc.dictionary(fc.oneof(fc.constantFrom("log", "stream", "_p", "a"), fc.string()), fc.jsonValue());
  const options = fc.record({ key: fc.constantFrom(null, "log", "my"), trim: fc.boolean(), keep: fc.boolean() });
  fc.assert(
    fc.property(
      fc.oneof(
        object.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      options,
      (log, merge) => {
        const batch = batchWith([log], { merge });
        const [text] = write(withTime(), batch);
        const { date: _, ...record } = JSON.parse(text!) as LogRecord;
        const { date: __, ...expected } = plainRecord(
          batch,
          0,
          batch.bytes.toString("utf8", batch.start[0], batch.end[0]),
          merge,
        );
        expect(record).toEqual(JSON.parse(JSON.stringify(expected)));
      },
    ),
  );
});

test("log_key names any field: its text, or its JSON", () => {
  const records: (LogRecord | null)[] = [{ a: "text", log: "own" }, { a: { b: 1 } }, null];
  const batch = batchWith(["x", "y", "z"], { records });
  expect(write(new MessageLines(), batchWith(["x"], { records: [{ log: "own" }] }))).toEqual(["own"]);
  const lines = new MessageLines("a");
  expect(write(lines, { ...batch, count: 2 })).toEqual(["text", '{"b":1}']);
  lines.begin(batch);
  expect([0, 1, 2].map((row) => lines.lack(row))).toEqual([null, null, expect.stringContaining("no field a")]);
  expect(write(new MessageLines("stream"), batchWith(["x"]))).toEqual(["stdout"]);
  const merging = new MessageLines();
  merging.begin(batchWith(['{"a":1}', "x"], { merge: { ...MERGE, keep: false } }));
  expect([merging.lack(0), merging.lack(1)]).toEqual([expect.stringContaining("no field log"), null]);
});
