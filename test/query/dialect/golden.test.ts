import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, DuckDBMapValue, DuckDBTimestampValue } from "@duckdb/node-api";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { analyze } from "../../../query/dialect/analyze.ts";
import { lowerForDuckDb } from "../../../query/dialect/lower.ts";
import { createDuckDbEngine } from "../../../query/engine/duckdb.ts";
import { STORE_NOW_NS, makeStore } from "../../helpers/store.ts";
import { GOLDENS } from "./golden-statements.ts";

interface Answer {
  readonly names: readonly string[];
  readonly rows: readonly string[];
}

let directory: string;
let files: string[];
let instance: DuckDBInstance;
let bare: DuckDBConnection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-golden-"));
  ({ files } = await makeStore(directory));
  instance = await DuckDBInstance.create(":memory:");
  bare = await instance.connect();
  await bare.run("SET TimeZone = 'UTC'");
  await bare.run(`CREATE VIEW stored AS SELECT * REPLACE (ts AT TIME ZONE 'UTC' AS ts) FROM read_parquet(
    '${directory}/*/*/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)`);
});

afterAll(async () => {
  bare.closeSync();
  instance.closeSync();
  await rm(directory, { recursive: true });
});

describe("a statement of the dialect answers as the one spelt out on a bare DuckDB", () => {
  test.each(GOLDENS)("$say", async ({ say, spelt, ordered, engine }) => {
    const asked = await ask(say, engine);
    const expected = await askBare(spelt);
    const inOrder = (rows: readonly string[]): readonly string[] => (ordered ? rows : rows.toSorted());
    expect(asked.names).toEqual(expected.names);
    expect(inOrder(asked.rows)).toEqual(inOrder(expected.rows));
  });

  test("the goldens ask of every kind of row: few of them have an empty answer", async () => {
    const answers = await Promise.all(GOLDENS.map(({ spelt }) => askBare(spelt)));
    expect(GOLDENS.length).toBeGreaterThanOrEqual(60);
    expect(answers.filter(({ rows }) => rows.length === 0)).toHaveLength(1);
  });
});

/** With the window that the text itself asks for, as the CLI would prune. */
async function ask(text: string, engine?: "duckdb"): Promise<Answer> {
  const statement = analyze(text, { now: STORE_NOW_NS, engine });
  const range = statement.window.kind === "range" ? statement.window.range : { from: null, to: null };
  const query = lowerForDuckDb(statement, { files, range, where: null, limit: null });
  const { columns, batches } = await createDuckDbEngine().run(query, new AbortController().signal);
  const rows: string[] = [];
  for await (const batch of batches) rows.push(...batch.map((row) => row.map(String).join(" | ")));
  return { names: columns.map(({ name }) => name), rows };
}

async function askBare(sql: string): Promise<Answer> {
  const reader = await bare.runAndReadAll(sql);
  return { names: reader.columnNames(), rows: reader.getRows().map((row) => row.map(plain).join(" | ")) };
}

/** A value as the port writes it, converted on another way than the engine's own. */
function plain(value: DuckDBValue): string {
  if (value instanceof DuckDBTimestampValue) return new Date(Number(value.micros / 1000n)).toISOString();
  if (!(value instanceof DuckDBMapValue)) return String(value);
  return JSON.stringify(Object.fromEntries(value.entries.map((entry) => [entry.key, entry.value])));
}
