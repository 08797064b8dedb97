import { describe, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";

const NOW = ns("2026-03-31T12:00:00.5Z");

function ns(text: string): bigint {
  return BigInt(Date.parse(text)) * 1_000_000n;
}

function bound(value: string | bigint | null): bigint | null {
  return typeof value === "string" ? ns(value) : value;
}

function windowOf(text: string): unknown {
  // With -e local a text may say more of time than what both engines read.
  const { window } = analyze(text, { now: NOW, engine: "duckdb" });
  if (window.kind === "range") return [window.range.from, window.range.to];
  return window.kind === "none" ? "none" : text.slice(window.start, window.end);
}

describe("conjuncts against literals or now() become a range", () => {
  test.each<[string, string | bigint | null, string | bigint | null]>([
    ["ts >= timestamp '2026-03-01 10:00:00'", "2026-03-01T10:00:00Z", null],
    ["ts > timestamp '2026-03-01 10:00:00'", "2026-03-01T10:00:00.001Z", null],
    ["ts < timestamp '2026-03-01 10:00:00'", null, "2026-03-01T10:00:00Z"],
    ["ts <= timestamp '2026-03-01 10:00:00'", null, "2026-03-01T10:00:00.001Z"],
    ["ts = timestamp '2026-03-01 10:00'", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.001Z"],
    ["timestamp '2026-03-01 10:00' <= ts", "2026-03-01T10:00:00Z", null],
    ["ts > '2026-03-01T10:00:00.123456789+00:00'", "2026-03-01T10:00:00.124Z", null],
    ["ts >= '2026-03-01 10:00:00.1234'", "2026-03-01T10:00:00.124Z", null],
    ["ts <= '2026-03-01 10:00:00.1234 UTC'", null, "2026-03-01T10:00:00.124Z"],
    ["ts between date '2026-03-01' and date '2026-03-02'", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00.001Z"],
    ["ts >= now() - interval '1' hour", "2026-03-31T11:00:00.5Z", null],
    ["ts >= now() - interval '90 minutes'", "2026-03-31T10:30:00.5Z", null],
    ["ts >= current_timestamp - interval 2 day + interval '1' hour", "2026-03-29T13:00:00.5Z", null],
    ["ts >= current_timestamp - interval '1' month", "2026-02-28T12:00:00.5Z", null],
    ["ts >= current_date - interval '1' year", "2025-03-31T00:00:00Z", null],
    ["ts >= date_add('hour', -3, now())", "2026-03-31T09:00:00.5Z", null],
    ["ts >= date_trunc('hour', (now()))", "2026-03-31T12:00:00Z", null],
    ["ts_ns >= 1000 and ts_ns < 2000", 1000n, 2000n],
    ["ts_ns > 1000 and ts_ns <= 2000", 1001n, 2001n],
    ["ts_ns = 5", 5n, 6n],
    ["dt = '2026-03-01'", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"],
    ["dt in ('2026-03-01', '2026-03-04')", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z"],
    ["dt > '2026-03-01' and dt <= '2026-03-03'", "2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z"],
    ["dt between '2026-03-01' and '2026-03-02'", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"],
    ["dt = '2026-03-01' and hour = '04'", "2026-03-01T04:00:00Z", "2026-03-01T05:00:00Z"],
    ["hour in ('10', '04') and pod = 'x' and dt = '2026-03-01'", "2026-03-01T04:00:00Z", "2026-03-01T11:00:00Z"],
    ["dt = '2026-03-01' and hour between '04' and '06'", "2026-03-01T04:00:00Z", "2026-03-01T07:00:00Z"],
    ["dt >= '2026-03-01' and hour = '04'", "2026-03-01T00:00:00Z", null],
    ["(pod = 'a' or pod = 'b') and ((ts >= '2026-03-01') and level = 'x')", "2026-03-01T00:00:00Z", null],
    ["ts >= '2026-03-01' and ts >= '2026-02-01'", "2026-03-01T00:00:00Z", null],
  ])("%s", (text, from, to) => {
    expect(windowOf(text)).toEqual([bound(from), bound(to)]);
  });

  test("an upper bound against now() leaves room for the engine's later clock", () => {
    expect(windowOf("ts < now()")).toEqual([null, NOW + 600_000_000_000n]);
    expect(windowOf("ts <= timestamp '2026-03-31 12:00:00.5'")).toEqual([null, NOW + 1_000_000n]);
  });

  test("aliases, CTEs, joins and sub-queries are looked through by scope", () => {
    const from = [ns("2026-03-01T00:00:00Z"), null];
    expect(windowOf("select l.pod from logs l where l.ts >= '2026-03-01'")).toEqual(from);
    expect(windowOf("with e as (select * from logs where ts >= '2026-03-01') select count(*) from e")).toEqual(from);
    expect(windowOf("select 1 from logs l join (select 1 as x) o on o.x = l.pos where ts >= '2026-03-01'")).toEqual(
      from,
    );
    expect(windowOf(`select * from (select "ts" from "logs" where "ts" >= '2026-03-01') t`)).toEqual(from);
  });

  test("several scans get the hull of their ranges", () => {
    const text = "select pod from logs where dt = '2026-03-01' union select pod from logs where dt = '2026-03-05'";
    expect(windowOf(text)).toEqual([ns("2026-03-01T00:00:00Z"), ns("2026-03-06T00:00:00Z")]);
  });
});

test.each([
  "select 1",
  "select ts, max(ts_ns) from logs group by ts order by ts",
  "select date_trunc('hour', ts) as h, count(*) group by 1",
  "select 1 as hour",
  "select extract(hour from ts) from logs",
  "pod = 'ts' and log like '%dt%'",
  "select t.hour from (select 5 as hour) t where t.hour > 3",
  "with logs as (select 1 as ts) select * from logs where ts > 3",
])("says nothing of time: %s", (text) => {
  expect(windowOf(text)).toBe("none");
});

test.each<[string, string]>([
  ["ts > '2026-03-01' or pod = 'x'", "ts > '2026-03-01' or pod = 'x'"],
  ["pod = 'x' and not ts > '2026-03-01'", "not ts > '2026-03-01'"],
  ["ts > (select max(ts) from logs)", "ts > (select max(ts) from logs)"],
  ["ts <> '2026-03-01'", "ts <> '2026-03-01'"],
  ["ts > '2026-02-30'", "ts > '2026-02-30'"],
  ["ts > 'yesterday'", "ts > 'yesterday'"],
  ["cast(ts as date) = date '2026-03-01'", "cast(ts as date) = date '2026-03-01'"],
  ["date_trunc('hour', ts) = now()", "date_trunc('hour', ts) = now()"],
  ["hour = '04'", "hour = '04'"],
  ["dt like '2026-03%'", "dt like '2026-03%'"],
  ["dt >= '2026-03'", "dt >= '2026-03'"],
  ["select pod from logs group by pod having max(ts) < now()", "max(ts) < now()"],
  ["select a.pod from logs a join logs b on a.ts = b.ts", "a.ts = b.ts"],
  ["select a.pod from logs a, logs b where a.ts > '2026-03-01'", "a.ts > '2026-03-01'"],
  [
    "with e as (select * from logs) select * from e where ts > now() - interval '1' hour",
    "ts > now() - interval '1' hour",
  ],
  ["ts > '2026-03-01' and pod in (select pod from logs where level = 'x')", "ts > '2026-03-01'"],
  [
    "select * from logs l where exists (select 1 from (select 1 as x) t where l.ts > '2026-03-01')",
    "exists (select 1 from (select 1 as x) t where l.ts > '2026-03-01')",
  ],
])("asks for --since rather than guess: %s", (text, unclear) => {
  expect(windowOf(text)).toBe(unclear);
});
