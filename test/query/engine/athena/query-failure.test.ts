import { describe, expect, test } from "vitest";
import { CliError } from "../../../../query/cli-error.ts";
import { offsetOf, queryFailure } from "../../../../query/engine/athena/query-failure.ts";
import { QueryError } from "../../../../query/engine/engine.ts";
import { trino } from "./harness.ts";

/** What Athena says of a place in the lowered statement, told to the user. `mark`: the text that the place is at. */
function told(text: string, mark: string, reason: (at: string) => string) {
  const query = trino(text);
  const offset = query.sql.lastIndexOf(mark);
  const before = query.sql.slice(0, offset).split("\n");
  const at = `line ${before.length}:${Array.from(before.at(-1)!).length + 1}`;
  return shown(text, queryFailure({ reason: reason(at), queryId: "id-1", isCancelled: false }, query));
}

function shown(text: string, error: Error) {
  if (error instanceof QueryError) {
    const { message, hint, start, end } = error;
    return { message, hint, at: start === null ? null : text.slice(start, end ?? start) };
  }
  const { message, hint, exitCode } = error as CliError;
  return { message, hint, exitCode };
}

function failed(reason: string, isCancelled = false) {
  return shown("", queryFailure({ reason, queryId: "id-1", isCancelled }, trino("select 1 as x")));
}

describe("a mistake in the text has its caret", () => {
  test("under a column that does not exist, with the nearest one", () => {
    expect(
      told(
        "select pod, level\nwhere pods = 'nginx'",
        "pods",
        (at) =>
          `COLUMN_NOT_FOUND: ${at}: Column 'pods' cannot be resolved or requester is not authorized to access requested resources`,
      ),
    ).toEqual({ message: "no column is called pods", hint: "did you mean pod?", at: "pods" });
  });

  test("under a string in the wrong quotes", () => {
    expect(
      told(
        `select * from logs where pod = "nginx"`,
        `"nginx"`,
        (at) => `COLUMN_NOT_FOUND: ${at}: Column 'nginx' cannot be resolved`,
      ),
    ).toEqual({
      message: "no column is called nginx",
      hint: "strings take single quotes: 'nginx'",
      at: '"nginx"',
    });
  });

  test("after characters beyond the basic plane, which Trino counts as one", () => {
    const text = "select '😀😀' as smile, pods from logs";
    expect(told(text, "pods", (at) => `COLUMN_NOT_FOUND: ${at}: Column 'pods' cannot be resolved`).at).toBe("pods");
  });

  test("under a function that does not exist", () => {
    expect(
      told("select uper(pod) as p", "uper", (at) => `FUNCTION_NOT_FOUND: ${at}: Function 'uper' not registered`),
    ).toEqual({
      message: "no function is called uper",
      hint: "did you mean upper?",
      at: "uper",
    });
  });

  test("under types that do not fit", () => {
    expect(
      told(
        "select * where pos = 'x'",
        "= 'x'",
        (at) => `TYPE_MISMATCH: ${at}: Cannot apply operator: bigint = varchar(1)`,
      ),
    ).toEqual({
      message: "Cannot apply operator: bigint = varchar(1)",
      hint: "cast one side: cast(x as double), cast(x as varchar)",
      at: "=",
    });
  });

  test("under what the parser did not expect, and where the text ends too early", () => {
    expect(
      told("select pod frm logs where", "where", (at) => `${at}: mismatched input 'where'. Expecting: ',', 'AS'`),
    ).toEqual({
      message: "unexpected where",
      hint: null,
      at: "where",
    });
    const text = "select * where pod =";
    const query = trino(text);
    const reason = `line 1:${query.sql.length + 1}: mismatched input '<EOF>'. Expecting: <expression>`;
    expect(queryFailure({ reason, queryId: null, isCancelled: false }, query)).toMatchObject({
      message: "something is missing here",
      start: text.length,
    });
  });

  test("or none, where a value is at fault", () => {
    expect(failed("DIVISION_BY_ZERO: Division by zero")).toEqual({ message: "Division by zero", hint: null, at: null });
    expect(failed("INVALID_CAST_ARGUMENT: Cannot cast 'a' to BIGINT\nThis query ran against the database")).toEqual({
      message: "Cannot cast 'a' to BIGINT",
      hint: null,
      at: null,
    });
  });
});

