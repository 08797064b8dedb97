import { expect, test } from "vitest";
import { createDateField, createTimeField } from "../../../agent/encode/time-field.ts";

/** 2026-03-08T09:05:07Z, a Sunday, the 67th day. */
const SECOND = Date.UTC(2026, 2, 8, 9, 5, 7) / 1000;

function fieldOf(format: string, second = SECOND, nanos = 12_345_678, key = "time"): string {
  const target = Buffer.alloc(1000);
  const field = createTimeField(key, format);
  const end = field.write(target, 3, second, nanos);
  expect(end - 3).toBeLessThanOrEqual(field.bytesMax);
  return target.toString("utf8", 3, end);
}

test.each([
  ["%Y-%m-%dT%H:%M:%S", "2026-03-08T09:05:07"],
  ["%S.%3N %S.%L %S.%6N %S.%9N %N", "07.012 07.012 07.012345 07.012345678 012345678"],
  ["%F %T %D %R %r", "2026-03-08 09:05:07 03/08/26 09:05 09:05:07 AM"],
  ["%a %A %b %B %e %y %j %u %w", "Sun Sunday Mar March  8 26 067 7 0"],
  ["%c|%x|%X", "Sun Mar  8 09:05:07 2026|03/08/26|09:05:07"],
  ["%s %z %Z %I%p", `${SECOND} +0000 UTC 09AM`],
  ['100%% "sure" \\ %n', '100% "sure" \\ \n'],
])("%s is %s", (format, text) => {
  expect(JSON.parse(`{${fieldOf(format).slice(0, -1)}}`)).toEqual({ time: text });
});

test("noon and midnight are 12 of twelve hours", () => {
  expect(fieldOf("%I%p", Date.UTC(2026, 0, 1, 12) / 1000)).toBe('"time":"12PM",');
  expect(fieldOf("%I%p", Date.UTC(2026, 0, 1, 0) / 1000)).toBe('"time":"12AM",');
});

test("the text follows the second, back and forth", () => {
  const field = createTimeField("t", "%H:%M:%S.%3N %B");
  const target = Buffer.alloc(100);
  const at = (second: number, nanos: number) => target.toString("utf8", 0, field.write(target, 0, second, nanos));
  expect(at(SECOND, 999_999_999)).toBe('"t":"09:05:07.999 March",');
  expect(at(SECOND + 60 * 86_400, 0)).toBe('"t":"09:05:07.000 May",');
  expect(at(SECOND, 1_000_000)).toBe('"t":"09:05:07.001 March",');
});

test("a conversion that is not known is refused, and so is a lone %", () => {
  expect(() => createTimeField("t", "%Y %Q")).toThrow("%Q is no conversion of strftime that is known here");
  expect(() => createTimeField("t", "100%")).toThrow("a % stands at its end; write %% for the character itself");
});

test.each([
  ["iso8601", '"date":"2026-11-21T05:47:53.123456Z",'],
  ["iso8601ns", '"date":"2026-11-21T05:47:53.123456789Z",'],
  ["java_sql_timestamp", '"date":"2026-11-21 05:47:53.123456",'],
  ["double", '"date":1795240073.123456,'],
  ["epoch", '"date":1795240073,'],
  ["epoch_ms", '"date":1795240073123,'],
  ["epoch_millis", '"date":1795240073123,'],
] as const)("json_date_format %s is written as Fluent Bit writes it", (name, expected) => {
  const field = createDateField("date", name)!;
  const target = Buffer.alloc(field.bytesMax);
  const end = field.write(target, 0, Date.parse("2026-11-21T05:47:53Z") / 1000, 123_456_789);
  expect(target.toString("latin1", 0, end)).toBe(expected);
});

test("without json_date_key there is no time in a record", () => {
  expect(createDateField(null, "iso8601")).toBeNull();
});
