import { describe, expect, inject, test } from "vitest";
import { GOLDENS } from "../query/dialect/golden-statements.ts";
import { onDuckDb, onTrino, questionOf } from "./engines.ts";
import { QUESTIONS } from "./questions.ts";

/** Statements of the unit tests whose answer is empty, or not told by the text, over this corpus. */
const NOT_HERE =
  /^limit 0$|from t join logs on pos = i|%f492322|^pod like 'nginx%' order by|approx_percentile|as decimal/;
const SAID = GOLDENS.filter(({ say, engine }) => engine === undefined && !NOT_HERE.test(say)).map(({ say }) => say);
const ROWS_MAX = 1000;

const bed = inject("bed");

describe.concurrent("DuckDB and Trino write the same ndjson, and there is some", () => {
  test.each([...new Set([...SAID, ...QUESTIONS])])("%s", async (text) => {
    const question = questionOf(text, bed);
    const [duckDb, trino] = await Promise.all([onDuckDb(question, bed), onTrino(question, bed)]);
    const inOrder = (lines: readonly string[]) => (question.statement.ordered ? lines : lines.toSorted());
    expect(inOrder(trino.lines)).toEqual(inOrder(duckDb.lines));
    expect(duckDb.lines).not.toHaveLength(0);
  });

  test.each(["pod = 'nginx'", "select log from logs where pod = 'probe-0'", "level >= info"])(
    "the newest rows of %s, oldest first",
    async (text) => {
      for (const limit of [5, ROWS_MAX]) {
        const question = questionOf(text, bed, limit);
        const [duckDb, trino] = await Promise.all([onDuckDb(question, bed), onTrino(question, bed)]);
        expect(trino.lines).toEqual(duckDb.lines);
        expect(duckDb.lines.length).toBeGreaterThanOrEqual(Math.min(limit, 5));
      }
    },
  );
});

test("more than 120 statements are asked", () => {
  expect(new Set([...SAID, ...QUESTIONS]).size).toBeGreaterThanOrEqual(120);
});
