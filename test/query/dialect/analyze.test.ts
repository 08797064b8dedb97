import { expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";

function about(text: string) {
  const { kind, table, ordered, limited } = analyze(text, { now: 0n });
  return { kind, table: table?.name ?? null, ordered, limited };
}

test.each([
  "pod = 'nginx'",
  "select *",
  "select log from logs l",
  "select pod, row_number() over (order by ts_ns) from logs",
  "with e as (select * from logs where level = 'error') select log from e",
  "select log from (select * from logs) t",
])("shows rows: %s", (text) => {
  expect(about(text)).toMatchObject({ kind: "rows", table: "logs" });
});

test.each([
  "select count(*)",
  "select distinct pod",
  "select pod group by pod",
  "select pod from logs union select pod from logs",
  "select a.pod from logs a join logs b on a.file = b.file",
  "select pod from (select pod from logs) t",
  "with e(a) as (select * from logs) select a from e",
])("shows a table over logs: %s", (text) => {
  expect(about(text)).toMatchObject({ kind: "table", table: "logs" });
});

test.each([
  "select 1",
  "select now()",
  "select * from (values (1)) as t(x)",
  "with logs as (select 1 as x) select x from logs",
  "select 1 as hour",
])("needs no store: %s", (text) => {
  expect(about(text)).toMatchObject({ kind: "table", table: null });
});

test("only the outermost ORDER BY, LIMIT and FETCH count", () => {
  expect(about("select * from (select * from logs order by ts limit 3) t")).toMatchObject({
    ordered: false,
    limited: false,
  });
  expect(about("select * order by ts")).toMatchObject({ ordered: true, limited: false });
  expect(about("select * limit 3")).toMatchObject({ ordered: false, limited: true });
  expect(about("select * fetch first 3 rows only")).toMatchObject({ limited: true });
  expect(about("select array_agg(pod order by pod) as o, 'limit' as l")).toMatchObject({
    ordered: false,
    limited: false,
  });
});
