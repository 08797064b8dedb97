import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { QueryError } from "../../../query/engine/engine.ts";
import type { LoweredQuery } from "../../../query/engine/engine.ts";
import { makeStore, sampleRows, writeRows } from "../../helpers/store.ts";
import { answer, failure, lowered } from "./harness.ts";

let directory: string;
let files: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "logq-refusals-"));
  ({ files } = await makeStore(directory));
});

afterAll(() => rm(directory, { recursive: true }));

const STATEMENTS = `drop schema main | create view v as select 1 | create macro m() as 1 | create secret s (type s3)
  | truncate logs | set global memory_limit = '1GB' | force install httpfs | update extensions | attach ':memory:' as m
  | copy logs to 'x' | copy (select 1) to 'x' | attach 'x.db' | detach x | show tables | pragma version
  | set threads = 1 | reset threads | install httpfs | load httpfs | describe logs | summarize logs | explain select 1
  | call pragma_version() | pivot logs on pod | table logs | insert into x values (1) | create table x as select 1
  | drop table logs | update logs set pod = 'x' | delete from logs | prepare x as select 1 | execute x | vacuum
  | export database 'x' | begin transaction | select 1; select 2 | import database 'x' | checkpoint | use memory
  | alter table logs add column x int | comment on table logs is 'x' | analyze | commit | rollback
  | select 1;; copy logs to 'x' | set variable x = 1 | pragma database_list | copy logs from '/etc/passwd'`.split(
  /\s*\|\s*/,
);

const READERS =
  `read_blob('/etc/passwd') | read_text('/etc/passwd') | read_parquet('/x') | parquet_scan('/x') | glob('/*')
  | read_csv('/etc/passwd') | read_json('/x') | sniff_csv('/etc/passwd') | query('select 1') | query_table('logs')
  | duckdb_settings() | duckdb_tables | duckdb_secrets() | which_secret('a', 's3') | pragma_version() | sqlite_master
  | information_schema.tables | pg_catalog.pg_tables | pg_tables | '/etc/passwd' | "/etc/passwd" | seq_scan('logs')
  | json_execute_serialized_sql('x') | parquet_metadata('/x') | (show tables) | (describe logs) | (summarize logs)
  | (pivot logs on pod) | (from read_text('/etc/passwd')) | test_all_types() | repeat_row(1, num_rows = 3)
  | read_ndjson('/x') | read_json_auto('/x') | read_csv_auto('/x') | parquet_schema('/x') | parquet_kv_metadata('/x')
  | parquet_file_metadata('/x') | duckdb_extensions() | duckdb_functions() | duckdb_databases() | duckdb_memory()
  | pragma_table_info('logs') | duckdb_temporary_files() | 'https://example.com/x' | 's3://bucket/x' | checkpoint()`.split(
    /\s*\|\s*/,
  );

const FUNCTIONS = `getenv('HOME') | current_setting('threads') | nextval('x') | getvariable('x') | current_query()
  | current_database() | json_serialize_sql('select 1') | pg_sleep(1) | current_schemas(true)`.split(/\s*\|\s*/);

describe("nothing but a SELECT over logs reaches DuckDB", () => {
  test.each(STATEMENTS)("%s", async (text) => {
    const found = await failure(text, { files });
    expect(found.message).toMatch(/is not part of the dialect|one statement at a time/);
    expect(found.start).not.toBeNull();
  });

  test.each(READERS)("select * from %s", async (source) => {
    const text = `select * from ${source}`;
    const found = await failure(text, { files });
    expect(found.message).toMatch(
      /is not part of the dialect|no table is called|take no qualifier|not a file|expected a table/,
    );
    expect(found.start).toBeGreaterThanOrEqual(14);
  });

  test.each(FUNCTIONS)("select %s", async (call) => {
    const found = await failure(`select ${call}`, { files });
    expect(found.message).toMatch(/^the function .* is not part of the dialect$/);
    expect(found.start).toBe(7);
  });

  test.each([
    "with x as (select * from read_text('/etc/passwd')) select * from x",
    "select (select content from read_text('/etc/passwd'))",
    "pod in (select content from read_text('/etc/passwd'))",
    "select * from logs, read_text('/etc/passwd')",
    "select [x for x in (select content from read_text('/etc/passwd'))]",
    "select count(*) from logs order by (select content from read_text('/etc/passwd'))",
    "select * from logs limit (select length(content) from read_text('/etc/passwd'))",
    "with duckdb_settings as (select 1) select * from (select * from duckdb_settings) a, duckdb_settings()",
  ])("wherever it hides: %s", async (text) => {
    const found = await failure(text, { files });
    expect(found.message).toMatch(/^the table function \w+ is not part of the dialect$/);
  });

  test("a hundred ways out are tried", () => {
    expect(new Set([...STATEMENTS, ...READERS, ...FUNCTIONS]).size).toBeGreaterThanOrEqual(100);
  });

  test("a CTE does not make a view of the same name visible outside of its scope", async () => {
    const text = "select * from (with duckdb_tables as (select 1 as n) select n from duckdb_tables) a, duckdb_tables";
    const found = await failure(text, { files });
    expect([found.message, found.start]).toEqual([
      "no table is called duckdb_tables",
      text.lastIndexOf("duckdb_tables"),
    ]);
  });
});

