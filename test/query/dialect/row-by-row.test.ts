import { expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { isRowByRow } from "../../../query/dialect/row-by-row.ts";

function isSo(text: string): boolean {
  return isRowByRow(analyze(text, { now: 0n, engine: "duckdb" }));
}

test.each([
  "select *",
  "pod = 'nginx' and ts > now() - interval '1' hour",
  "select ts, upper(pod) as p, log.status, labels.app from logs l where level >= warn",
  "select case when (level = 'error') then 1 else 0 end, cast(log.took as double), try_cast(pod as bigint)",
  "select coalesce(pod, node), regexp_extract(log, 'x(.)', 1)",
  "select * order by ts_ns",
])("rows of some objects after the other are the rows of all: %s", (text) => {
  expect(isSo(text)).toBe(true);
});

test.each([
  ["an aggregate", "select count(*)"],
  ["an aggregate that only DuckDB knows", "select entropy(pod) from logs"],
  ["one behind a dot", "select pod.entropy() from logs"],
  ["a quoted one", `select "entropy"(pod) from logs`],
  ["a window", "select pod, row_number() over (order by ts_ns) from logs"],
  ["a condition on a window", "select pod from logs qualify row_number() over (order by ts_ns) < 3"],
  ["distinct rows", "select distinct pod"],
  ["a limit", "select * limit 3"],
  ["an offset", "select * from logs offset 3"],
  ["a sub-select", "select * where pod in (select max(pod) from logs)"],
  ["a source that is a query", "select * from (select * from logs order by ts limit 3) t"],
  ["a CTE", "with e as (select * from logs) select * from e"],
  ["a sample", "select * from logs using sample 3"],
  ["a sample of the table", "select * from logs tablesample 3 percent"],
  ["a time, which is one for a statement", "select now(), pod"],
  ["the same without brackets", "select current_timestamp, pod"],
  ["columns chosen by a function", "select columns('p.*') from logs"],
  ["a union", "select pod from logs union all select pod from logs"],
])("asked of all objects at once: %s", (_, text) => {
  expect(isSo(text)).toBe(false);
});
