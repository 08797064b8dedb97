/**
 * Why a query failed, for who wrote it: Athena's `CODE: line L:C: message` placed in the user's own text, and what is no
 * fault of the text in plain words.
 */
import { CliError, EXIT } from "../../cli-error.ts";
import { PORTABLE_FUNCTIONS } from "../../dialect/functions.ts";
import { nearestName } from "../../nearest.ts";
import { QueryError, type LoweredText } from "../engine.ts";
import { endBefore, sourceToken } from "../source-token.ts";
import { columnHint } from "../unknown-name.ts";

/** What Athena says of a query that did not succeed: `StateChangeReason`, or the message of a refused start. */
export interface Failure {
  readonly reason: string;
  readonly queryId: string | null;
  /** FAILED or CANCELLED. */
  readonly isCancelled: boolean;
}

/** QueryError for the user's text, CliError (exit 3, 4, 5) for everything else. */
export function queryFailure(failure: Failure, query: LoweredText): Error {
  const [, code = "", rest = failure.reason] = /^([A-Z][A-Z0-9_]{3,}):\s*(.*)$/s.exec(failure.reason) ?? [];
  const placed = /^line (\d+):(\d+): (.*)$/s.exec(rest);
  const text = firstLine(placed?.[3] ?? rest);
  if (/^(?:TABLE|SCHEMA|CATALOG)_NOT_FOUND$/.test(code)) return missingTable(text);
  const outside = failureOfSurroundings(code, text, failure);
  if (placed === null) return outside ?? failureOfText(code, text) ?? unknownFailure(failure);
  const offset = offsetOf(query.sql, Number(placed[1]), Number(placed[2]));
  const token = sourceToken(offset, query);
  if (token === null) return outside ?? failureOfScan(code, text) ?? unknownFailure(failure);
  if (token === "missing") {
    const start = endBefore(offset, query);
    return new QueryError("something is missing here", { start, end: start });
  }
  const [message, hint] = explain(code, text, token, query);
  return new QueryError(message, { start: token.start, end: token.end }, hint);
}

/** The UTF-16 offset of Trino's line and column, which count from 1, columns in code points. */
export function offsetOf(sql: string, line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line; n++) start = sql.indexOf("\n", start) + 1 || sql.length;
  let offset = start;
  for (let n = 1; n < column && offset < sql.length; n++) offset += sql.codePointAt(offset)! > 0xffff ? 2 : 1;
  return offset;
}

type Token = Parameters<typeof columnHint>[1];

/** A message with a place in the user's text. */
function explain(code: string, text: string, token: Token, query: LoweredText): [string, string | null] {
  const column = /^Column '([^']+)' (?:cannot be resolved|does not exist)/.exec(text)?.[1];
  if (column !== undefined) {
    const name = column.split(".").at(-1)!;
    return [`no column is called ${name}`, columnHint(name, token, query)];
  }
  const called = /^Function '?([\w.]+)'? not registered/.exec(text)?.[1];
  if (called !== undefined) {
    const near = nearestName(called, PORTABLE_FUNCTIONS);
    return [`no function is called ${called}`, near === null ? null : `did you mean ${near}?`];
  }
  const input = /^mismatched input '(.+?)'\. Expecting/s.exec(text)?.[1];
  if (input !== undefined) return [`unexpected ${input}`, null];
  const needsCast = code === "TYPE_MISMATCH" || /^(?:Cannot apply operator|Unexpected parameters)/.test(text);
  return [text, needsCast ? "cast one side: cast(x as double), cast(x as varchar)" : null];
}

/** Faults of values, which Trino does not place: the user's text, but nowhere in it. */
function failureOfText(code: string, text: string): QueryError | null {
  return TEXT_CODES.test(code) ? new QueryError(text, null) : null;
}

const TEXT_CODES =
  /^(?:SYNTAX_ERROR|DIVISION_BY_ZERO|INVALID_CAST_ARGUMENT|INVALID_FUNCTION_ARGUMENT|NUMERIC_VALUE_OUT_OF_RANGE|SUBQUERY_MULTIPLE_ROWS|TYPE_MISMATCH|NOT_SUPPORTED|COLUMN_NOT_FOUND|FUNCTION_NOT_FOUND|EXPRESSION_NOT_AGGREGATE|AMBIGUOUS_NAME|INVALID_LITERAL|MISSING_COLUMN_NAME|DUPLICATE_COLUMN_NAME|FUNCTION_IMPLEMENTATION_ERROR)$/;

