import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DDL_DEFAULTS, ddl } from "../../../query/catalog/ddl.ts";
import { analyze } from "../../../query/dialect/analyze.ts";
import { lowerForTrino } from "../../../query/dialect/lower.ts";
import { columnType, convertValue } from "../../../query/engine/duckdb-value.ts";
import { QueryError } from "../../../query/engine/engine.ts";
import { makeStore } from "../../helpers/store.ts";
import { answer, lowered } from "../engine/harness.ts";
import { divergences } from "./divergence-table.ts";
import { trinoSyntaxErrors } from "./trino-grammar.ts";

let directory: string;
let files: string[];
let instance: DuckDBInstance;
let bare: DuckDBConnection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-divergence-"));
  ({ files } = await makeStore(directory));
  instance = await DuckDBInstance.create(":memory:");
  bare = await instance.connect();
  await bare.run(ddl("duckdb", { ...DDL_DEFAULTS, location: directory }));
}, 60_000);

afterAll(async () => {
  bare.closeSync();
  instance.closeSync();
  await rm(directory, { recursive: true });
});

describe("the same text, the same answer", () => {
  test.each(divergences("same answer"))("$text", async ({ text, duckDb, logq }) => {
    expect(await onBareDuckDb(text)).toEqual(duckDb);
    expect(await onLogq(text)).toEqual(logq);
    expect(trinoSyntaxErrors(trino(text))).toEqual([]);
  });
});

describe("refused on both, with a caret and a rewrite", () => {
  test.each(divergences("Refused"))("$text", async ({ text, duckDb, logq }) => {
    expect(await onBareDuckDb(text)).toEqual(duckDb);
    const refusal = refused(text);
    expect(refusal.start).not.toBeNull();
    expect(refusal.hint).not.toBeNull();
    const instead = (logq as { value: string }).value;
    expect(trinoSyntaxErrors(trino(instead))).toEqual([]);
    expect(await onLogq(instead)).not.toBe("error");
  });

  test("an engine that is named takes its own text", async () => {
    const { rows } = await answer(lowered("select 'NGINX' ilike 'ng%', [1, 2]", { engine: "duckdb" }));
    expect(rows).toEqual([[true, "[1,2]"]]);
    expect(() => analyze("select 'x' ilike 'y'", { now: 0n, engine: "trino" })).not.toThrow();
  });
});

describe("what still differs can be written so that it does not", () => {
  test.each(divergences("differs"))("$text", async ({ text, duckDb, logq }) => {
    expect(await onLogq(text)).toEqual(duckDb);
    const instead = (logq as { value: string }).value;
    expect(trinoSyntaxErrors(trino(instead))).toEqual([]);
    expect(await onLogq(instead)).not.toBe("error");
  });
});

function refused(text: string): QueryError {
  try {
    analyze(text, { now: 0n });
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`expected a refusal: ${text}`);
}

function trino(text: string): string {
  const table = { catalog: "hive", database: "logq", table: "logs" };
  const options = { table, clusters: ["prod"], range: { from: null, to: null }, where: null, limit: null };
  return lowerForTrino(analyze(text, { now: 0n }), options).sql;
}

async function onLogq(text: string): Promise<{ value: string | null } | "error"> {
  const { rows } = await answer(lowered(text, { files, engine: undefined }));
  const value = rows[0]![0]!;
  return { value: value === null ? null : String(value) };
}

async function onBareDuckDb(text: string): Promise<{ value: string | null } | "error"> {
  try {
    const reader = await bare.runAndReadAll(text);
    const value = convertValue(reader.getRows()[0]![0]!, columnType(reader.columnType(0)));
    return { value: value === null ? null : String(value) };
  } catch {
    return "error";
  }
}
