import { CliError, EXIT } from "../cli-error.ts";
import type { Token } from "../dialect/lexer.ts";
import { brokenObject } from "../store/broken-object.ts";
import { QueryError } from "./engine.ts";
import type { LoweredQuery } from "./engine.ts";
import { endBefore, sourceToken, tokenAt } from "./source-token.ts";
import { columnHint, memberHint, near } from "./unknown-name.ts";

/** What DuckDB says of a failure with `errors_as_json`, or what `json_serialize_sql` returns of a syntax error. */
export interface Failure {
  readonly type: string;
  readonly message: string;
  /** In the statement: code points for the parser, bytes for everything after it. */
  readonly position: number | null;
  /** The name that was not found. */
  readonly name: string | null;
  readonly subtype: string | null;
  /** The file that could not be read, where the message does not say so. */
  readonly file?: string;
}

/** Kinds of failure that another query text would not have had. */
const USER_FAULTS = new Set(
  `parser syntax binder catalog conversion mismatch-type not-implemented out-of-range invalid-input invalid-type
   parameter-not-resolved parameter-not-allowed divide-by-zero expression constraint decimal`.split(/\s+/),
);

/** A failure of DuckDB as an error for the user (QueryError, placed in the user's text), or as that of a file or the engine (CliError, exit 4). */
export function convertFailure(failure: Failure, query: LoweredQuery): Error {
  const kind = failure.type.toLowerCase().replaceAll(/[ _]/g, "-");
  const file = failure.file ?? query.files.find((path) => failure.message.includes(path));
  if (file !== undefined) return failureOfFile(query.nameOf?.(file) ?? file, failure.message.replaceAll(file, "it"));
  if (!USER_FAULTS.has(kind)) return failureOfEngine(failure);
  const isParser = kind === "parser" || kind === "syntax";
  const offset = failure.position === null ? null : toUtf16(query.sql, failure.position, isParser);
  const token = offset === null ? null : sourceToken(offset, query);
  if (token === "missing") {
    const start = endBefore(offset!, query);
    return new QueryError("something is missing here", { start, end: start });
  }
  const { message, hint, isMember } = explain(failure, token, query);
  const at = isMember && token !== null ? memberOf(token, query.text) : token;
  return new QueryError(message, at && { start: at.start, end: at.end }, hint);
}

/** DuckDB quotes values that it cannot read. */
const WHY_CHARACTERS_MAX = 200;

function failureOfFile(name: string, message: string): CliError {
  const why = message
    .split("\n")[0]!
    .replaceAll(/"it"|'it'/g, "it")
    .slice(0, WHY_CHARACTERS_MAX);
  if (/no such file/i.test(message)) {
    const hint = "it was deleted since the store was listed (retention?): ask again";
    return new CliError(`cannot read ${name}: ${why}`, hint, EXIT.backend);
  }
  if (/permission denied/i.test(message))
    return new CliError(`cannot read ${name}: ${why}`, "check the permissions of the store's files", EXIT.backend);
  return brokenObject(name, why);
}

function failureOfEngine({ type, message }: Failure): CliError {
  const hint = /memory/i.test(type)
    ? "narrow its time (--since), give ORDER BY a LIMIT, or group by less"
    : "if an object is broken: a narrower window (--from, --to) tells which; logq doctor looks at the newest";
  return new CliError(`run the query on DuckDB: ${type}: ${message}`, hint, EXIT.backend);
}

/** Reads the JSON in the message of a DuckDB error; null if there is none. */
export function readFailure(error: unknown): Failure | null {
  const text = error instanceof Error ? error.message : String(error);
  const brace = text.indexOf("{");
  if (brace < 0) return null;
  try {
    const json = JSON.parse(text.slice(brace)) as Record<string, string | undefined>;
    return {
      type: json["exception_type"] ?? "Unknown",
      message: json["exception_message"] ?? text,
      position: json["position"] === undefined ? null : Number(json["position"]),
      name: json["name"] ?? null,
      subtype: json["error_subtype"] ?? null,
    };
  } catch {
    return null;
  }
}

/** The UTF-16 offset of a byte or code point offset. */
export function toUtf16(text: string, offset: number, isCodePoints: boolean): number {
  let passed = 0;
  let units = 0;
  for (const char of text) {
    if (passed >= offset) break;
    passed += isCodePoints ? 1 : Buffer.byteLength(char);
    units += char.length;
  }
  return units;
}

interface Explanation {
  readonly message: string;
  readonly hint: string | null;
  /** Whether the fault is in the name after the qualifier that DuckDB points at. */
  readonly isMember: boolean;
}

/** DuckDB's message in the dialect's words, with what to do. */
function explain(failure: Failure, token: Token | null, query: LoweredQuery): Explanation {
  const [firstLine = ""] = failure.message.split("\n");
  const member = /does not have a column named "([^"]+)"/.exec(firstLine)?.[1];
  if (member !== undefined)
    return { message: `no column is called ${member}`, hint: memberHint(member, query), isMember: true };
  if (failure.subtype === "COLUMN_NOT_FOUND" && failure.name !== null) {
    const hint = columnHint(failure.name, token, query);
    return { message: `no column is called ${failure.name}`, hint, isMember: false };
  }
  const table = /^Referenced table "([^"]+)" not found/.exec(firstLine)?.[1];
  if (table !== undefined) return { message: `no table is called ${table}`, hint: near(table, query), isMember: false };
  const called = /Function with name (\S+) does not exist/.exec(firstLine)?.[1];
  const suggestion = /Did you mean "([^"]+)"/.exec(failure.message)?.[1];
  if (called !== undefined) {
    const hint = suggestion === undefined ? null : `did you mean ${suggestion}?`;
    return { message: `no function is called ${called}`, hint, isMember: false };
  }
  if (/^syntax error at or near "end"/i.test(firstLine) && query.table?.names.has("end") === true) {
    return { message: firstLine, hint: 'END is a word of SQL: the column is "end", in double quotes', isMember: false };
  }
  const needsCast = /explicit type cast/.test(failure.message);
  const hint = needsCast ? "cast one side: cast(x as double), cast(x as varchar)" : null;
  return { message: firstLine, hint, isMember: false };
}

/** The name after `qualifier.`; the qualifier itself if none follows. */
function memberOf(token: Token, text: string): Token {
  const rest = /^\s*\.\s*/.exec(text.slice(token.end));
  return (rest && tokenAt(text, token.end + rest[0].length)) ?? token;
}
