import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { comesByTime, conditionName, kindOf, valuesQuery, withCondition } from "../../../../query/ui/page/rewrite.ts";
import { makeStore } from "../../../helpers/store.ts";
import { runLogq } from "../../run-logq.ts";

const POD = "pod = 'nginx'";
const BUSY = "nginx-7c5ddbdf54-abcde";

describe("a condition is added where a person would write it", () => {
  test.each([
    ["", "select * where pod = 'nginx'"],
    ["select *", "select * where pod = 'nginx'"],
    ["select *;", "select * where pod = 'nginx';"],
    ["select * where level='error'", "select * where level='error' and pod = 'nginx'"],
    ["where level='error'", "where level='error' and pod = 'nginx'"],
    ["level='error'", "level='error' and pod = 'nginx'"],
    ["level='error' limit 5", "level='error' and pod = 'nginx' limit 5"],
    ["a='1' or b='2'", "(a='1' or b='2') and pod = 'nginx'"],
    ["(a='1' or b='2')", "(a='1' or b='2') and pod = 'nginx'"],
    ["not level='info'", "not level='info' and pod = 'nginx'"],
    ["pos between 1 and 5", "pos between 1 and 5 and pod = 'nginx'"],
    ["limit 5", "where pod = 'nginx' limit 5"],
    ["order by ts", "where pod = 'nginx' order by ts"],
    ["select pod, count(*) group by 1", "select pod, count(*) where pod = 'nginx' group by 1"],
    ["select count(*) having count(*) > 1", "select count(*) where pod = 'nginx' having count(*) > 1"],
    ["select * from logs l", "select * from logs l where pod = 'nginx'"],
    ["select * -- all of it", "select * where pod = 'nginx' -- all of it"],
    ["select * where level='error' -- bad", "select * where level='error' and pod = 'nginx' -- bad"],
    ["select * where a='1' -- x\n or b='2' -- y", "select * where (a='1' -- x\n or b='2') and pod = 'nginx' -- y"],
    ["/* all */ select *", "/* all */ select * where pod = 'nginx'"],
    ["select * where log = ' where or'", "select * where log = ' where or' and pod = 'nginx'"],
    ["select *\nwhere level='x'\norder by ts", "select *\nwhere level='x' and pod = 'nginx'\norder by ts"],
    [
      "with e as (select * where level='error' or level='warn') select * from e",
      "with e as (select * where level='error' or level='warn') select * from e where pod = 'nginx'",
    ],
    [
      "select * where pos = (select max(pos) from logs where level='a' or level='b')",
      "select * where pos = (select max(pos) from logs where level='a' or level='b') and pod = 'nginx'",
    ],
    [
      "select pod, row_number() over w as n window w as (order by ts)",
      "select pod, row_number() over w as n where pod = 'nginx' window w as (order by ts)",
    ],
    ["select * where workload = $w", "select * where workload = $w and pod = 'nginx'"],
    ["select pod as where_from", "select pod as where_from where pod = 'nginx'"],
  ])("%s", (query, expected) => {
    expect(withCondition(query, POD)).toBe(expected);
  });

  test("but not a second time", () => {
    expect(withCondition(`select * where ${POD}`, POD)).toBe(`select * where ${POD}`);
    expect(withCondition(`select * where a='1' and ${POD} limit 1`, POD)).toBe(
      `select * where a='1' and ${POD} limit 1`,
    );
    // One side of an OR is no condition of the whole.
    expect(withCondition(`a='1' or ${POD}`, POD)).toBe(`(a='1' or ${POD}) and ${POD}`);
  });

  test.each(["select * where (", "select 'never ends", "drop table logs", "select 1 union select 2", "nginx"])(
    "%s has no place for one",
    (query) => {
      expect(withCondition(query, POD)).toBeNull();
    },
  );
});