describe("behind the dialect, the guard and the locks hold on their own", () => {
  test.each([
    [
      "another file in the scan's place",
      `WITH logq_scan AS (SELECT * FROM read_parquet(['/etc/passwd'])) SELECT 1 FROM logq_scan`,
    ],
    [
      "a second reader",
      `WITH logq_scan AS (SELECT 1), x AS (SELECT * FROM read_parquet(['/etc/passwd'])) SELECT 1 FROM x`,
    ],
    ["COPY", "COPY (SELECT 1) TO '/tmp/x'"],
    ["two statements", "SELECT 1; SELECT 2"],
    ["SHOW", "SHOW TABLES"],
    ["SELECT INTO", "SELECT 1 INTO x"],
    ["PIVOT", "SELECT * FROM (PIVOT (SELECT 1 AS a) ON a USING count(*))"],
    ["a file as a table", "SELECT * FROM '/etc/passwd'"],
    ["a positional parameter", "SELECT $1"],
  ])("%s is refused in text that was lowered by nobody", async (_, sql) => {
    await expect(answer(forged(sql, []))).rejects.toBeInstanceOf(QueryError);
  });

  test("the scan may read its own files and no others of the store", async () => {
    const honest = lowered("select count(*)", { files: files.slice(0, 1) });
    const greedy = { ...honest, sql: honest.sql.replace(files[0]!, files[1]!) };
    await expect(answer(honest)).resolves.toMatchObject({ rows: [[24n]] });
    await expect(answer(greedy)).rejects.toThrow("the table function read_parquet is not part of the dialect");
  });

  test.each([
    ["a*b", "aXb"],
    ["c[de]", "cd"],
    ["q?", "qq"],
  ])("a store in a folder called %s reads its own objects, not those of %s", async (name, neighbour) => {
    await writeRows(join(directory, neighbour), sampleRows());
    const own = await writeRows(join(directory, name), sampleRows().slice(0, 3));
    await expect(answer(lowered("select count(*)", { files: own }))).resolves.toMatchObject({ rows: [[3n]] });
  });

  test("a link in the place of an object is not followed", async () => {
    const link = join(directory, "link.parquet");
    await symlink(files[0]!, link);
    await expect(answer(lowered("select count(*)", { files: [link] }))).rejects.toThrow(/a plain file, not a link/);
  });

  test("a file that is not Parquet is the store's fault, not the user's", async () => {
    const path = join(directory, "broken.parquet");
    await writeFile(path, "no parquet at all");
    const error = await answer(lowered("select count(*)", { files: [path] })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(QueryError);
  });

  test("every function of DuckDB that looks outside of its arguments is on the guard's list", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const suspects = await connection.runAndReadAll(`SELECT DISTINCT function_name FROM duckdb_functions()
      WHERE function_type IN ('scalar', 'macro') AND regexp_matches(function_name,
        'file_|read|env$|setting|query|pragma|secret|glob|exec|variable$|^pg_|has_.*privilege|serialize_sql|current_schema')`);
    const names = suspects.getRows().map((row) => String(row[0]));
    instance.closeSync();
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) {
      const error = await answer(forged(`SELECT ${name}('x')`, [])).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ message: `the function ${name} is not part of the dialect` });
    }
  }, 60_000);
});

function forged(sql: string, read: readonly string[]): LoweredQuery {
  return { sql, files: read, prelude: [], text: sql, reversed: false, sourceOffset: (offset) => offset };
}
