import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkRows } from "../../../query/engine/duckdb-chunk.ts";
import { columnType, convertValue } from "../../../query/engine/duckdb-value.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** What the client's own vectors say, and what is read from memory, `step` rows at a time. */
async function bothWays(sql: string, step = 100) {
  const result = await connection.stream(sql);
  const types = result.columnTypes();
  const [theirs, ours]: unknown[][] = [[], []];
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (let from = 0; from < chunk.rowCount; from += step) {
      ours!.push(...chunkRows(chunk, types, { from, to: Math.min(from + step, chunk.rowCount) }));
    }
    theirs!.push(...chunk.getRows().map((row) => row.map((value, i) => convertValue(value, columnType(types[i]!)))));
  }
  return { theirs: theirs!, ours: ours! };
}

test.each([
  ["texts of all lengths about the twelve bytes that lie in the vector", "repeat('x', (i % 20)::int)"],
  [
    "texts longer than a run",
    "repeat(chr((97 + i % 26)::int), case when i % 50 < 5 then 30000 + i else i % 9 end::int)",
  ],
  [
    "characters of two, three and four bytes among ASCII",
    "repeat('ab', 9) || ['é', '日本', '😀', 'x'][1 + i % 4] || i",
  ],
  [
    "NULL among long and short texts",
    "case i % 3 when 0 then null when 1 then 'short' else repeat('long', 7) || i end",
  ],
  ["a constant", "'the same long text in every row'"],
  ["NULL alone", "null::varchar"],
  ["control characters and quotes", `'a long text with "' || chr(9) || ''' and ' || chr(0) || '\\ in it ' || i`],
  ["numbers beyond 2^53, negative ones and NULL", "case when i % 5 = 0 then null else 9223372036854775807 - i * 3 end"],
  ["smaller numbers, doubles and decimals", "i::int, i / 7, (i / 7)::decimal(9, 3), i % 2 = 0, i::hugeint"],
  ["times", "timestamp '2026-03-01 10:00:00' + to_microseconds(i), date '2026-03-01' + i::int"],
  ["lists and rows", "[i, null], {'a': i, 'b': 'text of some length'}"],
  ["JSON", `('{"b": 1.0, "a": ' || i || '}')::json`],
])("values are those of DuckDB's client: %s", async (_, items) => {
  const { ours, theirs } = await bothWays(`select ${items} from range(5000) as t(i)`);
  expect(ours).toHaveLength(5000);
  expect(ours).toEqual(theirs);
});

test.each([
  ["repeated, as labels are", "map {'app': 'a long name of an app', 'zone': 'b', 'B': 'c'}"],
  ["of other sizes in each row", "map_from_entries([('key ' || j, 'value of the key ' || j) for j in range(i % 4)])"],
  ["NULL, empty, and with NULL values", "case i % 3 when 0 then null when 1 then map {} else map {'a': null} end"],
  ["alike but for a value", "map {'app': 'x', 'pod': 'a pod of a long name ' || i // 7}"],
  ["whose keys are not texts", "map {i: 'x'}"],
])("maps are JSON with their keys in order: %s", async (_, items) => {
  const { ours, theirs } = await bothWays(`select ${items} from range(5000) as t(i)`);
  expect(ours).toEqual(theirs);
});

test("a text that starts with a byte order mark keeps it", async () => {
  const { ours } = await bothWays("select chr(65279) || 'x', chr(65279) || 'a longer text of ' || 'two parts'");
  expect(ours).toEqual([["\u{feff}x", "\u{feff}a longer text of two parts"]]);
});
