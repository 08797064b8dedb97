import { describe, expect, test } from "vitest";

import { createTimeReader, type TimeReaderOptions } from "../../../config/time/strptime.ts";

const PLAIN: TimeReaderOptions = { strict: true, offsetSeconds: 0, zone: null };
const NEAR = Date.parse("2026-11-21T05:47:53Z") / 1000;

const secondsOf = (text: string): number => Date.parse(text) / 1000;

/** What a format reads, as RFC 3339 with nanoseconds; null if it does not fit. */
function read(format: string, text: string, options: Partial<TimeReaderOptions> = {}, near = NEAR): string | null {
  const time = createTimeReader(format, { ...PLAIN, ...options })(text, near);
  if (time === null) return null;
  return new Date(time.seconds * 1000).toISOString().replace(".000Z", `.${String(time.nanos).padStart(9, "0")}Z`);
}

describe("a time with all of its parts", () => {
  test.each([
    ["%Y-%m-%dT%H:%M:%S.%L%z", "2026-11-21T05:47:53.123456789Z", "2026-11-21T05:47:53.123456789Z"],
    ["%Y-%m-%dT%H:%M:%S.%L%z", "2026-11-21T05:47:53.5+08:00", "2026-11-20T21:47:53.500000000Z"],
    ["%Y-%m-%dT%H:%M:%S.%LZ", "2026-11-21T05:47:53.123Z", "2026-11-21T05:47:53.123000000Z"],
    ["%Y-%m-%dT%H:%M:%S.%L", "2026-11-21T05:47:53.123Z trailing", "2026-11-21T05:47:53.123000000Z"],
    ["%Y-%m-%dT%H:%M:%S,%3N", "2026-11-21T05:47:53,042", "2026-11-21T05:47:53.042000000Z"],
    ["%d/%b/%Y:%H:%M:%S %z", "21/Nov/2026:05:47:53 -0330", "2026-11-21T09:17:53.000000000Z"],
    ["%d/%B/%Y:%T %z", "1/november/2026:05:47:53 +01", "2026-11-01T04:47:53.000000000Z"],
    ["%a %b %e %H:%M:%S %Y", "Sat Nov  1 05:47:53 2026", "2026-11-01T05:47:53.000000000Z"],
    ["%c", "Saturday Nov 21 05:47:53 2026", "2026-11-21T05:47:53.000000000Z"],
    ["%m/%d/%y %r", "11/21/26 05:47:53 pm", "2026-11-21T17:47:53.000000000Z"],
    ["%D %I:%M %p", "11/21/70 12:10 AM", "1970-11-21T00:10:00.000000000Z"],
    ["%C%y-%j", "1999-032", "1999-02-01T00:00:00.000000000Z"],
    ["%F %R %Z", "2026-11-21 05:47 CEST", "2026-11-21T03:47:00.000000000Z"],
    ["%F %R %Z", "2026-11-21 05:47 b", "2026-11-21T03:47:00.000000000Z"],
    ["%F %R %z", "2026-11-21 05:47 EST", "2026-11-21T10:47:00.000000000Z"],
    ["%F %R %z", "2026-11-21 05:47 UTC", "2026-11-21T05:47:00.000000000Z"],
    ["%s", "1795240073", "2026-11-21T05:47:53.000000000Z"],
    ["%s.%L", "1795240073.25", "2026-11-21T05:47:53.250000000Z"],
    ["%Y%m%d%H%M%S", "20261121054753", "2026-11-21T05:47:53.000000000Z"],
    ["%F%n%t%T%%", "2026-11-21 \t 05:47:53%", "2026-11-21T05:47:53.000000000Z"],
    ["%Oy/%Em", "26/11", "2026-11-01T00:00:00.000000000Z"],
  ])("%s reads %j", (format, text, time) => {
    expect(read(format, text)).toBe(time);
  });

  test.each([
    ["%Y-%m-%d", "2026-13-01"],
    ["%Y-%m-%d", "2026-11"],
    ["%H:%M", "24:00"],
    ["%S.%L", "53."],
    ["%b", "Nix"],
    ["%p", "xm"],
    ["%Z", "XYZ"],
    ["%z", "+8"],
    ["%z", "+08:0"],
    ["%Y-%m-%dT", "2026-11-21 "],
    ["%s", "soon"],
    ["%F %T.%L", "2026-11-21 05:47:53"],
  ])("%s does not read %j", (format, text) => {
    expect(read(format, text)).toBeNull();
  });
});

describe("a time without a zone", () => {
  test("is in UTC, or at the offset that was given", () => {
    expect(read("%F %T", "2026-11-21 05:47:53")).toBe("2026-11-21T05:47:53.000000000Z");
    expect(read("%F %T", "2026-11-21 05:47:53", { offsetSeconds: 7200 })).toBe("2026-11-21T03:47:53.000000000Z");
    expect(read("%F %T%z", "2026-11-21 05:47:53Z", { offsetSeconds: 7200 })).toBe("2026-11-21T05:47:53.000000000Z");
    expect(read("%F %TZ", "2026-11-21 05:47:53Z", { offsetSeconds: 7200 })).toBe("2026-11-21T05:47:53.000000000Z");
  });

  test.each([
    ["in winter", "2026-01-21 05:47:53", "2026-01-21T04:47:53.000000000Z"],
    ["in summer", "2026-07-21 05:47:53", "2026-07-21T03:47:53.000000000Z"],
    ["in an hour that there is twice, its first", "2026-10-25 02:30:00", "2026-10-25T00:30:00.000000000Z"],
    ["after it", "2026-10-25 03:30:00", "2026-10-25T02:30:00.000000000Z"],
    ["in an hour that there is not", "2026-03-29 02:30:00", "2026-03-29T01:30:00.000000000Z"],
  ])("is in a zone, %s", (_, text, time) => {
    expect(read("%F %T", text, { zone: "Europe/Berlin" })).toBe(time);
  });
});

describe("a time without a year", () => {
  test.each([
    ["Nov 21 05:47:53", "2026-11-21T06:00:00Z", "2026-11-21T05:47:53.000000000Z"],
    ["Dec 31 23:59:59", "2027-01-01T00:00:05Z", "2026-12-31T23:59:59.000000000Z"],
    ["Jan  1 00:00:01", "2026-12-31T23:59:58Z", "2027-01-01T00:00:01.000000000Z"],
    ["Feb 29 12:00:00", "2028-03-01T00:00:00Z", "2028-02-29T12:00:00.000000000Z"],
  ])("%s, read at %s, is in the year that brings it nearest", (text, at, time) => {
    expect(read("%b %d %H:%M:%S", text, {}, secondsOf(at))).toBe(time);
  });

  test("nor a date is of the day that brings it nearest", () => {
    expect(read("%T", "23:59:59", {}, secondsOf("2026-11-21T00:00:05Z"))).toBe("2026-11-20T23:59:59.000000000Z");
    expect(read("%T", "00:00:05", {}, secondsOf("2026-11-21T23:59:59Z"))).toBe("2026-11-22T00:00:05.000000000Z");
  });
});

test("what was read of a time counts where the reader is not strict", () => {
  expect(read("%F %T", "2026-11-21 soon", { strict: false })).toBe("2026-11-21T00:00:00.000000000Z");
});

test.each([
  ["%Q", "%Q is no conversion of strptime that is known here"],
  ["%Y %", "a % stands at its end; write %% for the character itself"],
])("the format %s is refused", (format, message) => {
  expect(() => createTimeReader(format, PLAIN)).toThrow(message);
});
