import { expect, test } from "vitest";
import { encodeLines } from "../../../../agent/input/spool/spool-line.ts";
import { SPOOL_LINE_BYTES_MAX } from "../../../../agent/parser/spool.ts";
import { T0_MS } from "../../fixture.ts";
import { message, readLines } from "./bed.ts";

const read = (...records: Parameters<typeof encodeLines>[0][number][]) => readLines(encodeLines(records));

test.each(["plain", "", "two\nlines", "a\\nb", "a\\\nb\\\\\n", "\n", " blanks  ", "ümlaut \u{1f600}\n"])(
  "the message %j is read as it was written",
  (text) => expect(read(message(text)).map(({ log }) => log)).toEqual([text]),
);

test("time, stream and level are read as they were written", () => {
  const [first, second] = read(
    message("a", { stream: "stderr", level: 5 }),
    message("b", { nanos: 999_999_999, stream: "stdout" }),
  );
  expect(first).toMatchObject({ ms: T0_MS, stream: "stderr", level: 5, cut: null, record: null });
  expect(second).toMatchObject({ ms: T0_MS + 999, stream: "stdout", level: 0 });
});

test("a level that nobody named is looked for in the message, or in the fields", () => {
  const fields = { severity: "warning" };
  expect(read(message("ERROR no"), message("", { log: null, fields })).map(({ level }) => level)).toEqual([5, 4]);
});

test("a level for messages that name none is that of those alone", () => {
  const rows = read(message("plain", { levelElse: 3 }), message("ERROR no", { levelElse: 3 }), message("plain"));
  expect(rows.map(({ level }) => level)).toEqual([3, 5, 0]);
});

test("fields come back in their order, with their text `log` as the message", () => {
  const fields = { b: 1, log: "two\nlines", a: [null, { c: "\n" }], time: "9".repeat(20) };
  const [row] = read(message("", { log: null, fields }));
  expect(row).toMatchObject({ log: "two\nlines", record: fields });
  expect(Object.keys(row!.record!)).toEqual(["b", "log", "a", "time"]);
});

test("a message beside fields is no field of them", () => {
  const rows = read(message("m\n1", { fields: { a: 1 } }), message("m2"), message("m3", { fields: { log: 2 } }));
  expect(rows.map(({ log, record }) => [log, record])).toEqual([["m\n1", { a: 1 }], ["m2", null], ["m3", { log: 2 }]]); // prettier-ignore
});

test("of fields that came with a message, columns have the message alone, and records have all in their order", () => {
  const fields = { a: 1, MESSAGE: "two\nlines", b: [2] };
  const [row, plain] = read(message("", { log: null, fields, messageKey: "MESSAGE" }), message("next"));
  expect(row).toMatchObject({ log: "two\nlines", record: null });
  expect(JSON.stringify(row!.all)).toBe(JSON.stringify(fields));
  expect(plain!.all).toEqual({ log: "next" });
});

test("bytes that are not UTF-8 are repaired when they are read, beside their fields", () => {
  const bytes = Buffer.from([0x61, 0xff, 0x0a, 0x62]);
  const [first, second] = read(message(bytes), message(bytes, { fields: { a: 1 } }));
  expect([first!.log, second!.log, second!.record]).toEqual(["a\ufffd\nb", "a\ufffd\nb", { a: 1 }]);
});

test("what is too long for a line goes on in the next, cut between characters and marked", () => {
  const text = "\u{1f600}\n\\".repeat(400_000);
  const lines = encodeLines([message(text)]);
  expect(
    Math.max(
      ...lines
        .toString("latin1")
        .split("\n")
        .map((line) => line.length + 1),
    ),
  ).toBeLessThanOrEqual(SPOOL_LINE_BYTES_MAX);
  const rows = readLines(lines);
  expect(rows.map(({ log }) => log).join("")).toBe(text);
  expect(rows.map(({ cut }) => cut)).toEqual([...rows.slice(1).map(() => "limit"), null]);
});

test("fields that are too long for a line are kept as text", () => {
  const fields = { log: "m", a: "x".repeat(SPOOL_LINE_BYTES_MAX) };
  const rows = read(message("", { log: null, fields }));
  expect(JSON.parse(rows.map(({ log }) => log).join(""))).toEqual(fields);
});
