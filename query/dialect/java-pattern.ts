import { CliError } from "../cli-error.ts";

/**
 * A pattern of RE2 as one that Trino's regular expressions (Joni, with Java's syntax) find in the same texts: what only
 * one of them has is rewritten or refused. Throws CliError for what RE2 itself would refuse: DuckDB says so by itself.
 * Source: RE2's syntax page, and the answers of Joni 2.1.5.3, which Trino 435 has, to each construct.
 */
export function javaPattern(pattern: string): string {
  const hasLines = /\(\?[a-z]*m/i.test(pattern);
  let text = "";
  let at = 0;
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    const refused = BEYOND_RE2.find(([construct]) => construct.test(rest));
    if (refused !== undefined) {
      const hint =
        "patterns are RE2 regular expressions; what is not wanted can be excluded in the query: log not like '%…%'";
      throw new CliError(`-g ${pattern}: ${refused[1]} is not part of RE2`, hint);
    }
    const { length, java } = nextPart(rest, hasLines);
    text += java;
    at += length;
  }
  return text;
}

/** What Joni takes and RE2 does not, at the start of a text. */
const BEYOND_RE2: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, "looking around"],
  [/^\(\?>/, "an atomic group"],
  [/^\(\?#/, "a comment"],
  [/^\(\?[a-z]*[^imsUP:<)a-z-]/i, "this group"],
  [/^\(\?[a-z-]*[xdu]/, "this flag"],
  [/^\\[1-9]/, "a back reference"],
  [/^\\[GZRXehHkyYK]/, "this escape"],
  [/^(?:[*+?]|\{\d+(?:,\d*)?\})(?:[*+]|\{\d+(?:,\d*)?\})/, "a possessive or double repetition"],
];

interface Part {
  /** Characters of the pattern that it takes. */
  readonly length: number;
  readonly java: string;
}

function nextPart(rest: string, hasLines: boolean): Part {
  if (rest.startsWith("\\Q")) return quoted(rest);
  if (rest.startsWith("[")) return characterClass(rest);
  if (rest.startsWith("(?P<")) return { length: 4, java: "(?<" };
  if (rest.startsWith("\\")) return escaped(rest);
  // Else it matches before a line feed at the text's end, too.
  if (rest.startsWith("$") && !hasLines) return { length: 1, java: "\\z" };
  const [char = ""] = rest;
  return { length: char.length, java: char };
}

function quoted(rest: string): Part {
  const end = rest.indexOf("\\E", 2);
  const content = rest.slice(2, end < 0 ? rest.length : end);
  const length = end < 0 ? rest.length : end + 2;
  return { length, java: content.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&") };
}

/** Classes and word boundaries know ASCII alone in RE2. */
const POSIX: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\x0B\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};
const AT_WORD = String.raw`(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))`;
const NOT_AT_WORD = String.raw`(?:(?<=\w)(?=\w)|(?<!\w)(?!\w))`;
const SPACES = "\\t\\n\\f\\r ";

function escaped(rest: string): Part {
  const pair = rest.slice(0, 2);
  if (pair === "\\s") return { length: 2, java: `[${SPACES}]` };
  if (pair === "\\S") return { length: 2, java: `[^${SPACES}]` };
  if (pair === "\\b") return { length: 2, java: AT_WORD };
  if (pair === "\\B") return { length: 2, java: NOT_AT_WORD };
  if (pair === "\\a") return { length: 2, java: "\\x07" };
  const [whole] = /^\\(?:x\{[^}]*\}|[pP]\{[^}]*\}|x..|.)/su.exec(rest) ?? [pair];
  return { length: whole.length, java: whole.replace(/^\\([pP])\{\^/, (_, p) => `\\${p === "p" ? "P" : "p"}{`) };
}

/** `[…]`: a bracket or `&&` in it is one character as another, where Joni sees a class in a class. */
function characterClass(rest: string): Part {
  const start = /^\[\^?\]?/.exec(rest)![0];
  let java = start.replace(/\]$/, "\\]");
  let at = start.length;
  while (at < rest.length && rest[at] !== "]") {
    const part = rest.slice(at);
    const [posix, name = ""] = /^\[:(\w+):\]/.exec(part) ?? [];
    if (posix !== undefined && Object.hasOwn(POSIX, name)) {
      java += POSIX[name]!;
      at += posix.length;
    } else if (/^\[:\^\w+:\]/.test(part)) {
      const [negated] = /^\[:\^\w+:\]/.exec(part)!;
      java += negated;
      at += negated.length;
    } else if (part.startsWith("\\s")) {
      java += SPACES;
      at += 2;
    } else if (part.startsWith("\\")) {
      const found = escaped(part);
      java += found.java;
      at += found.length;
    } else {
      const char = String.fromCodePoint(part.codePointAt(0)!);
      java += char === "[" || char === "&" ? `\\${char}` : char;
      at += char.length;
    }
  }
  return { length: Math.min(at + 1, rest.length), java: at < rest.length ? `${java}]` : java };
}