describe("the values of a field are counted over the same rows", () => {
  test.each([
    ["", "select pod as value, count(*) as n group by 1 order by 2 desc, 1 limit 9"],
    ["select *", "select pod as value, count(*) as n group by 1 order by 2 desc, 1 limit 9"],
    [
      "level='x' order by ts",
      "select pod as value, count(*) as n where level='x' group by 1 order by 2 desc, 1 limit 9",
    ],
    [
      "where level='x' limit 5",
      "select pod as value, count(*) as n where level='x' group by 1 order by 2 desc, 1 limit 9",
    ],
    ["limit 5", "select pod as value, count(*) as n group by 1 order by 2 desc, 1 limit 9"],
    [
      "select ts, log from logs where a='1' limit 5 -- few",
      "select pod as value, count(*) as n from logs where a='1' group by 1 order by 2 desc, 1 limit 9",
    ],
    [
      "with e as (select * where level='error') select * from e where a='1'",
      "with e as (select * where level='error') select pod as value, count(*) as n from e where a='1' group by 1 order by 2 desc, 1 limit 9",
    ],
  ])("%s", (query, expected) => {
    expect(valuesQuery(query, "pod", 9)).toBe(expected);
  });

  test.each([
    "select count(*)",
    "select pod, count(*) group by 1",
    "select distinct pod",
    "select 1 union select 2",
    "pod = (",
  ])("%s has no such rows", (query) => {
    expect(valuesQuery(query, "pod", 9)).toBeNull();
  });
});

test.each([
  ["", "rows"],
  ["select *", "rows"],
  ["pod='nginx'", "rows"],
  ["select count(*)", "table"],
  ["select 1 union select 2", "table"],
  ["select (", null],
] as const)("what %s gives: %s", (query, kind) => {
  expect(kindOf(query)).toBe(kind);
});

test.each([
  ["", true],
  ["pod='nginx'", true],
  ["select * order by ts", false],
  ["select * limit 5", false],
  ["select count(*)", false],
])("rows of %s come by time: %s", (query, expected) => {
  expect(comesByTime(query)).toBe(expected);
});

test.each([
  ["select *", "pod", "pod"],
  ["pod='nginx'", "log.status", "log.status"],
  ["select * ", "labels['a/b']", "labels['a/b']"],
  ["select log.status as s, ts", "s", "log.status"],
  ["select pod, count(*) as n group by 1", "pod", "pod"],
  ["select pod, count(*) as n group by 1", "n", null],
  ["select upper(pod) as p, count(*) group by 1", "p", null],
  ["select upper(pod) as p", "p", "upper(pod)"],
  ["select pod, count(*) group by 1", "count(*)", null],
  ["select pod, count(*) group by 1", "log.status", null],
  ["select log, count(*) group by 1", "log.status", "log.status"],
  ["select lower(log) as log", "log.status", null],
])("in %s the column %s is written %s in a condition", (query, column, expected) => {
  expect(conditionName(query, column)).toBe(expected);
});

describe("rows after a click are those of before that have the value", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "logq-rewrite-"));
    await makeStore(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    "select *",
    "level = 'error' or level = 'info' -- both",
    "select pod, level from logs l where namespace = 'web' or namespace is null order by ts_ns",
    "with e as (select * where level >= info) select pod, node from e",
  ])("%s", async (query) => {
    const all = await rowsOf(folder, query);
    const clicked = await rowsOf(folder, withCondition(query, `pod = '${BUSY}'`)!);
    expect(clicked).toEqual(all.filter((row) => (JSON.parse(row) as { pod: string }).pod === BUSY));
    expect(clicked.length).toBeGreaterThan(0);
    const [value] = await rowsOf(folder, valuesQuery(query, "pod", 1)!);
    const counted = JSON.parse(value!) as { value: string; n: number };
    expect(counted.n).toBe(all.filter((row) => (JSON.parse(row) as { pod: string }).pod === counted.value).length);
  });
});

async function rowsOf(store: string, query: string): Promise<string[]> {
  const { stdout, stderr } = await runLogq(["--store", store, "--limit", "all", query]);
  expect(stderr).not.toContain("logq: no");
  return stdout.trimEnd().split("\n").toSorted();
}
