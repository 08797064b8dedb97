import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COLUMNS } from "../../config/table.ts";
import { analyze } from "../../query/dialect/analyze.ts";
import { stringLiteral } from "../../query/dialect/literal.ts";
import { lowerForDuckDb } from "../../query/dialect/lower.ts";
import type { Statement } from "../../query/dialect/statement.ts";
import { findNeed, type StatementNeed } from "../../query/need.ts";
import { parseOptions } from "../../query/options.ts";
import { EMPTY_SCOPE } from "../../query/scope.ts";
import { STORE_NOW_NS, makeStore } from "../helpers/store.ts";
import { GOLDENS } from "./dialect/golden-statements.ts";

function need(text: string, ...argv: string[]): StatementNeed {
  const { scope, params } = parseOptions(argv);
  return findNeed(analyze(text, { now: 0n, params, engine: "duckdb" }), scope);
}

test("of a view the rows that it is made of are needed, whatever is asked of its columns", () => {
  const { bounds, columns, clusters } = need("select name from eks_audit where name = 'x' and node >= 'a'");
  expect(bounds).toEqual([
    { column: "source", min: "control-plane", max: "control-plane" },
    { column: "container", min: "kube-apiserver-audit", max: "kube-apiserver-audit" },
  ]);
  expect([...columns!].toSorted()).toEqual(["container", "file", "log", "node", "pos", "source", "ts", "ts_ns"]);
  expect(clusters).toBeNull();
});

describe("columns", () => {
  test.each([
    ["select count(*)", "ts_ns"],
    ["select count(*) from logs where POD = 'x'", "pod ts_ns"],
    ["select workload, count(*) filter (where level >= warn) group by 1", "level ts_ns workload"],
    ["select pos * 2 + pos * (pos) as n from logs", "file pos ts_ns"],
    ["select pod from logs", "file pod pos ts_ns"],
    ["select avg(log.took) from logs l where labels.app = 'x'", "labels log ts_ns"],
    [`select max(l."pod") from logs l join logs m using (node)`, "node pod ts_ns"],
    ["select count(*) from (select pod from logs) x where x.pod = 'a'", "pod ts_ns"],
    ["with x as (select node, log from logs) select count(*) from x", "log node ts_ns"],
    ["select 1", "ts_ns"],
  ])("%s: %s", (text, columns) => {
    expect([...need(text).columns!].toSorted().join(" ")).toBe(columns);
  });

  test.each([
    "pod = 'x'",
    "where pod = 'x'",
    "select * from logs",
    "select l.* from logs l",
    "select count(*) from (select * from logs) x",
    "select to_json(logs) from logs",
    "select l from logs l",
    "select hash(l.*) from logs l",
    "select count(columns('p.*')) from logs",
    "select #1 from logs",
    "select count(pod) from logs natural join logs m",
    "select (select x from logs x limit 1)",
  ])("%s: all", (text) => {
    expect(need(text).columns).toBeNull();
  });

  test("those of the scope flags count too", () => {
    const argv = ["-n", "a", "-l", "app", "--level", "warn+", "-g", "x"];
    expect([...need("select count(*)", ...argv).columns!].toSorted()).toEqual([
      "labels",
      "level",
      "log",
      "namespace",
      "ts_ns",
    ]);
  });
});

