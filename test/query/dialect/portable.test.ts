import { describe, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { QueryError } from "../../../query/engine/engine.ts";

/** The refusal of a text: its message, the characters under the caret, the first line of its hint. Null if there is none. */
function refusal(text: string, engine?: "duckdb" | "trino"): readonly (string | null)[] | null {
  try {
    analyze(text, { now: 0n, engine, params: { n: 1, s: "x" } });
    return null;
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return [error.start === null ? null : text.slice(error.start, error.end!), error.hint?.split("\n")[0] ?? null];
  }
}

describe("text that one engine takes alone is refused where it stands, with what to write", () => {
  test.each<[string, string, string]>([
    ["not pod not ilike 'NG%'", "ilike", "write lower(pod) not like 'ng%'"],
    ["l.pod ilike $s", "ilike", "write lower(l.pod) like 'x'"],
    ["select l.pos::int4 from logs l", "::", "write cast(l.pos as integer)"],
    ["select cast(pod as text) from logs", "text", "write varchar"],
    ["select cast(pod as varchar[]) from logs", "varchar[]", "write array(varchar)"],
    ["select upper(pod) as p where p = 'X'", "p", "write upper(pod)"],
    ["select pos, upper(pod) as p, count(*) group by 1, p", "p", "write group by 2"],
    ["select pod, count(*) as n group by 1 having n > 1", "n", "write count(*)"],
    ["select upper(pod) as p, p || 'x' from logs", "p", "write upper(pod)"],
    ["select pod limit 2 offset $n", "limit 2 offset", "write offset $n limit 2"],
    ["select pod limit 10%", "10", "write limit 10"],
    ['pod = "nginx"', '"nginx"', "strings take single quotes: 'nginx'"],
    ["ts > '2026-03-01'", "'2026-03-01'", "write timestamp '2026-03-01 00:00:00'"],
    ["pod is null and '2026-03-01' <= ts", "'2026-03-01'", "write timestamp '2026-03-01 00:00:00'"],
    [
      "ts between timestamp '2026-03-01 00:00:00' and '2026-03-02T10:00'",
      "'2026-03-02T10:00'",
      "write timestamp '2026-03-02 10:00:00'",
    ],
    ["pos > '5'", "'5'", "write 5"],
    ["hour in ('04', 5)", "5", "write '05'"],
    ["pod = 5", "5", "write '5'"],
    ["select count(*) from cloudtrail where readonly = FALSE", "FALSE", "write 'false'"],
    ["true = pos", "true", "write a bigint"],
    ["pod = pos", "pod", "write cast(pod as …)"],
    ["select pos / 0", "/ 0", "write x / nullif(y, 0): Athena stops at a zero, DuckDB answers NULL"],
    ["select labels[pod] from logs", "[", "write element_at(…, pod)"],
    ["select map {'a': 1}", "{", "write row(x, y), or map(array['a'], array[x])"],
    ["select * exclude (log) from logs", "exclude", "write the names of the columns"],
    ["select * replace (1 as log) from logs", "replace", "write the names of the columns"],
    ["select distinct on (pod) * from logs", "distinct on", "write max_by(x, ts_ns) … group by y"],
    ["select i from generate_series(1, 5) t(i)", "generate_series", "write unnest(sequence(1, 5)) as t(i) in FROM"],
    ["select i from range(5) t(i)", "range", "write unnest(sequence(1, 5)) as t(i) in FROM"],
    ["select count(*) from logs using sample 10%", "sample", "write where random() < 0.1"],
    ["select count(*) from logs tablesample bernoulli (10)", "tablesample", "write where random() < 0.1"],
    ["select a.pod from logs a asof join logs b on a.ts >= b.ts", "asof", "write a join with its condition spelt out"],
    ["select a.pod from logs a semi join logs b using (pod)", "semi", "write where x in (select …)"],
    ["select pod from logs order by all", "all", "write the columns, or their numbers: 1, 2"],
    ["select pod from logs union by name select pod from logs", "name", "write the columns of both sides in one order"],
    ["with x as materialized (select 1) select * from x", "materialized", "write no materialized"],
    ["select pod, from logs", ",", "write no comma there"],
    ["select cuont(*) from logs", "cuont", "did you mean count?"],
    ["select pod.upper() from logs", "upper", "write upper(pod)"],
    ["select unnest(split(pod, '-')) from logs", "unnest", "write cross join unnest(x) as u(v), and v"],
    ["select ts - interval '2' weeks from logs", "interval '2' weeks", "write interval '14' day"],
    ["select ts - interval $n hour from logs", "interval $n hour", "write interval '1' hour"],
    [
      "select timestamp '2026-03-01T10:00:00Z'",
      "timestamp '2026-03-01T10:00:00Z'",
      "write timestamp '2026-03-01 10:00:00.000'",
    ],
    ["select 1_000", "1_000", "write 1000"],
    ["select pos as a$b from logs", "a$b", 'write "a$b"'],
    ["select extract(dow from ts) from logs", "dow", "write day_of_week(ts): Monday is 1, Sunday 7"],
    [
      "select lag(pod) ignore nulls over (order by ts) from logs",
      "ignore nulls",
      "write a condition in the query inside: where x is not null",
    ],
    ["with recursive t as (select 1 as a) select * from t", "t", "write t(a, b) as (…)"],
    ["values (1, 2)", "values", "write select * from (values …) as t(a, b)"],
    ["with t as (values (1, 2)) select * from t", "values", "write select * from (values …) as t(a, b)"],
    ["pod is not true", "is not true", "write the condition alone, or coalesce(x, false)"],
    [String.raw`regexp_like(log, '(a)\1')`, String.raw`'(a)\1'`, "write a pattern of RE2: DuckDB has no other"],
    ["pod = any(['a'])", "any", "write in (…), or array_position(list, x) > 0"],
    [
      "select list_transform(x, y -> y + 1) from (select array[1] as x)",
      "list_transform",
      "write a function that both engines have",
    ],
    [
      "select log -> '$.a' from logs",
      "->",
      "write json_extract(x, '$.a'), or log.a for text; lambdas: cross join unnest(x) as u(v)",
    ],
    ["pod glob 'x*'", "glob", "write like '…%', where % stands for any text and _ for one character"],
    ["pod notnull and pos = 1", "notnull", "write is not null"],
    ["pod collate nocase = 'x'", "collate", "write lower(x) to ignore case"],
  ])("%s", (text, at, hint) => {
    expect(refusal(text)).toEqual([at, hint]);
    expect(refusal(text, "duckdb")).toBeNull();
  });
});

test.each([
  "select pod, upper(pod) as level, count(*) from logs group by 1, 2, level",
  "select pod offset 1 limit 2",
  "select * from (values (1, 2)) as t(a, b) where a in (values 1)",
  "select max(pod) filter (where level = 'error') as m, count(distinct pod) as d from logs",
  "select approx_percentile(pos, 0.9) from logs where pos % 2 = 1 and pos / 2 > 0",
  "select pod from logs where length(pod) > 3 and pos between 1 and 5 and not (ts_ns < 100) order by pod limit all",
  "select row(1, 2) as r, cast(row(1, 'a') as row(a bigint, b varchar)) as s",
  "select cast(pos as decimal(10, 2)), try_cast(pod as double), cast(ts as timestamp(3)), cast(now() as timestamp with time zone) from logs",
  "select left, filter, replace, name from (select 1 as left, 2 as filter, 3 as replace, 4 as name)",
  "select date '2026-03-01', date(ts), timestamp '2026-03-01 10:00:00.123' from logs",
  "select position('a' in pod), substring(pod from 2 for 3), trim(both 'x' from pod), extract(hour from ts) from logs",
  "select count(*) over (partition by pod order by ts range between interval '1' hour preceding and current row) from logs",
  "select grouping(pod), count(*) from logs group by rollup (pod)",
  "select a.pod from logs a join logs b using (file, pos) where exists (select 1 from logs c where c.pod = a.pod)",
  "select pod as p, count(*) as n from logs group by pod having count(*) > 1 order by p, n desc",
  "with recursive t(i) as (select 1 union all select i + 1 from t where i < 5) select sum(i) from t",
  "select u.x from logs l cross join unnest(array[1, 2]) as u(x) where u.x = 1",
  "select ts + interval '90' minute, dt || 'T' || hour, labels['app'], labels.app, log.a[0] from logs",
  "log.status >= 500 and log.msg like '%x%' and level >= warn and hour = '04' and dt > '2026-01-01'",
  "select x.p from (select upper(pod) as p from logs) x where p = 'A'",
  "select pos from logs where pos = $n and pod = $s",
])("what both take is let through: %s", (text) => {
  expect(refusal(text)).toBeNull();
});