/** The part of the statement that is logq's own: the stored table is not as logq knows it. */
function failureOfScan(code: string, text: string): CliError | null {
  const column = /^Column '([^']+)' cannot be resolved/.exec(text)?.[1];
  if (code !== "COLUMN_NOT_FOUND" && column === undefined) return null;
  return backend(
    `the table on Athena has no column ${column ?? ""}: it was created by another version, or its permissions hide it`,
    "logq doctor compares the table with its definition, logq init --update corrects it",
  );
}

/** What another text would not have changed. */
function failureOfSurroundings(code: string, text: string, { reason, queryId, isCancelled }: Failure): CliError | null {
  if (/Bytes scanned limit was exceeded/i.test(reason)) {
    return new CliError(
      "the workgroup's limit of bytes per query was reached, and Athena stopped the query",
      "narrow it (--since, -n, -w, -p, fewer columns), or raise the workgroup's limit",
      EXIT.guard,
    );
  }
  if (isCancelled) {
    return backend(`Athena says that the query was cancelled${text === "" ? "" : `: ${text}`}`, `its id is ${queryId}`);
  }
  const object = /s3[an]?:\/\/[^\s'"<>)\],;]+/.exec(reason)?.[0].replace(/[.:]+$/, "");
  if (/Slow ?Down|reduce your request rate|Status Code: 503|Rate exceeded|ICEBERG_.*THROTTL/i.test(reason)) {
    return new CliError("S3 or Glue throttled Athena", "try again in a minute, over a shorter time", EXIT.throttled);
  }
  if (/\bkms\b/i.test(reason)) {
    const what = `Athena may not use the key that ${object === undefined ? "the logs are" : `${object} is`} encrypted with: ${text}`;
    return backend(what, "allow kms:Decrypt on the key of the logs, and kms:GenerateDataKey on that of the results");
  }
  if (
    code === "PERMISSION_DENIED" ||
    /access ?denied|not authorized to perform|Insufficient .*permission/i.test(text)
  ) {
    const hint = `allow s3:GetObject and s3:ListBucket on the logs, s3:PutObject on the results, glue:GetTable and glue:GetDatabase${/Lake ?Formation/i.test(text) ? "; in Lake Formation grant SELECT on the table" : ""}`;
    return backend(`access denied while Athena read${object === undefined ? "" : ` ${object}`}: ${text}`, hint);
  }
  return failureOfData(code, text, object) ?? failureOfResources(code, reason);
}

/** The stored table's: a name of the user's own is refused before anything runs. */
function missingTable(text: string): CliError {
  return backend(
    `on Athena: ${text}`,
    "logq init creates the table; if there is one, name it: database and table in the context",
  );
}

function failureOfData(code: string, text: string, object: string | undefined): CliError | null {
  if (
    !/^(?:HIVE_BAD_DATA|HIVE_CANNOT_OPEN_SPLIT|HIVE_CURSOR_ERROR|HIVE_INVALID_|PARQUET_|HIVE_FILESYSTEM)/.test(code)
  ) {
    return null;
  }
  const file = object === undefined ? "an object" : object;
  return backend(
    `Athena cannot read ${file} (${code}): ${text}`,
    "logq doctor looks for broken objects; one that is broken can be moved out of the table's folder",
  );
}

function failureOfResources(code: string, reason: string): CliError | null {
  if (/EXCEEDED_TIME_LIMIT|[Qq]uery timeout/.test(reason)) {
    return new CliError(
      "the query ran into Athena's time limit",
      "narrow its time (--since) or its scope",
      EXIT.throttled,
    );
  }
  if (/exhausted resources|EXCEEDED_.*MEMORY|INSUFFICIENT_RESOURCES/i.test(reason)) {
    return backend(
      "the query took more memory than Athena has for one",
      "narrow its time (--since), give ORDER BY a LIMIT, or use approx_distinct(x) for count(distinct x)",
    );
  }
  if (code === "CONSTRAINT_VIOLATION") return backend(`Athena: ${reason}`, "name the cluster: --cluster C");
  return null;
}

function unknownFailure({ reason, queryId }: Failure): CliError {
  return backend(
    `the query failed on Athena: ${firstLine(reason) || "no reason was given"}`,
    queryId === null ? "try again" : `try again; for support its id is ${queryId}`,
  );
}

function backend(message: string, hint: string): CliError {
  return new CliError(message, hint, EXIT.backend);
}

/** Athena adds lines on where the query ran, and to each unknown name that it may be hidden. */
function firstLine(text: string): string {
  return text
    .split("\n")[0]!
    .replace(/ or requester is not authorized to access requested resources/, "")
    .replace(/ This query ran against the .*$/s, "")
    .trim();
}
