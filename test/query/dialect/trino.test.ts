import { describe, expect, test } from "vitest";
import { COLUMNS, PARTITION_COLUMNS } from "../../../config/table.ts";
import { analyze } from "../../../query/dialect/analyze.ts";
import type { AnalyzeOptions } from "../../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../../query/dialect/lower.ts";
import type { TimeRange, TrinoLowerOptions } from "../../../query/dialect/statement.ts";
import type { LoweredText } from "../../../query/engine/engine.ts";
import { GOLDENS } from "./golden-statements.ts";
import { trinoSyntaxErrors } from "./trino-grammar.ts";

const TABLE = { catalog: "awsdatacatalog", database: "logs-db", table: "logs" };
const FROM = '"awsdatacatalog"."logs-db"."logs"';

function trino(text: string, options: Partial<TrinoLowerOptions & AnalyzeOptions> = {}): LoweredText {
  const { now = 0n, params = {}, ...rest } = options;
  const defaults = { table: TABLE, clusters: ["prod"], range: { from: null, to: null }, where: null, limit: null };
  return lowerForTrino(analyze(text, { now, params }), { ...defaults, ...rest });
}

/** What stands behind the scan. */
function body(text: string, options: Partial<TrinoLowerOptions & AnalyzeOptions> = {}): string {
  return trino(text, options).sql.replace(/^WITH logq_scan AS \(.*?\) (?=SELECT|select|where|\()/s, "");
}

function ns(time: string): bigint {
  return BigInt(Date.parse(time)) * 1_000_000n;
}

function literal(time: Date): string {
  return time.toISOString().slice(0, -1).replace("T", " ");
}

/** The conditions of the scan beside that on the cluster. */
function conditions(range: TimeRange): string {
  return /WHERE cluster = 'prod'(?: AND )?(.*?)\) select/.exec(trino("select count(*)", { range }).sql)![1]!;
}

