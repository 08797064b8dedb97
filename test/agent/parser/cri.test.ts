import { expect, test } from "vitest";
import { CriPrefix } from "../../../agent/parser/cri.ts";

/** What the prefix of a line says, or null. The line stands in the middle of other bytes. */
function parse(line: string, prefix = new CriPrefix()) {
  const bytes = Buffer.from(`Z123456789${line}\nZ 123456789`);
  const end = bytes.length - 12;
  if (!prefix.parse(bytes, 10, end)) return null;
  const { seconds, nanos, stream, partial, message } = prefix;
  return { seconds, nanos, stream, partial, message: bytes.toString("utf8", message, end) };
}

const SECONDS = Date.UTC(2026, 10, 21, 5, 47, 53) / 1000;

test("a line's time, stream, tag and message are read", () => {
  expect(parse("2026-11-21T05:47:53.123456789Z stdout F hello world")).toEqual({
    seconds: SECONDS, nanos: 123_456_789, stream: 1, partial: false, message: "hello world",
  }); // prettier-ignore
  expect(parse("2026-11-21T05:47:53.123456789Z stderr P half")).toMatchObject({
    stream: 2,
    partial: true,
    message: "half",
  });
});

test.each([
  ["", 0],
  [".1", 100_000_000],
  [".12", 120_000_000],
  [".000001", 1000],
  [".000000001", 1],
  [".999999999", 999_999_999],
  [".1234567891", 123_456_789],
  [".123456789999999", 123_456_789],
])("a fraction %j is %d nanoseconds", (fraction, nanos) => {
  expect(parse(`2026-11-21T05:47:53${fraction}Z stdout F x`)).toMatchObject({ seconds: SECONDS, nanos, message: "x" });
  expect(parse(`2026-11-21T13:47:53${fraction}+08:00 stdout F x`)).toMatchObject({
    seconds: SECONDS,
    nanos,
    message: "x",
  });
});

test("offsets count, also after a line of the same second", () => {
  const prefix = new CriPrefix();
  expect(parse("2026-11-21T05:47:53Z stdout F x", prefix)?.seconds).toBe(SECONDS);
  expect(parse("2026-11-21T05:47:53+05:30 stdout F x", prefix)?.seconds).toBe(SECONDS - 19_800);
  expect(parse("2026-11-21T05:47:53-08:00 stdout F x", prefix)?.seconds).toBe(SECONDS + 28_800);
  expect(parse("2026-11-21T05:47:53Z stdout F x", prefix)?.seconds).toBe(SECONDS);
});

test("further tags are skipped, an empty message is one", () => {
  expect(parse("2026-11-21T05:47:53Z stdout P:a:b more")).toMatchObject({ partial: true, message: "more" });
  expect(parse("2026-11-21T05:47:53Z stdout F ")).toMatchObject({ message: "" });
  expect(parse("2026-11-21T05:47:53Z stdout F")).toMatchObject({ message: "" });
  expect(parse("2026-11-21T05:47:53Z stdout F  two blanks")).toMatchObject({ message: " two blanks" });
});

test.each([
  "",
  "plain text of some length, which is no CRI line",
  "2026-11-21T05:47:53Z stdout",
  "2026-11-21T05:47:53Z stdin  F x",
  "2026-11-21T05:47:53Z stdout X x",
  "2026-11-21T05:47:53Z stdout FULL x",
  "2026-13-21T05:47:53Z stdout F x",
  "2026-11-21T25:47:53Z stdout F x",
  "2026-11-2aT05:47:53Z stdout F x",
  "2026-11-21 05:47:53Z stdout F x",
  "2026-11-21T05:47:53 stdout F hello",
  "2026-11-21T05:47:53+0800 stdout F x",
  "1969-12-31T23:59:59Z stdout F x",
  "\u0000".repeat(40),
])("%j is no CRI line", (line) => {
  expect(parse(line)).toBeNull();
});
