import { QueryError } from "../engine/engine.ts";

/**
 * One token of the user's text, offsets in UTF-16 units. `value` is what it means: a word in lower case, a quoted
 * name or a string without its quotes. A `$name` is a string or number token already, with `isParam` set.
 */
export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "operator";
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly isParam: boolean;
}

/** Values of `$name`: a string becomes a string literal, a number a number literal. */
export type Params = Readonly<Record<string, string | number | bigint>>;

export interface Lexed {
  readonly tokens: Token[];
  /** Comments and spaces beyond ASCII: engines differ on both, so none of them reaches an engine. */
  readonly blanks: readonly { readonly start: number; readonly end: number }[];
}

/**
 * Splits a text into tokens. Throws QueryError for what never ends, for characters that only look like SQL's, and for
 * quoting that the dialect leaves out because engines read it differently (`E'…'`, `$$…$$`).
 */
export function lex(text: string, params: Params = {}): Lexed {
  const tokens: Token[] = [];
  const blanks: { start: number; end: number }[] = [];
  let at = 0;
  while (at < text.length) {
    const blankEnd = endOfBlank(text, at);
    if (blankEnd !== null) {
      if (!/^[ \t\r\n\f\v]+$/.test(text.slice(at, blankEnd))) blanks.push({ start: at, end: blankEnd });
      at = blankEnd;
      continue;
    }
    const next = nextToken(text, at, params);
    tokens.push(next);
    at = next.end;
  }
  return { tokens, blanks };
}

/** Where the spaces or the comment at `at` end, or null if there are none. */
function endOfBlank(text: string, at: number): number | null {
  if (/\s/.test(text[at]!)) return at + /^\s+/.exec(text.slice(at))![0].length;
  if (text.startsWith("--", at)) {
    const newline = text.indexOf("\n", at);
    return newline < 0 ? text.length : newline;
  }
  if (!text.startsWith("/*", at)) return null;
  const end = text.indexOf("*/", at + 2);
  if (end < 0) throw new QueryError("this comment never ends", { start: at, end: at + 2 }, "close it with */");
  return end + 2;
}

function nextToken(text: string, at: number, params: Params): Token {
  const char = text[at]!;
  if (char === "'") return quotedToken(text, at, "string");
  if (char === '"') return quotedToken(text, at, "quoted");
  if (char === "$") return paramToken(text, at, params);
  if (char === "?") {
    throw new QueryError("parameters have names", { start: at, end: at + 1 }, "write $name and --param name=value");
  }
  const number = match(NUMBER, text, at);
  if (number !== null) return token("number", number, at, number.length);
  const lookalike = LOOKALIKES[char];
  if (lookalike !== undefined) {
    throw new QueryError(`unexpected character ${char}`, { start: at, end: at + 1 }, `SQL takes ${lookalike} here`);
  }
  const word = match(WORD, text, at);
  if (word !== null) return wordToken(text, at, word);
  const operator = match(OPERATOR, text, at) ?? char;
  return token("operator", operator, at, operator.length);
}

const NUMBER = /(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /(?:[A-Za-z_]|(?!\s)[\u0080-\uffff])(?:[\w$]|(?!\s)[\u0080-\uffff])*/y;
const OPERATOR = /->>|<=|>=|<>|!=|==|\|\||::|->|=>|:=|\*\*|\/\//y;

/** Characters of Chinese and typographic keyboards that a scanner would take for part of a name. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  "‘": "'",
  "’": "'",
  "“": "'",
  "”": "'",
  "，": ",",
  "；": ";",
  "（": "(",
  "）": ")",
  "＝": "=",
  "＞": ">",
  "＜": "<",
  "！": "!",
  "＊": "*",
  "。": ".",
};

const LOOKALIKE = new RegExp(`[${Object.keys(LOOKALIKES).join("")}]`);

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function token(kind: Token["kind"], value: string, start: number, length: number, isParam = false): Token {
  return { kind, value, start, end: start + length, isParam };
}

function wordToken(text: string, at: number, word: string): Token {
  // A full-width comma inside a word ends it, so that the next token reports it.
  const cut = word.search(LOOKALIKE);
  const taken = cut < 0 ? word : word.slice(0, cut);
  const next = text[at + taken.length];
  if (next === "'" && /^(?:[ebx]|u&)$/i.test(taken)) throw prefixedString(at, taken);
  if (next === "&" && text[at + taken.length + 1] === "'" && /^u$/i.test(taken)) throw prefixedString(at, "U&");
  return token("word", taken.toLowerCase(), at, taken.length);
}

function prefixedString(at: number, prefix: string): QueryError {
  const message = `${prefix}'…' strings are not part of the dialect`;
  return new QueryError(message, { start: at, end: at + prefix.length }, "write '…' and double a quote inside");
}

function quotedToken(text: string, at: number, kind: "string" | "quoted"): Token {
  const quote = text[at]!;
  let end = at + 1;
  for (; ; end += 2) {
    end = text.indexOf(quote, end);
    if (end < 0) {
      const what = kind === "string" ? "string" : "quoted name";
      throw new QueryError(`this ${what} never ends`, { start: at, end: at + 1 }, `close it with ${quote}`);
    }
    if (text[end + 1] !== quote) break;
  }
  const value = text.slice(at + 1, end).replaceAll(quote + quote, quote);
  return token(kind, value, at, end + 1 - at);
}

function paramToken(text: string, at: number, params: Params): Token {
  const name = match(WORD, text, at + 1);
  const end = at + 1 + (name?.length ?? 0);
  if (name === null || text[end] === "$") {
    throw new QueryError("$ starts a parameter: $name", { start: at, end }, "its value comes from --param name=value");
  }
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value === undefined) {
    throw new QueryError(`no value for $${name}`, { start: at, end }, `add --param ${name}=…`);
  }
  return token(typeof value === "string" ? "string" : "number", String(value), at, end - at, true);
}
