/** Finds the query's text in what the shell passed, and recognises what the shell did to it. */
import { readdir } from "node:fs/promises";
import { addAbortSignal, type Readable } from "node:stream";
import { COLUMNS, PARTITION_COLUMNS } from "../config/table.ts";
import { CliError } from "./cli-error.ts";
import type { CliIo } from "./cli-io.ts";
import type { Env } from "./config-file.ts";
import { isSaved, savedQuery } from "./saved-queries.ts";
import { shellQuote } from "./command-line.ts";
import { meantCommand } from "./meant-command.ts";
import { hasScope, type Options } from "./options.ts";

export interface QuerySource {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  /** The working directory: where the shell expanded an unquoted star. */
  readonly cwd: string;
  /** For the settings file, which has the saved queries. */
  readonly env: Env;
  /** Aborted to stop waiting for stdin; the promise then rejects. */
  readonly signal: AbortSignal;
}

/** Queries are typed or generated; more than this is a log file piped in by mistake. */
const STDIN_BYTES_MAX = 262_144;

const SQL_START = /^(?:select|with|where|from)$/i;
const COLUMN_NAMES: readonly string[] = [...COLUMNS.map((column) => column.name), ...PARTITION_COLUMNS];
/** `name = value` and nothing else, the value a bare word. */
const UNQUOTED_VALUE = /^\s*((?:select \* )?(?:where )?)([a-z_][\w.]*)\s*(=|!=|<>)\s*([\w.:*/-]+)\s*$/i;

/**
 * The query's text, or null if the scope flags are the query. Reads stdin for `-`, or when there is neither a query nor
 * a scope flag and stdin is no terminal. Throws CliError (exit 2) with the command that was probably meant.
 */
export async function readQueryText(options: Options, source: QuerySource): Promise<string | null> {
  const [word, ...more] = options.words;
  if (more.length > 0 || word !== undefined) return await readCommandText(options, source);
  if (hasScope(options.scope)) return null;
  if (source.stdin.isTTY !== true) return await readStdin(source);
  throw new CliError("no query", `try: logq "select * where pod='nginx'"\nlogq --help shows more`);
}

/** Whether a person at a terminal asked nothing yet. */
export function isPromptWanted(options: Options, { stdin, stdout }: Pick<CliIo, "stdin" | "stdout">): boolean {
  return options.words.length === 0 && !hasScope(options.scope) && stdin.isTTY === true && stdout.isTTY === true;
}

/** The text for a command that works without one too: null then, whatever stdin is. */
export async function readCommandText(options: Options, source: QuerySource): Promise<string | null> {
  const [word, ...more] = options.words;
  if (more.length > 0) throw await severalWords(options.words, source.cwd);
  if (word === undefined) return null;
  if (word === "-") return await readStdin(source);
  return isSaved(word) ? await savedQuery(word, source.env) : checkedText(word);
}

/**
 * The condition around an offset with its bare value in quotes (`pod='nginx'`), or null if no such mistake is there. What a
 * string or a bracket follows is no value: `timestamp '…'`, `now()`.
 */
export function quotedConditionAt(text: string, offset: number): string | null {
  for (const match of text.matchAll(/[a-z_][\w.]*\s*(?:=|!=|<>)\s*[a-z][\w.:*/-]*(?![\w.:*/-]|\s*['(])/gi)) {
    if (match.index <= offset && offset <= match.index + match[0].length) return withQuotedValue(match[0]);
  }
  return null;
}

function checkedText(text: string): string {
  if (text.trim() === "") throw new CliError("the query is empty", `try: logq "select * where pod='nginx'"`);
  if (text.startsWith("\\d")) throw new CliError(`${text}: a command of the prompt`, "logq schema shows the columns");
  const quoted = withQuotedValue(text);
  if (quoted !== null) {
    const remedy = `did you mean ${quoted.trim()}?\nThe shell takes unprotected quotes away: logq ${shellQuote(quoted.trim())}`;
    throw new CliError(`${text.trim()}: the value is not quoted`, remedy);
  }
  if (/^[\p{L}\p{N}_.:/-]+$/u.test(text) && !SQL_START.test(text)) {
    const search = `to search messages for it: logq -g ${shellQuote(text)}`;
    throw new CliError(`${text} is a word, not a query`, hintOf(meantCommand([text]), search));
  }
  return text;
}

function hintOf(...lines: readonly (string | null)[]): string {
  return lines.filter((each) => each !== null).join("\n");
}

/** `pod=nginx` as `pod='nginx'`, or null if the text is not that mistake (numbers and columns may stand bare). */
function withQuotedValue(text: string): string | null {
  const match = UNQUOTED_VALUE.exec(text);
  if (match === null) return null;
  const [, start, column, operator, value] = match;
  const isValue =
    /^-?\d+(?:\.\d+)?$|^(?:true|false|null)$/i.test(value!) || COLUMN_NAMES.includes(value!.toLowerCase());
  return isValue ? null : `${start}${column}${operator}'${value}'`;
}

async function severalWords(words: readonly string[], cwd: string): Promise<CliError> {
  const joined = words.join(" ");
  const isSql = SQL_START.test(words[0]!) || /[=<>()]/.test(joined);
  if (!isSql) {
    const pattern = joined.replace(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);
    const search = `to search messages for them: logq -g ${shellQuote(pattern)}`;
    return new CliError(`${words.length} words are no query`, hintOf(meantCommand(words), search));
  }
  const restored = await restoreStar(words, cwd);
  const text = (restored ?? words).map(requoted).join(" ");
  const starred = restored === null ? "" : " (the shell replaced * by the names of the files here)";
  return new CliError(
    `the query is ${words.length} words, it must be one${starred}`,
    `put it in quotes: logq ${shellQuote(text)}`,
  );
}

/** The words with `*` again where the shell put all names of the working directory; null if it did not. */
async function restoreStar(words: readonly string[], cwd: string): Promise<string[] | null> {
  const names = new Set((await readdir(cwd).catch(() => [])).filter((name) => !name.startsWith(".")));
  if (names.size === 0) return null;
  const first = words.findIndex((word) => names.has(word));
  const run = new Set(words.slice(first, first + names.size));
  if (first < 0 || run.size !== names.size || [...run].some((word) => !names.has(word))) return null;
  return [...words.slice(0, first), "*", ...words.slice(first + names.size)];
}

function requoted(word: string): string {
  return withQuotedValue(word) ?? word;
}

async function readStdin({ stdin, signal }: QuerySource): Promise<string> {
  addAbortSignal(signal, stdin);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin as AsyncIterable<string | Buffer>) {
    const buffer = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes > STDIN_BYTES_MAX) {
      throw new CliError(
        `stdin is no query: more than ${STDIN_BYTES_MAX} bytes`,
        "logq reads a query from stdin, not logs",
      );
    }
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") throw new CliError("no query on stdin", `try: logq "select * where pod='nginx'"`);
  return text;
}