describe("what is no mistake in the text is in plain words", () => {
  const missing = "logq init creates the table; if there is one, name it: database and table in the context";

  test.each<[string, number, RegExp, RegExp]>([
    [
      "SCHEMA_NOT_FOUND: line 1:99: Schema 'logq' does not exist",
      4,
      /^on Athena: Schema 'logq' does not exist$/,
      /^logq init creates the table/,
    ],
    [
      "HIVE_BAD_DATA: Malformed Parquet file. Expected magic number: PAR1 got: abcd [s3://logs/cluster=a/dt=2026-03-01/hour=04/x.parquet]",
      4,
      /^Athena cannot read s3:\/\/logs\/cluster=a\/dt=2026-03-01\/hour=04\/x\.parquet \(HIVE_BAD_DATA\): Malformed/,
      /logq doctor/,
    ],
    [
      "HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://logs/a.parquet (offset=0, length=18614): Slow Down (Service: Amazon S3; Status Code: 503; Error Code: 503 Slow Down)",
      5,
      /^S3 or Glue throttled Athena$/,
      /^try again in a minute/,
    ],
    [
      "PERMISSION_DENIED: Access Denied on s3://logs/a.parquet (Service: Amazon S3; Status Code: 403)",
      4,
      /^access denied while Athena read s3:\/\/logs\/a\.parquet: Access Denied/,
      /^allow s3:GetObject/,
    ],
    [
      "Insufficient Lake Formation permission(s) on logs (Database Name: logq, Table Name: logs)",
      4,
      /^access denied while Athena read: Insufficient Lake Formation/,
      /in Lake Formation grant SELECT on the table$/,
    ],
    [
      "HIVE_CURSOR_ERROR: User is not authorized to perform: kms:Decrypt on resource: arn:aws-cn:kms:cn-north-1:1:key/k (Service: AWSKMS)",
      4,
      /^Athena may not use the key that the logs are encrypted with: User is not/,
      /^allow kms:Decrypt/,
    ],
    ["Query exhausted resources at this scale factor", 4, /more memory than Athena has for one$/, /^narrow its time/],
    ["Query timeout", 5, /ran into Athena's time limit$/, /^narrow its time/],
    [
      "GENERIC_INTERNAL_ERROR: Something\nmore",
      4,
      /^the query failed on Athena: GENERIC_INTERNAL_ERROR: Something$/,
      /id is id-1$/,
    ],
    ["", 4, /no reason was given$/, /id is id-1$/],
  ])("%s", (reason, exitCode, message, hint) => {
    expect(failed(reason)).toEqual({
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
      exitCode,
    });
  });

  test("a stored table that lacks a column of ours is another version's", () => {
    const text = "select count(*) as n";
    expect(told(text, "cut, cluster", (at) => `COLUMN_NOT_FOUND: ${at}: Column 'cut' cannot be resolved`)).toEqual({
      message: "the table on Athena has no column cut: it was created by another version, or its permissions hide it",
      hint: "logq doctor compares the table with its definition, logq init --update corrects it",
      exitCode: 4,
    });
    const table = told(
      text,
      '"awsdatacatalog"',
      (at) => `TABLE_NOT_FOUND: ${at}: Table 'awsdatacatalog.logq.logs' does not exist`,
    );
    expect(table).toEqual({
      message: "on Athena: Table 'awsdatacatalog.logq.logs' does not exist",
      hint: missing,
      exitCode: 4,
    });
  });

  test("a query that someone else cancelled says so", () => {
    expect(failed("Query cancelled by user", true)).toEqual({
      message: "Athena says that the query was cancelled: Query cancelled by user",
      hint: "its id is id-1",
      exitCode: 4,
    });
  });
});

test("lines and columns count from 1, columns in code points", () => {
  const sql = "ab\nc😀d\n";
  expect([offsetOf(sql, 1, 1), offsetOf(sql, 1, 3), offsetOf(sql, 2, 2), offsetOf(sql, 2, 3)]).toEqual([0, 2, 4, 6]);
  expect([offsetOf(sql, 3, 1), offsetOf(sql, 9, 1), offsetOf(sql, 2, 99)]).toEqual([8, 8, 8]);
});
