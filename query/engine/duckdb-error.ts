import { COLUMN_NAMES } from "../dialect/scope.ts";
import { lex } from "../dialect/lexer.ts";
import type { Token } from "../dialect/lexer.ts";
import { nearestName } from "../nearest.ts";
import { QueryError } from "./engine.ts";
import type { LoweredQuery } from "./engine.ts";

/** What DuckDB says of a failure with `errors_as_json`, or what `json_serialize_sql` returns of a syntax error. */
export interface Failure {
  readonly type: string;
  readonly message: string;
  /** In the statement: code points for the parser, bytes for everything after it. */
  readonly position: number | null;
  /** The name that was not found. */
  readonly name: string | null;
  readonly subtype: string | null;
}

/** Kinds of failure that another query text would not have had. */
const USER_FAULTS = new Set(
  `parser syntax binder catalog conversion mismatch-type not-implemented out-of-range invalid-input invalid-type
   parameter-not-resolved parameter-not-allowed divide-by-zero expression constraint decimal invalid`.split(/\s+/),
);

/** A failure of DuckDB as an error for the user (QueryError, placed in the user's text) or as the engine's own (Error). */
export function convertFailure(failure: Failure, query: LoweredQuery): Error {
  const kind = failure.type.toLowerCase().replaceAll(/[ _]/g, "-");
  const [firstLine = ""] = failure.message.split("\n");
  if (!USER_FAULTS.has(kind)) return new Error(`run the query on DuckDB: ${failure.type}: ${failure.message}`);
  const isParser = kind === "parser" || kind === "syntax";
  const offset = failure.position === null ? null : toUtf16(query.sql, failure.position, isParser);
  const token = offset === null ? null : sourceToken(offset, query);
  if (token === "missing") {
    const start = endBefore(offset!, query);
    return new QueryError("something is missing here", { start, end: start });
  }
  const unknown = failure.subtype === "COLUMN_NOT_FOUND" ? failure.name : null;
  const message = unknown === null ? firstLine : `no column is called ${unknown}`;
  return new QueryError(
    message,
    token && { start: token.start, end: token.end },
    hintFor(failure, unknown, token, query),
  );
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

/** The user's token at an offset of the statement, null if it is logq's, "missing" if the user's text ended too early. */
export function sourceToken(offset: number, query: LoweredQuery): Token | "missing" | null {
  const source = query.sourceOffset(offset);
  if (source === null) return isAppended(offset, query) ? "missing" : null;
  if (source >= query.text.length) return "missing";
  return tokenAt(query.text, source) ?? null;
}

function tokenAt(text: string, source: number): Token | undefined {
  const names: Record<string, string> = Object.fromEntries(
    [...text.matchAll(/\$([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/g)].map((found) => [found[1]!, ""]),
  );
  const { tokens } = lex(text, names);
  return (
    tokens.find(({ start, end }) => source >= start && source < end) ?? tokens.find(({ start }) => start >= source)
  );
}

/** Whether the statement has user's text before the offset: what logq put after it stands where something is missing. */
function isAppended(offset: number, query: LoweredQuery): boolean {
  for (let at = offset; at >= 0; at--) if (query.sourceOffset(at) !== null) return true;
  return false;
}

/** Where the user's text before an offset of the statement ends. */
function endBefore(offset: number, query: LoweredQuery): number {
  for (let at = Math.min(offset, query.sql.length) - 1; at >= 0; at--) {
    const source = query.sourceOffset(at);
    if (source !== null) return query.text.slice(0, source + 1).trimEnd().length;
  }
  return 0;
}

function hintFor(failure: Failure, unknown: string | null, token: Token | null, query: LoweredQuery): string | null {
  if (unknown !== null) {
    if (token?.kind === "quoted") return `strings take single quotes: '${unknown.replaceAll("'", "''")}'`;
    const near = nearestName(unknown, COLUMN_NAMES);
    if (near !== null) return `did you mean ${near}?`;
    const before = token === null ? "" : query.text.slice(0, token.start).trimEnd();
    if (/(?:[=<>]|like)$/i.test(before)) return `strings take single quotes: '${unknown}'`;
    return `columns: ${[...COLUMN_NAMES].join(", ")}`;
  }
  const suggestion = /Did you mean "([^"]+)"/.exec(failure.message)?.[1];
  if (suggestion !== undefined) return `did you mean ${suggestion}?`;
  if (/explicit type cast/.test(failure.message)) return "cast one side: cast(x as double), cast(x as varchar)";
  return null;
}
