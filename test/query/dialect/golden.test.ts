import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeStore } from "../../helpers/store.ts";
import { ask, openBare, type Bare } from "./bare-duckdb.ts";
import { GOLDENS } from "./golden-statements.ts";

let directory: string;
let files: string[];
let bare: Bare;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-golden-"));
  ({ files } = await makeStore(directory));
  bare = await openBare(directory);
});

afterAll(async () => {
  bare.close();
  await rm(directory, { recursive: true });
});

describe("a statement of the dialect answers as the one spelt out on a bare DuckDB", () => {
  test.each(GOLDENS)("$say", async ({ say, spelt, ordered, engine }) => {
    const asked = await ask(say, files, { engine });
    const expected = await bare.ask(spelt);
    const inOrder = (rows: readonly string[]): readonly string[] => (ordered ? rows : rows.toSorted());
    expect(asked.names).toEqual(expected.names);
    expect(inOrder(asked.rows)).toEqual(inOrder(expected.rows));
  });

  test("the goldens ask of every kind of row: few of them have an empty answer", async () => {
    const answers = await Promise.all(GOLDENS.map(({ spelt }) => bare.ask(spelt)));
    expect(GOLDENS.length).toBeGreaterThanOrEqual(60);
    expect(answers.filter(({ rows }) => rows.length === 0)).toHaveLength(1);
  });
});