describe("bounds", () => {
  const SUCCESSOR = "nginx.";
  test.each([
    ["pod = 'nginx'", ["pod", "nginx", "nginx"]],
    ["'nginx' = pod", ["pod", "nginx", "nginx"]],
    ["(((pod = $p)))", ["pod", "it's", "it's"]],
    ["select count(*) from logs l where l.pod = 'nginx' and log like '%x%'", ["pod", "nginx", "nginx"]],
    ["pod in ('b', 'a', 'c')", ["pod", "a", "c"]],
    ["pod between 'a' and 'b'", ["pod", "a", "b"]],
    ["pod > 'a'", ["pod", "a", null]],
    ["pod <= 'a'", ["pod", null, "a"]],
    ["pod like 'nginx-%'", ["pod", "nginx-", SUCCESSOR]],
    ["pod like 'a\u{10ffff}%'", ["pod", "a\u{10ffff}", "b"]],
    ["pod like '\ud7ff%'", ["pod", "\ud7ff", "\ue000"]],
    ["level >= warn", ["level", "error", "warn"]],
    ["logs.level = fatal", ["level", "fatal", "fatal"]],
    ["level < trace", ["level", "\u{10ffff}", ""]],
    ["pos between 1 and 900", ["pos", 1n, 900n]],
    ["select count(*) from (select pod from logs where pod = 'a') x", ["pod", "a", "a"]],
    ["select count(*) where exists (select 1 from logs where pod = 'a' and true)", null],
    ["with x as (select log from logs where pod = 'a') select a.log from x a, x b", ["pod", "a", "a"]],
    ["pod = 'a' or node = 'b'", null],
    ["not pod = 'a'", null],
    ["not (pod = 'a')", null],
    ["pod not like 'a%'", null],
    ["pod like '%a'", null],
    ["pod like 'a!%' escape '!'", null],
    ["pod like 'a' || 'b%'", null],
    ["pod = 'a' || 'b'", null],
    ["pod = upper('a')", null],
    ["upper(pod) = 'A'", null],
    ["pod in ('a', upper('b'))", null],
    ["pod <> 'a'", null],
    ["pos > 1.5", null],
    ["pos = -5", null],
    ["pod in (select pod from logs where pod = 'a')", null],
    ["select count(*) from logs a join logs b on a.pod = 'x' where b.pod = 'y'", null],
    ["select count(*) from logs union all select count(*) from logs where pod = 'y'", null],
    ["select count(*) from logs group by pod having pod = 'y'", null],
    ["select count(*) from (values ('a')) t(pod) where pod = 'y' and exists (select 1 from logs)", null],
  ])("%s: %o", (text, bound) => {
    const [found, ...others] = need(text, "--param", "p=it's").bounds;
    expect(found === undefined ? null : [found.column, found.min, found.max]).toEqual(bound);
    expect(others).toEqual([]);
  });

  test("those of the scope flags hold for every scan", () => {
    const argv = ["-p", "b,a*", "-n", "x?", "-w", "*y", "-c", "app", "--level", "error,fatal"];
    expect(need("select count(*) from logs a join logs b using (pod)", ...argv).bounds).toEqual([
      { column: "namespace", min: "x", max: "y" },
      { column: "pod", min: "a", max: "b" },
      { column: "container", min: "app", max: "app" },
      { column: "level", min: "error", max: "fatal" },
    ]);
  });
});

test.each([
  ["cluster = 'a'", ["a"]],
  ["cluster in ('a', 'b') and cluster in ('c', 'b')", ["b"]],
  ["cluster > 'a'", null],
  ["cluster = 'a' or pod = 'b'", null],
])("clusters of %s: %o", (text, clusters) => {
  const found = need(text);
  expect(found.clusters).toEqual(clusters);
  expect(found.bounds).toEqual([]);
});

describe("what is not needed can be left out", () => {
  let directory: string;
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "logq-need-"));
    await makeStore(directory);
    instance = await DuckDBInstance.create(":memory:");
    connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const options = "hive_partitioning = true, hive_types_autocast = false";
    await connection.run(`CREATE TABLE stored AS FROM read_parquet('${directory}/*/*/*/*.parquet', ${options})`);
  });
  afterAll(async () => {
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true });
  });

  test.each(GOLDENS)("$say", async ({ say, engine }) => {
    const statement = analyze(say, { now: STORE_NOW_NS, engine });
    const { columns, bounds } = findNeed(statement, EMPTY_SCOPE);
    const items = COLUMNS.map(({ name, type }) =>
      columns === null || columns.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`,
    );
    const conditions = bounds.flatMap(({ column, min, max }) => [
      ...(min === null ? [] : [`${column} >= ${literal(min)}`]),
      ...(max === null ? [] : [`${column} <= ${literal(max)}`]),
    ]);
    const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
    const least = `(SELECT ${items.join(", ")}, cluster, dt, hour FROM stored${where})`;
    expect(await answers(statement, least)).toEqual(await answers(statement, "stored"));
  });

  async function answers(statement: Statement, from: string): Promise<string[]> {
    const range = { from: null, to: null };
    const query = lowerForDuckDb(statement, { files: ["/x"], range, where: null, limit: 20 });
    const sql = query.sql.replace(/read_parquet\([^)]*\)/, from);
    for (const definition of query.prelude) {
      await connection.run(definition.replace(/^CREATE (?:OR REPLACE )?/, "CREATE OR REPLACE "));
    }
    const reader = await connection.runAndReadAll(sql);
    return reader
      .getRowsJson()
      .map((row) => JSON.stringify(row))
      .toSorted();
  }
});

function literal(value: string | bigint): string {
  return typeof value === "bigint" ? String(value) : stringLiteral(value);
}
