import { describe, expect, inject, test } from "vitest";
import { divergences } from "../query/dialect/divergence-table.ts";
import { onDuckDb, onTrino, questionOf, type Ndjson } from "./engines.ts";
import { inCorpusTime } from "./corpus.ts";
import { trinoColumnType, trinoConverter } from "../../query/engine/trino-value.ts";
import { trinoQuery, TrinoError } from "./trino-client.ts";

const bed = inject("bed");

describe.concurrent("the same text, the same answer: docs/divergence.md is true of Trino", () => {
  test.each(divergences("same answer"))("$text", async ({ text, trino, logq }) => {
    expect(await alone(text)).toEqual(trino);
    expect(await both(text)).toEqual(logq);
  });
});

describe.concurrent("what is refused: Trino alone does as the page says, the rewrite is answered alike", () => {
  test.each(divergences("Refused"))("$text", async ({ text, trino, logq }) => {
    expect(await alone(/\blogs\b/.test(text) ? inCorpusTime(text, bed.day) : text)).toEqual(trino);
    await both((logq as { value: string }).value);
  });
});

describe.concurrent("what still differs: Trino answers as the page says, the rewrite is answered alike", () => {
  test.each(divergences("differs"))("$text", async ({ text, trino, logq }) => {
    expect(await onTrinoAlone(text)).toEqual(trino);
    await both((logq as { value: string }).value);
  });
});

test("the page has 40 rows and more", () => {
  const rows = [...divergences("same answer"), ...divergences("Refused"), ...divergences("differs")];
  expect(rows.length).toBeGreaterThanOrEqual(40);
});

/** Through logq, as the page has it. */
async function onTrinoAlone(text: string) {
  return await answerOf(() => onTrino(questionOf(text, bed), bed));
}

/** The first value of the first row, which is the same on both engines. */
async function both(text: string): Promise<{ value: string | null } | "error"> {
  const question = questionOf(text, bed);
  const [duckDb, trino] = await Promise.all([onDuckDb(question, bed), onTrino(question, bed)]);
  const inOrder = (lines: readonly string[]) => (question.statement.ordered ? lines : lines.toSorted());
  expect(inOrder(trino.lines)).toEqual(inOrder(duckDb.lines));
  expect(duckDb.lines).not.toHaveLength(0);
  return await answerOf(() => Promise.resolve(duckDb));
}

async function answerOf(ask: () => Promise<Ndjson>): Promise<{ value: string | null } | "error"> {
  try {
    const { first } = await ask();
    return { value: first === null ? null : String(first) };
  } catch (error) {
    if (error instanceof TrinoError) return "error";
    throw error;
  }
}

/** A text on Trino as it comes, `logs` being the stored table. */
async function alone(text: string): Promise<{ value: string | null } | "error"> {
  const { catalog, database, table } = bed.table;
  const from = `(SELECT * FROM ${catalog}.${database}.${table} WHERE cluster = 'prod' AND dt = '${bed.day}')`;
  try {
    const { columns, rows } = await trinoQuery(bed.trino, text.replace(/\bfrom logs\b/, `from ${from} logs`), "json");
    const { type } = columns[0]!;
    const first = rows[0]![0]!;
    const value = trinoColumnType(type) === "json" ? first : trinoConverter(type)(first);
    return { value: value === null ? null : String(value) };
  } catch (error) {
    if (error instanceof TrinoError) return "error";
    throw error;
  }
}
