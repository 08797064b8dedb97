import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { partitionPath } from "../../../config/table.ts";
import { mergedCondition, type MergedHour } from "../../../query/dialect/trino-merged.ts";
import { trinoSyntaxErrors } from "./trino-grammar.ts";

const AGENT = "node-1-0123456789abcdef0123-s3-7.parquet";
const NAMES = [
  "merged-1-0.parquet",
  "merged-1-1.parquet",
  "merged-2-0.parquet",
  "merged-21-0.parquet",
  AGENT,
  "x.parquet",
];

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("CREATE MACRO regexp_like(text, pattern) AS regexp_matches(text, pattern)");
});

afterAll(() => connection.closeSync());

/** Of the names in some hours, those that the condition lets pass, as `hour name`. */
async function passing(hours: readonly MergedHour[], all: readonly number[]): Promise<string[]> {
  const rows = all.flatMap((hour) =>
    NAMES.map((name) => `('${hour} ${name}', 's3://b/merged-9-9.parquet/${partitionPath("c", hour)}/${name}')`),
  );
  const sql = `SELECT id FROM (VALUES ${rows.join(", ")}) AS t(id, "$path") WHERE (${mergedCondition(hours)})`;
  return (await connection.runAndReadAll(sql)).getRows().map(([id]) => String(id));
}

test("without anything merged, objects with the name of a merged one don't count: an hour that is being merged has its inputs", async () => {
  expect(await passing([], [5])).toEqual([`5 ${AGENT}`, "5 x.parquet"]);
  expect(trinoSyntaxErrors(`SELECT 1 FROM t WHERE ${mergedCondition([])}`)).toEqual([]);
});

test("an hour with inputs has the objects that are named, others all that agents stored", async () => {
  const hours = [
    { hour: 5, merged: ["merged-1-1.parquet"], agents: ["x.parquet"] },
    { hour: 7, merged: ["merged-2-0.parquet"], agents: null },
  ];
  expect(await passing(hours, [5, 6, 7])).toEqual([
    "5 merged-1-1.parquet",
    "5 x.parquet",
    `6 ${AGENT}`,
    "6 x.parquet",
    "7 merged-2-0.parquet",
    `7 ${AGENT}`,
    "7 x.parquet",
  ]);
});

test("a year of merged hours is a short condition", () => {
  const hours = Array.from({ length: 24 * 365 }, (_, i) => {
    const merged = [0, 1, 2].slice(0, 1 + (i % 3)).map((part) => `merged-1-${part}.parquet`);
    return { hour: 490_000 + i, merged, agents: null };
  });
  expect(mergedCondition(hours).length).toBeLessThan(300);
});

test("any hours: what passes is what was said of each", async () => {
  const hourOf = fc.record({
    hour: fc.integer({ min: 0, max: 6 }),
    merged: fc.constantFrom<string[]>(["merged-1-0.parquet", "merged-1-1.parquet"], ["merged-2-0.parquet"]),
    agents: fc.option(fc.subarray([AGENT, "x.parquet"]), { nil: null }),
  });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(hourOf, { selector: ({ hour }) => hour }), async (hours) => {
      const all = [0, 1, 2, 3, 4, 5, 6];
      const expected = all.flatMap((hour) => {
        const found = hours.find((one) => one.hour === hour);
        const agents = found?.agents ?? [AGENT, "x.parquet"];
        return NAMES.filter((name) => found?.merged.includes(name) === true || agents.includes(name)).map(
          (name) => `${hour} ${name}`,
        );
      });
      expect(await passing(hours, all)).toEqual(expected);
      expect(trinoSyntaxErrors(`SELECT 1 FROM t WHERE ${mergedCondition(hours)}`)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
