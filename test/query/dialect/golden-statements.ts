/**
 * Statements of the dialect beside the same question spelt out by hand for a bare DuckDB, where `stored` is the whole
 * store as a view. The columns' names are part of the answer; the order is if `ordered`.
 */
export interface Golden {
  readonly say: string;
  readonly spelt: string;
  readonly ordered?: true;
  /** Only DuckDB takes it. */
  readonly engine?: "duckdb";
}

const JSON_LINES = "CASE WHEN json_valid(log) THEN log END";

function field(path: string): string {
  return `json_extract_string(${JSON_LINES}, '${path}')`;
}

export const GOLDENS: readonly Golden[] = [
  // The FROM rule.
  { say: "select count(*)", spelt: `SELECT count(*) AS "count(*)" FROM stored` },
  { say: "select 1", spelt: `SELECT 1 AS "1"` },
  {
    say: "select now() > timestamp '2026-01-01 00:00:00'",
    spelt: `SELECT true AS "now() > timestamp '2026-01-01 00:00:00'"`,
  },
  { say: "select 1 as hour", spelt: "SELECT 1 AS hour" },
  { say: "select 1 one, interval '1' day", spelt: `SELECT 1 AS one, INTERVAL 1 DAY AS "interval '1' day"` },
  { say: "select upper('pod')", spelt: `SELECT 'POD' AS "upper('pod')"` },
  { say: "select *", spelt: "SELECT * FROM stored" },
  { say: "select logs.*", spelt: "SELECT * FROM stored" },
  { say: "select pod", spelt: "SELECT pod FROM stored" },
  { say: "select distinct hour", spelt: "SELECT DISTINCT hour FROM stored" },
  { say: "select 'x' where 1 = 1", spelt: `SELECT 'x' AS "'x'" FROM stored` },
  { say: "select level, count(*) n group by level", spelt: "SELECT level, count(*) AS n FROM stored GROUP BY ALL" },
  { say: "select 'n' as n having count(*) > 100", spelt: "SELECT 'n' AS n" },
  { say: "select (select count(*)) as n", spelt: "SELECT 160 AS n" },
  { say: "select pod, (select 7) as seven from logs", spelt: "SELECT pod, 7 AS seven FROM stored" },
  { say: "select pod, (select l.pos + 1) as next from logs l", spelt: "SELECT pod, pos + 1 AS next FROM stored" },
  {
    say: "select extract(hour from ts) as h, count(*) as n group by 1",
    spelt: "SELECT hour::INT AS h, count(*) AS n FROM stored GROUP BY 1",
  },
  { say: "select max(pos) over () as m limit 1", spelt: "SELECT 3900 AS m" },
  { say: "values (1, 'a'), (2, 'b')", spelt: "VALUES (1, 'a'), (2, 'b')", engine: "duckdb" },
  {
    say: "select * from (values (1, 'a'), (2, 'b')) as t(x, y)",
    spelt: "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y)",
  },
  // Bare predicates.
  { say: "pod='nginx'", spelt: "SELECT * FROM stored WHERE pod = 'nginx'" },
  { say: "where pod = 'nginx'", spelt: "SELECT * FROM stored WHERE pod = 'nginx'" },
  { say: "pod = 'nginx' or level = 'error'", spelt: "SELECT * FROM stored WHERE pod = 'nginx' OR level = 'error'" },
  {
    say: "(pod = 'nginx' or pod is null) and hour = '04'",
    spelt: "SELECT * FROM stored WHERE (pod = 'nginx' OR pod IS NULL) AND hour = '04'",
  },
  {
    say: "order by ts_ns desc, file limit 3",
    spelt: "SELECT * FROM stored ORDER BY ts_ns DESC, file LIMIT 3",
    ordered: true,
  },
  { say: "limit 0", spelt: "SELECT * FROM stored LIMIT 0" },
  { say: "not (level = 'warn')", spelt: "SELECT * FROM stored WHERE level <> 'warn'" },
  {
    say: "pod like 'nginx%' order by ts_ns limit 2;",
    spelt: "SELECT * FROM stored WHERE pod LIKE 'nginx%' ORDER BY ts_ns LIMIT 2",
    ordered: true,
  },
  // CTEs and scopes.
  {
    say: "with e as (select * from logs where level = 'error') select pod, count(*) as n from e group by pod",
    spelt: "SELECT pod, count(*) AS n FROM stored WHERE level = 'error' GROUP BY pod",
  },
  {
    say: "with logs as (select pod from logs where hour = '10') select count(*) as n from logs",
    spelt: "SELECT count(*) AS n FROM stored WHERE hour = '10'",
  },
  {
    say: "with a as (select count(*) as n from logs), logs as (select 5 as n) select a.n, logs.n as five from a, logs",
    spelt: "SELECT 160 AS n, 5 AS five",
  },
  { say: "with n as (select count(*) as n) select n from n", spelt: "SELECT 160 AS n" },
  {
    say: "with recursive t(i) as (select 1 union all select i + 1 from t where i < 5) select i, count(*) as n from t join logs on pos = i * 100 group by i order by i",
    spelt: "SELECT pos // 100 AS i, count(*) AS n FROM stored WHERE pos BETWEEN 100 AND 500 GROUP BY 1 ORDER BY 1",
    ordered: true,
  },
  {
    say: "with recursive logs(i) as (select 1 union all select i + 1 from logs where i < 3) select sum(i) as s from logs",
    spelt: "SELECT 6::HUGEINT AS s",
  },
  { say: "select count(*) as n from (with logs as (select 1) select * from logs) t", spelt: "SELECT 1 AS n" },
  { say: "with x as (select * from (select * from logs)) select count(*) as n from x", spelt: "SELECT 160 AS n" },
  {
    say: "select pod from logs where hour = '04' union select pod from logs where hour = '10'",
    spelt: "SELECT DISTINCT pod FROM stored WHERE hour IN ('04', '10')",
  },
  { say: "select count(*) as n union all select 5", spelt: "SELECT 160 AS n UNION ALL SELECT 5" },
  {
    say: "(select pod from logs) except (select 'nginx')",
    spelt: "SELECT DISTINCT pod FROM stored WHERE pod IS DISTINCT FROM 'nginx'",
  },
  { say: "select pod from logs intersect select 'nginx' as pod", spelt: "SELECT 'nginx' AS pod" },
  {
    say: "select pos from logs a where exists (select 1 from logs b where b.pod = a.pod and b.level = 'error')",
    spelt: "SELECT pos FROM stored WHERE pod IN (SELECT pod FROM stored WHERE level = 'error')",
  },
  {
    say: "select pod, pos from logs l where pos = (select max(pos) from logs where pod = l.pod)",
    spelt: "SELECT pod, pos FROM stored QUALIFY pos = max(pos) OVER (PARTITION BY pod) AND pod IS NOT NULL",
  },
  {
    say: "select a.pod, x.m from (select distinct pod from logs) a, lateral (select max(pos) as m from logs b where b.pod = a.pod) x",
    spelt: "SELECT pod, CASE WHEN pod IS NOT NULL THEN max(pos) END AS m FROM stored GROUP BY pod",
  },
  {
    say: "select a.pod from logs a join logs b on a.ts_ns = b.ts_ns and a.file < b.file",
    spelt: "SELECT a.pod FROM stored a, stored b WHERE a.ts_ns = b.ts_ns AND a.file < b.file",
  },
  {
    say: "select l.pod, u.x from logs l cross join unnest(array[1, 2]) as u(x) where l.pod = 'nginx'",
    spelt: "SELECT pod, x FROM stored, (VALUES (1), (2)) v(x) WHERE pod = 'nginx'",
  },
  { say: "select count(*) as n from (logs a join logs b using (file, pos))", spelt: "SELECT 160 AS n" },
  {
    say: "select left(pod, 2) as p, count(*) as n from logs left join (select 1 as one) o on left(pod, 1) = 'z' group by 1",
    spelt: "SELECT pod[1:2] AS p, count(*) AS n FROM stored GROUP BY 1",
    engine: "duckdb",
  },
  // Lexical.
  {
    say: `select "pod", "log" from "logs" where "level" = 'error'`,
    spelt: "SELECT pod, log FROM stored WHERE level = 'error'",
  },
  {
    say: "select POD, Level FROM LOGS WHERE Level = 'warn'",
    spelt: "SELECT pod, level FROM stored WHERE level = 'warn'",
  },
  { say: "select count(*) -- it's a comment; with from", spelt: `SELECT 160 AS "count(*)"` },
  { say: "/* from 'x' */ select count(*) /* -- */ as n -- 你好", spelt: "SELECT 160 AS n" },
  {
    say: "namespace = '支付'\n  and log like '支付失败 😀%' -- 中文",
    spelt: "SELECT * FROM stored WHERE pod = 'pay-0'",
  },
  {
    say: `select container as "容器 😀" where namespace='支付'`,
    spelt: `SELECT container AS "容器 😀" FROM stored WHERE pod = 'pay-0'`,
  },
  { say: "log like '%it''s%'", spelt: "SELECT * FROM stored WHERE contains(log, 'it''s')" },
  { say: "select\u00a0count(*)\u3000as n", spelt: "SELECT 160 AS n" },
  { say: "select count(*)where pod='nginx'", spelt: `SELECT count(*) AS "count(*)" FROM stored WHERE pod = 'nginx'` },
  // Names of columns.
  {
    say: "select count(*), count(*), upper(pod) group by pod",
    spelt: `SELECT count(*) AS "count(*)", count(*) AS "count(*)_2", upper(pod) AS "upper(pod)" FROM stored GROUP BY pod`,
  },
  { say: "select pod, pod from logs", spelt: "SELECT pod, pod AS pod_2 FROM stored" },
  {
    say: "select pod is null, case when pos > 5 then 'a' end from logs",
    spelt: `SELECT pod IS NULL AS "pod is null", CASE WHEN pos > 5 THEN 'a' END AS "case when pos > 5 then 'a' end" FROM stored`,
  },
  {
    say: "select * from (select lower(pod), true from logs)",
    spelt: `SELECT lower(pod) AS "lower(pod)", true AS "true" FROM stored`,
  },
  // log.…
  {
    say: 'select log.msg, log.http.method, log.http."x.y", log.http.codes[0], log.http.codes[1].k',
    spelt: `SELECT ${field("$.msg")} AS "log.msg", ${field("$.http.method")} AS "log.http.method", ${field('$.http."x.y"')} AS "log.http.""x.y""", ${field("$.http.codes[0]")} AS "log.http.codes[0]", ${field("$.http.codes[1].k")} AS "log.http.codes[1].k" FROM stored`,
  },
  { say: "log.status >= 430", spelt: `SELECT * FROM stored WHERE TRY_CAST(${field("$.status")} AS DOUBLE) >= 430` },
  {
    say: "430 > log.status and log.status in (202, 407)",
    spelt: `SELECT * FROM stored WHERE ${field("$.status")} IN ('202', '407')`,
  },
  { say: "log.status between 210 and 220", spelt: `SELECT * FROM stored WHERE ${field("$.status")} IN ('212')` },
  { say: "log.status = '407'", spelt: `SELECT * FROM stored WHERE ${field("$.status")} = '407'` },
  { say: "log.none is null and log.msg is not null", spelt: `SELECT * FROM stored WHERE workload = 'checkout'` },
  {
    say: "select sum(log.took) as s, avg(log.took) as a, min(log.status) as lo, max((log.status)) as hi, count(log.took) as n",
    spelt: `SELECT sum(x) AS s, avg(x) AS a, min(y) AS lo, max(y) AS hi, count(x) AS n FROM (SELECT TRY_CAST(${field("$.took")} AS DOUBLE) x, TRY_CAST(${field("$.status")} AS DOUBLE) y FROM stored)`,
  },
  {
    say: "select sum(case when log.ok = 'true' then log.took else 0 end) as s",
    spelt: `SELECT sum(CASE WHEN ${field("$.ok")} = 'true' THEN ${field("$.took")}::DOUBLE ELSE 0 END) AS s FROM stored`,
  },
  {
    say: "select l.log.msg from logs l where l.log.msg like 'order 1%'",
    spelt: `SELECT ${field("$.msg")} AS "l.log.msg" FROM stored WHERE ${field("$.msg")} LIKE 'order 1%'`,
  },
  {
    say: "select log.msg as log from (select * from logs) where log.took = 3",
    spelt: `SELECT ${field("$.msg")} AS log FROM stored WHERE ${field("$.took")} = '3.0' OR ${field("$.took")} = '3'`,
  },
  { say: "with log as (select 'alias' as msg) select log.msg from log", spelt: "SELECT 'alias' AS msg" },
  { say: "select log.a from (select {'a': 5} as log) t", spelt: "SELECT 5 AS a", engine: "duckdb" },
  // labels and levels.
  {
    say: "select labels.app, labels.\"app.kubernetes.io/name\", labels['tier'] from logs",
    spelt: `SELECT labels['app'] AS "labels.app", labels['app.kubernetes.io/name'] AS "labels.""app.kubernetes.io/name""", labels['tier'] AS "labels['tier']" FROM stored`,
  },
  { say: "labels.team = '买家'", spelt: "SELECT * FROM stored WHERE workload = 'checkout'" },
  { say: "labels.nobody is null", spelt: "SELECT * FROM stored" },
  { say: "level >= warn", spelt: "SELECT * FROM stored WHERE level IN ('warn', 'error', 'fatal')" },
  { say: "level>=error", spelt: "SELECT * FROM stored WHERE level IN ('error', 'fatal')" },
  { say: "level < info or level = fatal", spelt: "SELECT * FROM stored WHERE level IN ('debug', 'trace', 'fatal')" },
  { say: "select count(*) as n where not level > fatal", spelt: "SELECT count(level) AS n FROM stored" },
  // Aggregates with Trino's names, windows, times.
  { say: "select count_if(level = 'error') as n where pod = 'none'", spelt: "SELECT 0 AS n" },
  {
    say: "select pod is null as p, count_if( level>=warn) filter (where hour = '04') as n, count_if(pos > 1e3) over () as w group by 1, pos",
    spelt: `SELECT pod IS NULL AS p, count(*) FILTER (WHERE level IN ('warn', 'error', 'fatal') AND hour = '04') AS n,
      count(*) FILTER (WHERE pos > 1000) OVER () AS w FROM stored GROUP BY 1, pos`,
  },
  {
    say: "select approx_distinct(pod) as d, count_if(level = 'error') as e, every(pos >= 0) as v",
    spelt:
      "SELECT approx_count_distinct(pod) AS d, count(*) FILTER (WHERE level = 'error') AS e, true AS v FROM stored",
  },
  { say: "select approx_percentile(pos, 0.5) as p", spelt: "SELECT approx_quantile(pos, 0.5) AS p FROM stored" },
  {
    say: "select pod, row_number() over (partition by pod order by ts_ns, file, pos) as r from logs",
    spelt: "SELECT pod, row_number() OVER (PARTITION BY pod ORDER BY ts_ns, file, pos) AS r FROM stored",
  },
  {
    say: "select pos, lag(pos) over w as before from logs where file like '%f492322' window w as (order by pos)",
    spelt: "SELECT pos, lag(pos) OVER (ORDER BY pos) AS before FROM stored WHERE file LIKE '%f492322'",
  },
  {
    say: "ts >= timestamp '2026-03-01 23:00:00' and ts < timestamp '2026-03-02 00:00:00'",
    spelt: "SELECT * FROM stored WHERE hour = '23'",
  },
  { say: "ts < now() and ts > now() - interval '100' year", spelt: "SELECT * FROM stored" },
  {
    say: "ts >= cast('2026-03-02 07:00:00+08:00' as timestamp with time zone)",
    spelt: "SELECT * FROM stored WHERE hour IN ('23', '00')",
  },
  { say: "log = '2026-03-01T10:00:00+08:00' or pod = 'nginx'", spelt: "SELECT * FROM stored WHERE pod = 'nginx'" },
  { say: "dt = '2026-03-02'", spelt: "SELECT * FROM stored WHERE hour = '00'" },
  {
    say: "select date_trunc('hour', ts) as h, count(*) as n group by 1 order by 1",
    spelt: "SELECT date_trunc('hour', ts) AS h, count(*) AS n FROM stored GROUP BY 1 ORDER BY 1",
    ordered: true,
  },
  {
    say: "select ts + interval '1' hour as later, cast(pos as decimal(10, 2)) / 1 as d from logs",
    spelt: "SELECT ts + INTERVAL 1 HOUR AS later, pos::DECIMAL(10, 2) / 1 AS d FROM stored",
  },
  {
    say: "select pod from logs order by pod nulls last offset 155",
    spelt: "SELECT NULL::VARCHAR AS pod FROM range(5)",
  },
];