describe("the scan", () => {
  test("reads the columns of the fully qualified table, of one cluster that is named by a literal", () => {
    const columns = [...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS].join(", ");
    expect(trino("select count(*) as n").sql).toBe(
      `WITH logq_scan AS (SELECT ${columns} FROM ${FROM} WHERE cluster = 'prod') select count(*) as n FROM logq_scan AS logs `,
    );
  });

  test("names its columns in a WITH RECURSIVE, as Trino wants of every query there", () => {
    const text = "with recursive t(i) as (select 1 union all select i + 1 from t where i < 3) select * from t, logs";
    expect(trino(text).sql).toMatch(
      /^with recursive logq_scan \(ts, ts_ns, .*, hour\) AS \(SELECT ts, .*\), t\(i\) as /,
    );
  });

  test("of several clusters is a SELECT each, for the projection of cluster takes one value", () => {
    const { sql } = trino("select count(*) as n", { clusters: ["a", "it's"], where: "pod = 'x' OR pod = 'y'" });
    expect(sql.match(/ FROM "awsdatacatalog"[^)]*?WHERE cluster = '[^)]*\(pod = 'x' OR pod = 'y'\)/g)).toHaveLength(2);
    expect(sql).toContain("cluster = 'it''s'");
    expect(trinoSyntaxErrors(sql)).toEqual([]);
  });

  test("of no cluster is a mistake of the caller", () => {
    expect(() => trino("select count(*)", { clusters: [] })).toThrow("name at least one cluster");
    expect(trino("select 1 as one", { clusters: [] }).sql).toBe("select 1 as one");
  });

  test.each<[string, string, string, string]>([
    ["one hour", "2026-03-01T04:00:00Z", "2026-03-01T05:00:00Z", "dt = '2026-03-01' AND hour = '04'"],
    [
      "hours of one day",
      "2026-03-01T04:10:00Z",
      "2026-03-01T10:00:00.001Z",
      "dt = '2026-03-01' AND hour >= '04' AND hour <= '10'",
    ],
    ["a whole day", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "dt = '2026-03-01'"],
    [
      "a midnight",
      "2026-03-01T23:30:00Z",
      "2026-03-02T00:30:00Z",
      "dt >= '2026-03-01' AND dt <= '2026-03-02' AND (dt > '2026-03-01' OR hour >= '23') AND (dt < '2026-03-02' OR hour <= '00')",
    ],
    ["whole days", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", "dt >= '2026-02-01' AND dt <= '2026-02-28'"],
  ])("names the partitions of %s, and the exact time", (_, from, to, expected) => {
    const range = { from: ns(from), to: ns(to) };
    const [first, last] = [from, to].map((time) => new Date(Date.parse(time)));
    last!.setMilliseconds(last!.getMilliseconds() - 1);
    expect(conditions(range)).toBe(
      `${expected} AND ts >= timestamp '${literal(first!)}' AND ts_ns >= ${range.from} AND ts <= timestamp '${literal(last!)}' AND ts_ns < ${range.to}`,
    );
  });

  test("of a range that is open on one side names the partitions on the other", () => {
    expect(conditions({ from: ns("2026-03-01T04:00:00Z"), to: null })).toMatch(
      /^dt >= '2026-03-01' AND \(dt > '2026-03-01' OR hour >= '04'\) AND ts >= [^<]*$/,
    );
    expect(conditions({ from: null, to: ns("2026-03-01T04:00:00Z") })).toMatch(
      /^dt <= '2026-03-01' AND \(dt < '2026-03-01' OR hour <= '03'\) AND ts <= [^>]*$/,
    );
  });

  test("of a range that ends within a millisecond keeps that millisecond, and cuts by nanoseconds", () => {
    const from = ns("2026-03-01T04:00:00.123Z") + 5n;
    expect(conditions({ from, to: from + 1n })).toContain(
      `ts >= timestamp '2026-03-01 04:00:00.123' AND ts_ns >= ${from} AND ts <= timestamp '2026-03-01 04:00:00.123' AND ts_ns < ${from + 1n}`,
    );
  });

  test("of an empty range reads nothing", () => {
    expect(conditions({ from: 5n, to: 5n })).toMatch(/^false AND /);
  });
});

describe("the sugar", () => {
  test.each([
    [
      'select log.a.b[0]."c d"',
      `select CASE WHEN TRY(json_parse(log)) IS NOT NULL THEN json_extract_scalar(log, '$["a"]["b"][0]["c d"]') END AS "log.a.b[0].""c d""" FROM logq_scan AS logs `,
    ],
    [
      "log.status >= 500",
      `log.status >= 500`.replace(
        "log.status",
        `TRY_CAST(CASE WHEN TRY(json_parse(log)) IS NOT NULL THEN json_extract_scalar(log, '$["status"]') END AS DOUBLE)`,
      ),
    ],
    ["labels.app = 'x'", "element_at(labels, 'app') = 'x'"],
    ["labels['it''s'] = 'x'", "element_at(labels, 'it''s') = 'x'"],
    ["level >= warn", "level  IN ('warn', 'error', 'fatal')"],
    ["level > fatal", "level  <> level"],
  ])("%s", (text, expected) => {
    const lowered = body(text);
    expect(lowered.replace(/^SELECT .* WHERE /s, "")).toBe(expected);
  });

  test("the map of the outermost query is JSON, and stays a map inside", () => {
    expect(body("select labels, pod from logs where labels.app = 'x'")).toBe(
      `select CAST(labels AS JSON) AS "labels", pod from logq_scan AS logs where element_at(labels, 'app') = 'x'`,
    );
    expect(body("select l.* from logs l")).toContain(`"l".log, CAST("l".labels AS JSON) AS labels, "l".image`);
    expect(body("pod = 'x'")).toMatch(/^SELECT ts, .*CAST\(labels AS JSON\) AS labels.* WHERE pod = 'x'$/);
    expect(body("select Labels, 1 as N from logs")).toContain('CAST(Labels AS JSON) AS "labels"');
    expect(body("select x.labels as m from (select * from logs) x")).toBe(
      "select CAST(x.labels AS JSON) as m from (select * from logq_scan AS logs) x",
    );
  });
});

test.each([
  ["select array_agg(pod)", `CAST(array_agg(pod) AS JSON) AS "array_agg(pod)"`],
  ["select max_by(labels, ts_ns) as l, count(*) as n", "CAST(max_by(labels, ts_ns) AS JSON) as l, count(*) as n"],
  [
    "select array[1.5] as x, (split(pod, '-')) as y from logs",
    "CAST(array[1.5e0] AS JSON) as x, CAST((split(pod, '-')) AS JSON) as y",
  ],
  ["select cast(row(1) as row(a bigint)) as r", "CAST(cast(row(1) as row(a bigint)) AS JSON) as r"],
  [
    "select array_agg(pod) filter (where pos > 1) as a from logs",
    "CAST(array_agg(pod) filter (where pos > 1) AS JSON) as a",
  ],
  ["select t.a from (select array_agg(pod) as a from logs) t", `CAST(t.a AS JSON) AS "a"`],
  ["select * from (select array_agg(pod) as a, 1 as n from logs) t", `select CAST("a" AS JSON) AS "a", "n" from`],
  ["select array_agg(pod) as a from logs union all select array['x']", "union all select CAST(array['x'] AS JSON)"],
  ["select cardinality(array_agg(pod)) as n from logs", "select cardinality(array_agg(pod)) as n"],
])("a list, map or row of the result is JSON, whatever query it comes from: %s", (text, expected) => {
  expect(body(text)).toContain(expected);
});

test("the newest rows are asked for behind the user's text, OFFSET before LIMIT", () => {
  const { sql, reversed } = trino("select pod offset 5", { limit: 7 });
  expect(reversed).toBe(true);
  expect(sql).toMatch(/ ORDER BY "logs"\.ts_ns DESC, "logs"\.file DESC, "logs"\.pos DESC offset 5 LIMIT 7$/);
  expect(trinoSyntaxErrors(sql)).toEqual([]);
});

test("numbers with a fraction are doubles, parameters literals", () => {
  expect(
    body("select 1.5 as a, .5 as b, 1e3 as c, $x as d, $y as e, approx_percentile(pos, 0.5) as f from logs", {
      params: { x: "it's", y: -1.5 },
    }),
  ).toBe(
    "select 1.5e0 as a, .5e0 as b, 1e3 as c, 'it''s' as d, (-1.5) as e, approx_percentile(pos, 0.5) as f from logq_scan AS logs",
  );
});

test("a statement that Athena would refuse for its length is refused before", () => {
  const list = Array.from({ length: 300 }, (_, i) => `'${"x".repeat(1000)}${i}'`).join(",");
  expect(() => trino(`pod in (${list})`)).toThrow(/bytes long, Athena takes 262144/);
});

describe("a grammar of Trino that we did not write accepts what we lower", () => {
  test.each(GOLDENS.filter(({ engine }) => engine === undefined))("$say", ({ say }) => {
    const range = { from: ns("2026-03-01T04:10:00Z"), to: ns("2026-03-02T04:10:00Z") };
    expect(trinoSyntaxErrors(trino(say, { limit: 11, range }).sql)).toEqual([]);
  });

  test("and it is a judge: it refuses what Trino does not have", () => {
    for (const sql of ["select [1]", "select pod::int from logs", "select 1 limit 1 offset 2", "select a == b"]) {
      expect(trinoSyntaxErrors(sql)).not.toEqual([]);
    }
  });
});

describe("lists, maps and rows of the outermost query are JSON", () => {
  test.each([
    ["select array_agg(pod order by pod) as pods", "select CAST(array_agg(pod order by pod) AS JSON) as pods FROM"],
    ["select split(pod, '-')", `select CAST(split(pod, '-') AS JSON) AS "split(pod, '-')" FROM`],
    [
      "select array_agg(pod) filter (where pos > 0) over (partition by node) as pods",
      "select CAST(array_agg(pod) filter (where pos > 0) over (partition by node) AS JSON) as pods FROM",
    ],
    ["select array[1, element_at(array[2], 1)] as a", "select CAST(array[1, element_at(array[2], 1)] AS JSON) as a"],
    ["select array_agg(pos) as a, pod group by 2 order by 2", "select CAST(array_agg(pos) AS JSON) as a, pod FROM"],
  ])("%s", (text, expected) => {
    expect(body(text)).toContain(expected);
    expect(trinoSyntaxErrors(trino(text).sql)).toEqual([]);
  });

  test.each([
    "select element_at(array[1, 2], 1) as first",
    "select cardinality(split(pod, '-')) as n",
    "select split(pod, '-') = array['a'] as same",
    "select split(pod, '-') as parts order by parts",
    "select split(pod, '-') as parts order by 1",
  ])("but not what is none, or is sorted by: %s", (text) => {
    expect(body(text)).not.toContain("CAST(");
  });
});
