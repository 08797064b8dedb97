import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import { answer, lowered } from "./harness.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-engine-"));
});

afterAll(() => rm(directory, { recursive: true }));

test.each<[string, string, unknown]>([
  ["cast(9223372036854775807 as bigint)", "bigint", 9223372036854775807n],
  ["cast(1 as tinyint)", "bigint", 1n],
  ["sum(x) from (values (9223372036854775807), (1)) t(x)", "bigint", 9223372036854775808n],
  ["cast('18446744073709551615' as ubigint)", "bigint", 18446744073709551615n],
  ["cast(1.5 as double)", "double", 1.5],
  ["nan()", "double", Number.NaN],
  ["cast(0.1 as decimal(38, 20))", "decimal", "0.10000000000000000000"],
  ["true", "boolean", true],
  ["cast(null as varchar)", "varchar", null],
  ["'你好 😀'", "varchar", "你好 😀"],
  ["timestamp '2026-03-01 10:00:00'", "timestamp", "2026-03-01T10:00:00.000Z"],
  ["timestamp '2026-03-01 10:00:00.123456'", "timestamp", "2026-03-01T10:00:00.123456Z"],
  ["cast('2026-03-01 10:00:00.123456789' as timestamp_ns)", "timestamp", "2026-03-01T10:00:00.123456789Z"],
  ["cast('2026-03-01 10:00:00' as timestamp_s)", "timestamp", "2026-03-01T10:00:00.000Z"],
  ["cast('2026-03-01 10:00:00.5' as timestamp_ms)", "timestamp", "2026-03-01T10:00:00.500Z"],
  ["cast('2026-03-01 10:00:00+08' as timestamp with time zone)", "timestamp", "2026-03-01T02:00:00.000Z"],
  ["timestamp '1969-12-31 23:59:59.999999'", "timestamp", "1969-12-31T23:59:59.999999Z"],
  ["'infinity'::timestamp", "timestamp", "infinity"],
  ["date '2026-03-01'", "date", "2026-03-01"],
  ["interval '1' day", "interval", "1 day"],
  ["cast('2f2a9f5e-2d9b-4d1c-9a52-0f6c3b1c7e11' as uuid)", "varchar", "2f2a9f5e-2d9b-4d1c-9a52-0f6c3b1c7e11"],
  ["map {'b': 1, 'a': null}", "json", '{"a":null,"b":1}'],
  ["map {2: 'x'}", "json", '{"2":"x"}'],
  ["[9007199254740993, null]", "json", "[9007199254740993,null]"],
  [
    "{'a': cast('0.50' as decimal(3, 2)), 'b': [true], 'c': timestamp '2026-03-01 10:00:00', 'd': infinity()}",
    "json",
    '{"a":0.50,"b":[true],"c":"2026-03-01T10:00:00.000Z","d":"Infinity"}',
  ],
  [`cast('{"b": 1.0, "a": 2}' as json)`, "json", '{"a":2,"b":1}'],
])("select %s is a %s", async (expression, type, value) => {
  const { columns, rows } = await answer(lowered(`select ${expression}`));
  expect(columns[0]!.type).toBe(type);
  expect(rows).toEqual([[value]]);
});

test("repeated names get a number that no other column has", async () => {
  const { columns } = await answer(lowered(`select 1 as a, 2 as a, 3 as a_2, 4 as a`));
  expect(columns.map(({ name }) => name)).toEqual(["a", "a_3", "a_2", "a_4"]);
});

test("rows stream: the first come although the whole result would never fit", async () => {
  const engine = createDuckDbEngine({ memoryLimit: "64MB", tempDirectory: directory });
  const { batches } = await engine.run(lowered("select i from range(100000000000) t(i)"), new AbortController().signal);
  for await (const batch of batches) {
    expect(batch.length).toBeLessThanOrEqual(2048);
    expect(batch[0]).toEqual([0n]);
    break;
  }
  expect(await readdir(directory)).toEqual([]);
});

test("an abort ends the rows early and quietly, and takes the temporary folder with it", async () => {
  const controller = new AbortController();
  const engine = createDuckDbEngine({ tempDirectory: directory });
  const { batches } = await engine.run(lowered("select i from range(100000000000) t(i)"), controller.signal);
  let count = 0;
  for await (const batch of batches) {
    count += batch.length;
    controller.abort();
  }
  expect(count).toBeLessThan(10_000);
  expect(await readdir(directory)).toEqual([]);
});

test("an abort interrupts a query that has no rows yet", async () => {
  const controller = new AbortController();
  const engine = createDuckDbEngine({ tempDirectory: directory });
  const text = "select count(*) from range(10000000) a(i), range(10000000) b(j) where (i * j) % 7 = 3";
  const running = (async () => {
    const { batches } = await engine.run(lowered(text), controller.signal);
    let rows = 0;
    for await (const batch of batches) rows += batch.length;
    return rows;
  })();
  const outcome = running.catch((error: unknown) => error);
  // The instance's folder appears when the engine has opened it: the query is on its way.
  while ((await readdir(directory)).length === 0) await new Promise(setImmediate);
  controller.abort();
  expect([0, controller.signal.reason]).toContain(await outcome);
  expect(await readdir(directory)).toEqual([]);
});

test("an engine that is asked too late does not start", async () => {
  await expect(createDuckDbEngine().run(lowered("select 1"), AbortSignal.abort())).rejects.toThrow(/abort/);
});

test("a query over the memory limit spills into its own folder", async () => {
  const engine = createDuckDbEngine({ memoryLimit: "32MB", tempDirectory: directory });
  const text = "select i from range(4000000) t(i) order by hash(i) limit 1 offset 3900000";
  const { batches } = await engine.run(lowered(text), new AbortController().signal);
  const rows: unknown[] = [];
  for await (const batch of batches) rows.push(...batch);
  expect(rows).toHaveLength(1);
});
