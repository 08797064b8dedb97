import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { stringLiteral } from "../../../query/dialect/literal.ts";
import { lowerForDuckDb, lowerForTrino } from "../../../query/dialect/lower.ts";
import type { Statement } from "../../../query/dialect/statement.ts";
import type { LoweredText } from "../../../query/engine/engine.ts";
import { lostTokens } from "./lost-tokens.ts";
import { trinoSyntaxErrors } from "./trino-grammar.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
}, 60_000);

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const text = fc.constantFrom(
  "pod",
  "l.pod",
  "log.msg",
  'log.http."x y"[0].k',
  "labels.app",
  "labels['a''b']",
  "'it''s 你好 😀'",
);
const numeric = fc.constantFrom("pos", "ts_ns", "1", "2.5", ".5", "1e3", "log.status", "length(log)", "$n");
const call = fc.oneof(
  text.map((x) => `upper(${x})`),
  fc.tuple(text, numeric).map(([x, n]) => `substr(${x}, cast(${n} as bigint))`),
  fc.tuple(text, text).map(([x, y]) => `concat(${x}, ${y})`),
  text.map((x) => `case when ${x} is null then 'a' else ${x} end`),
  numeric.map((n) => `sum(${n})`),
  fc.constant("date_trunc('hour', ts + interval '90' minute)"),
  fc.constant("(select max(pos) from logs x where x.pod = 'p')"),
  fc.constant("count(*) filter (where level >= warn)"),
);
const predicate = fc.oneof(
  fc.tuple(text, fc.constantFrom("=", "<>", "like"), fc.constantFrom("'x'", "$s")).map((parts) => parts.join(" ")),
  fc.tuple(numeric, fc.constantFrom("=", "<", ">="), fc.constantFrom("5", "1.5", "-3")).map((parts) => parts.join(" ")),
  fc.constantFrom(
    "level >= warn",
    "level < info",
    "hour in ('04', '10')",
    "ts < now() /* 中 */",
    "pos between 1 and 9",
  ),
  fc.constant("exists (select 1 from logs y where y.file = 'f')"),
);
const condition = fc
  .tuple(
    predicate,
    fc.array(fc.tuple(fc.constantFrom("and", "or", "and not", "\n-- it's\nand"), predicate), { maxLength: 3 }),
  )
  .map(([first, more]) => [first, ...more.flat()].join(" "));
const items = fc.array(
  fc.oneof(
    text,
    numeric,
    call,
    fc.constant("*"),
    fc.tuple(call, fc.constantFrom(' as "Ünï"', " as X", "")).map((parts) => parts.join("")),
  ),
  { minLength: 1, maxLength: 4 },
);
const tail = fc.constantFrom(
  "",
  " order by 1",
  " order by 1 desc nulls last offset 2",
  " order by 1 limit 3",
  " limit 5 ;",
);
const select = fc
  .tuple(items, fc.constantFrom("", " from logs l", " from logs as l"), fc.option(condition))
  .map(([list, from, where]) => `select ${list.join(", ")}${from}${where === null ? "" : ` where ${where}`}`);
const statement = fc.oneof(
  fc.tuple(select, tail).map((parts) => parts.join("")),
  condition,
  condition.map((where) => `where ${where}`),
  fc.tuple(select, select).map(([a, b]) => `with e as (${a.replace("select", "select pod,")}) ${b}`),
  fc.tuple(select, select).map(([a, b]) => `${a} union all ${b}`),
);

test("a random statement of the dialect is one for DuckDB's parser and for a grammar of Trino", async () => {
  await fc.assert(
    fc.asyncProperty(statement, async (said) => {
      const { duckDb, trino } = lower(analyzed(said));
      const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${stringLiteral(duckDb.sql)})`);
      const tree = JSON.parse(String(reader.getRows()[0]![0])) as { error: boolean; error_message?: string };
      expect(tree.error_message ?? "").toBe("");
      expect(trinoSyntaxErrors(trino.sql)).toEqual([]);
    }),
    { numRuns: 150 },
  );
}, 120_000);

test("every token of the user's text is found again in what either engine gets", () => {
  fc.assert(
    fc.property(statement, (said) => {
      const found = analyzed(said);
      const { duckDb, trino } = lower(found);
      expect(lostTokens(found, duckDb)).toEqual([]);
      expect(lostTokens(found, trino)).toEqual([]);
    }),
    { numRuns: 500 },
  );
}, 120_000);

function analyzed(said: string): Statement {
  return analyze(said, { now: 0n, params: { n: -7, s: "it's" } });
}

function lower(found: Statement): { duckDb: LoweredText; trino: LoweredText } {
  const range = { from: 0n, to: 3_600_000_000_000n };
  const shared = { range, where: "pod = 'x'", limit: 11 };
  const table = { catalog: "c", database: "d", table: "t" };
  return {
    duckDb: lowerForDuckDb(found, { ...shared, files: ["/x.parquet"] }),
    trino: lowerForTrino(found, { ...shared, table, clusters: ["a", "b"] }),
  };
}
