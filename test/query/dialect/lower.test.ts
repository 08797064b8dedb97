import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COLUMNS, PARTITION_COLUMNS } from "../../../config/table.ts";
import { stringLiteral } from "../../../query/dialect/literal.ts";
import { QueryError } from "../../../query/engine/engine.ts";
import { makeStore } from "../../helpers/store.ts";
import type { Store } from "../../helpers/store.ts";
import { answer, lowered } from "../engine/harness.ts";

let directory: string;
let store: Store;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-lower-"));
  store = await makeStore(directory);
});

afterAll(() => rm(directory, { recursive: true }));

/** `file:pos` of the newest `count` rows of the store, newest first. */
function newest(count: number): string[] {
  const keyed = store.rows.map(({ tsNs, file, pos }) => ({
    key: `${tsNs} ${file} ${String(pos).padStart(9, "0")}`,
    name: `${file}:${pos}`,
  }));
  const sorted = keyed.toSorted((a, b) => (a.key < b.key ? 1 : -1));
  return sorted.slice(0, count).map(({ name }) => name);
}

async function rowCount(text: string, limit: number): Promise<number> {
  return (await answer(lowered(text, { files: store.files, limit }))).rows.length;
}

describe("rows", () => {
  test.each([
    "select file, pos",
    "select l.file, l.pos, 1 as ts_ns from logs l",
    "with e as (select * from logs) select file, pos from e",
    "select file, pos -- a comment at the end",
    "select file, pos;",
  ])("the newest by (ts_ns, file, pos) come first, to be reversed: %s", async (text) => {
    const query = lowered(text, { files: store.files, limit: 7 });
    const { rows } = await answer(query);
    expect(query.reversed).toBe(true);
    expect(rows.map(([file, pos]) => `${String(file)}:${String(pos)}`)).toEqual(newest(7));
  });

  test("OFFSET keeps its place behind the order", async () => {
    const query = lowered("select file, pos offset 2", { files: store.files, limit: 3 });
    const { rows } = await answer(query);
    expect(rows.map(([file, pos]) => `${String(file)}:${String(pos)}`)).toEqual(newest(5).slice(2));
  });

  test.each<[string, number | null, boolean]>([
    ["select pod order by ts_ns", 5, false],
    ["select pod limit 2", 5, false],
    ["select pod fetch first 2 rows only", 5, false],
    ["select count(*)", 5, false],
    ["select pod", null, false],
    ["select pod", 5, true],
  ])("%s with limit %s: reversed is %s", (text, limit, reversed) => {
    expect(lowered(text, { limit }).reversed).toBe(reversed);
  });

  test("an ORDER BY of the user's own stays, and the limit is appended", async () => {
    const { rows } = await answer(lowered("select pos order by pos desc, file", { files: store.files, limit: 3 }));
    expect(rows).toEqual([[3900n], [3900n], [3900n]]);
  });

  test("no limit is added where LIMIT or FETCH stands, nor to a table", async () => {
    expect(await rowCount("select pod limit 9", 3)).toBe(9);
    expect(await rowCount("select pod fetch first 8 rows only", 3)).toBe(8);
    expect(await rowCount("select distinct hour", 3)).toBe(4);
  });
});

describe("the scan", () => {
  test("without files it has the columns of the table and no rows", async () => {
    const { columns, rows } = await answer(lowered("select *"));
    const full = await answer(lowered("select *", { files: store.files }));
    expect(columns.map(({ name }) => name)).toEqual([...COLUMNS.map(({ name }) => name), ...PARTITION_COLUMNS]);
    expect(columns).toEqual(full.columns);
    expect(rows).toEqual([]);
    await expect(answer(lowered("select count(*)"))).resolves.toMatchObject({ rows: [[0n]] });
  });

  test("the range cuts exactly, on nanoseconds, whatever the text's own condition lets through", async () => {
    const from = store.rows[3]!.tsNs;
    const to = store.rows[10]!.tsNs;
    const inside = store.rows.filter(({ tsNs }) => tsNs >= from && tsNs < to).length;
    const query = lowered("pod is null or pod is not null", { files: store.files, range: { from, to } });
    expect((await answer(query)).rows).toHaveLength(inside);
    expect(query.sql).toContain("(dt, hour) IN (('2026-03-01', '04'))");
  });

  test("a range over midnight names the partitions on both sides", () => {
    const from = BigInt(Date.parse("2026-03-01T23:59:59Z")) * 1_000_000n;
    const { sql } = lowered("select count(*)", { files: store.files, range: { from, to: from + 3_600_000_000_001n } });
    expect(sql).toContain("(dt, hour) IN (('2026-03-01', '23'), ('2026-03-02', '00'))");
  });

  test("a condition of the scope flags holds in every scan, and no OR of the text widens it", async () => {
    const where = "pod = 'nginx' OR pod = 'pay-0'";
    const query = lowered("select distinct pod from logs where level = 'warn' or 1 = 1", { files: store.files, where });
    expect((await answer(query)).rows.map(String).toSorted()).toEqual(["nginx", "pay-0"]);
  });

  test("goes behind the user's own WITH, so that CTEs see it", () => {
    expect(lowered("with recursive a as (select pod from logs) select * from a").sql).toMatch(
      /^with recursive logq_scan AS NOT MATERIALIZED \(.*\), a as \(select pod from logq_scan AS logs\)/,
    );
  });

  test("a statement that does not read logs gets no scan", () => {
    expect(lowered("select 1 as one", { files: store.files }).sql).toBe("select 1 as one");
  });
});

test("a condition of each reader reaches the files: pod = … skips row groups although two SELECTs share the scan", async () => {
  const text = "select pod from logs where pod = 'nginx' union all select level from logs where level = 'error'";
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${lowered(text, { files: store.files }).sql}`);
  instance.closeSync();
  const plan = JSON.stringify(reader.getRows());
  expect(plan.match(/"name[^}]*READ_PARQUET/g)).toHaveLength(2);
  expect(plan).toMatch(/Filters[^}]*pod='nginx'/);
  expect(plan).toMatch(/Filters[^}]*level='error'/);
  expect(plan).not.toContain("CTE");
});

describe("parameters", () => {
  test("are literals: strings stay strings, numbers numbers, nothing in them is SQL", async () => {
    const params = { text: "it's -- '; drop", n: -5, big: 9007199254740993n };
    const { columns, rows } = await answer(lowered("select $text as t, 3 -$n as n, $big", { params }));
    expect(rows).toEqual([["it's -- '; drop", 8n, 9007199254740993n]]);
    expect(columns[2]!.name).toBe("$big");
  });

  test("a number makes log.… a number too", async () => {
    const query = lowered("select count(*) where log.status >= $least", { files: store.files, params: { least: 430 } });
    await expect(answer(query)).resolves.toMatchObject({ rows: [[4n]] });
  });

  test("one without a value is the user's error", () => {
    expect(() => lowered("pod = $toString")).toThrow(QueryError);
  });
});

test("a literal holds any text but NUL", async () => {
  const text = "'; DROP -- \\ \n 你好 😀 ''";
  await expect(answer(lowered(`select ${stringLiteral(text)} as t`))).resolves.toMatchObject({ rows: [[text]] });
  expect(() => stringLiteral("a\0b")).toThrow("cannot hold NUL");
});

test("a parameter keeps the words that its place in a rewritten call asks for", () => {
  const text = "select approx_distinct($n) as d, count_if($n<pos) as c from logs";
  const { sql } = lowered(text, { params: { n: -7 } });
  expect(sql).toContain("select count(DISTINCT (-7)) as d, count(CASE WHEN (-7)<pos THEN 1 END) as c from ");
});
