import { expect, test } from "vitest";
import { parseDuration, parseTime, rangeOfFlags, windowOf, type TimeFlags } from "../../query/time-range.ts";

const NOW = ns("2026-11-21T05:30:00Z");
const utc = { now: NOW, zone: "UTC" };

test.each([
  ["90s", 90],
  ["15m", 900],
  ["1h", 3600],
  ["2d", 172_800],
  ["1w", 604_800],
  ["1h30m", 5400],
])("--since %s is %d seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(BigInt(seconds) * 1_000_000_000n);
});

test.each(["", "1", "h", "1y", "-1h", "1.5h", "1h ", "--all-time"])("--since %j is refused", (text) => {
  expect(() => parseDuration(text)).toThrow(`--since ${text}: not a duration`);
});

test("a point in time after --since suggests --from", () => {
  expect(hintOf(() => parseDuration("2026-11-21"))).toBe("for a point in time use --from '2026-11-21'");
});

test("a duration after --from suggests --since", () => {
  expect(hintOf(() => parseTime("--from", "1h", utc))).toBe("for a duration use --since 1h");
});

test.each([
  ["2026-11-21T05:00:00Z", "2026-11-21T05:00:00Z"],
  ["2026-11-21T05:00:00.123456789Z", "2026-11-21T05:00:00.123456789Z"],
  ["2026-11-21T13:00:00+08:00", "2026-11-21T05:00:00Z"],
  ["2026-11-21T00:30:00-0430", "2026-11-21T05:00:00Z"],
  ["2026-11-21", "2026-11-20T16:00:00Z"],
  ["2026-11-21 05:00", "2026-11-20T21:00:00Z"],
  ["2026-11-21T05:00:07.5", "2026-11-20T21:00:07.5Z"],
  ["05:00", "2026-11-20T21:00:00Z"],
  ["9:00:30", "2026-11-21T01:00:30Z"],
  ["now", "2026-11-21T05:30:00Z"],
])("in Shanghai --from %s is %s", (text, instant) => {
  expect(parseTime("--from", text, { now: NOW, zone: "Asia/Shanghai" })).toBe(ns(instant));
});

test("today is the zone's day, not UTC's", () => {
  const clock = { now: ns("2026-11-21T20:00:00Z"), zone: "Asia/Shanghai" };
  expect(parseTime("--from", "03:00", clock)).toBe(ns("2026-11-21T19:00:00Z"));
});

test.each(["", "yesterday", "2026-02-30", "2026-11-21T24:00", "2026-13-01", "25:00", "2026-11-21T05:00:60Z"])(
  "--from %j is refused",
  (text) => {
    expect(() => parseTime("--from", text, utc)).toThrow(`--from ${text}: not a time`);
  },
);

test.each([
  ["2h", "for a duration use --since 2h"],
  ["1h30m", "for a duration use --since 1h30m"],
  ["2 hours ago", "for a duration use --since 2h"],
  ["yesterday", "write its date; a day back from now is --since 1d"],
])("--from %j is told what to write", (text, hint) => {
  expect(() => parseTime("--from", text, utc)).toThrow(expect.objectContaining({ hint }));
});

test("a clock time that is still to come today is refused as --from, with yesterday's as the remedy", () => {
  const attempt = (): bigint => parseTime("--from", "23:00", utc);
  expect(attempt).toThrow("--from 23:00 is in the future: it means 2026-11-21 23:00 UTC");
  expect(hintOf(attempt)).toBe("for yesterday write --from '2026-11-20 23:00'");
  expect(parseTime("--to", "23:00", utc)).toBe(ns("2026-11-21T23:00:00Z"));
});

test("a local time that exists twice is its earlier reading for --from and its later one for --to", () => {
  const berlin = { now: NOW, zone: "Europe/Berlin" };
  expect(parseTime("--from", "2026-10-25 02:30", berlin)).toBe(ns("2026-10-25T00:30:00Z"));
  expect(parseTime("--to", "2026-10-25 02:30", berlin)).toBe(ns("2026-10-25T01:30:00Z"));
});

test("a local time that does not exist is read so that the window includes both neighbours", () => {
  const berlin = { now: NOW, zone: "Europe/Berlin" };
  expect(parseTime("--from", "2026-03-29 02:30", berlin)).toBe(ns("2026-03-29T00:30:00Z"));
  expect(parseTime("--to", "2026-03-29 02:30", berlin)).toBe(ns("2026-03-29T01:30:00Z"));
});

test("local times beside a change of clocks have one reading", () => {
  const berlin = { now: NOW, zone: "Europe/Berlin" };
  expect(parseTime("--to", "2026-10-25 01:59", berlin)).toBe(ns("2026-10-24T23:59:00Z"));
  expect(parseTime("--from", "2026-10-25 03:00", berlin)).toBe(ns("2026-10-25T02:00:00Z"));
});

test("--since is open to the future, because clocks differ", () => {
  expect(rangeOfFlags(flags({ since: "1h" }), utc)).toEqual({ from: ns("2026-11-21T04:30:00Z"), to: null });
});

test.each([
  [flags({ since: "1h", allTime: true }), "--since and --all-time exclude each other"],
  [flags({ since: "1h", to: "05:00" }), "--since and --from/--to exclude each other"],
  [flags({ from: "05:00", to: "05:00" }), "--from 05:00 is not before --to 05:00"],
])("time options that contradict each other are refused", (given, message) => {
  expect(() => rangeOfFlags(given, utc)).toThrow(message);
});

test("the window is the time flag's, else the text's, else everything", () => {
  const range = { from: 1n, to: 2n };
  expect(windowOf(flags({ from: "05:00" }), { kind: "range", range }, utc)).toEqual({
    range: { from: ns("2026-11-21T05:00:00Z"), to: null },
    source: "flags",
  });
  expect(windowOf(flags({}), { kind: "range", range }, utc)).toEqual({ range, source: "text" });
  expect(windowOf(flags({}), { kind: "none" }, utc)).toEqual({ range: { from: null, to: null }, source: "default" });
});

test("an unclear condition on time needs a flag, and any flag settles it", () => {
  const unclear = { kind: "unclear", start: 6, end: 20 } as const;
  const attempt = (): unknown => windowOf(flags({}), unclear, utc);
  expect(attempt).toThrow("this condition on time does not give one range to scan");
  expect(hintOf(attempt)).toContain("--since 1h");
  expect(windowOf(flags({ allTime: true }), unclear, utc).range).toEqual({ from: null, to: null });
});

function flags(given: Partial<TimeFlags>): TimeFlags {
  return { since: null, from: null, to: null, allTime: false, ...given };
}

function ns(text: string): bigint {
  const [, seconds, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(text)!;
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

function hintOf(attempt: () => unknown): string | null {
  try {
    attempt();
  } catch (error) {
    return (error as { hint: string | null }).hint;
  }
  throw new Error("nothing was thrown");
}
