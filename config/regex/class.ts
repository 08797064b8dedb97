import {
  BLANK,
  complement,
  DIGIT,
  HEX_DIGIT,
  intersection,
  UNIT_MAX,
  unicodeProperty,
  union,
  WORD,
  type CharSet,
} from "./char-set.ts";
import { RegexError, type PatternReader } from "./reader.ts";

/** Reads a class behind its `[`: ranges, nested classes, POSIX brackets, properties, `&&`. */
export function readClass(reader: PatternReader): CharSet {
  const negative = reader.take("^");
  let whole: CharSet | null = null;
  let part: CharSet = [];
  for (let first = true; ; first = false) {
    if (reader.atEnd()) throw new RegexError("has a [ without a ]");
    // A ] in front stands for itself.
    if (!first && reader.take("]")) break;
    if (reader.take("&&")) {
      whole = whole === null ? part : intersection(whole, part);
      part = [];
      continue;
    }
    part = union(part, readItem(reader));
  }
  const set = whole === null ? part : intersection(whole, part);
  return negative ? complement(set) : set;
}

/** One item of a class: a range, a character, or a set. */
function readItem(reader: PatternReader): CharSet {
  const posix = reader.takeMatch(/\[:(\^?)([a-z]+):\]/y);
  if (posix !== null) {
    const set = posixBracket(posix[2]!);
    return posix[1] === "" ? set : complement(set);
  }
  if (reader.take("[")) return readClass(reader);
  const from = readClassChar(reader);
  if (typeof from !== "string") return from;
  const isRange = reader.takeMatch(/-(?!\]|\[|\\[dDhHsSwWpP])/y) !== null;
  const to = isRange ? readClassChar(reader) : from;
  if (typeof to !== "string") throw new RegexError("has a range that ends in a class");
  const [low, high] = [from.codePointAt(0)!, to.codePointAt(0)!];
  if (high < low) throw new RegexError(`has the range ${from}-${to}, whose end comes before its start`);
  if (low > UNIT_MAX) throw new RegexError(`has ${from} in a class, a character beyond U+FFFF; write it outside`);
  return [[low, Math.min(high, UNIT_MAX)]];
}

const ESCAPES: Readonly<Record<string, CharSet>> = { d: DIGIT, h: HEX_DIGIT, s: BLANK, w: WORD };

function readClassChar(reader: PatternReader): string | CharSet {
  if (!reader.take("\\")) return reader.next();
  const letter = reader.peek();
  const set = ESCAPES[letter.toLowerCase()];
  if (set !== undefined) {
    reader.next();
    return letter === letter.toLowerCase() ? set : complement(set);
  }
  if (letter === "p" || letter === "P") return readProperty(reader);
  return reader.take("b") ? "\b" : reader.escapedChar();
}

/** `p{Name}`, `p{^Name}`, `P{Name}`: what follows the backslash. */
export function readProperty(reader: PatternReader): CharSet {
  const match = reader.takeMatch(/([pP])\{(\^?)([^}]*)\}/y);
  if (match === null) throw new RegexError("has \\p without a name in braces");
  const name = match[3]!.trim();
  const set = POSIX_NAMES.has(name.toLowerCase()) ? posixBracket(name.toLowerCase()) : unicodeProperty(name);
  if (set === null) throw new RegexError(`has a property \\p{${name}} that is not known`);
  return (match[1] === "P") === (match[2] === "^") ? set : complement(set);
}

const POSIX_NAMES = new Set([
  "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit",
]); // prettier-ignore

/** POSIX brackets are Unicode's in Ruby, unlike `\w` and `\d`. */
function posixBracket(name: string): CharSet {
  switch (name) {
    case "alnum":
      return unicode("Alphabetic", "Nd");
    case "alpha":
      return unicode("Alphabetic");
    case "ascii":
      return [[0, 127]];
    case "blank":
      return union(unicode("Zs"), [[9, 9]]);
    case "cntrl":
      return unicode("Cc");
    case "digit":
      return unicode("Nd");
    case "graph":
      return complement(unicode("White_Space", "Cc", "Cn"));
    case "lower":
      return unicode("Lowercase");
    case "print":
      return complement(unicode("Cc", "Cn"));
    case "punct":
      return union(unicode("P"), ASCII_SYMBOLS);
    case "space":
      return unicode("White_Space");
    case "upper":
      return unicode("Uppercase");
    case "word":
      return unicode("L", "M", "Nd", "Nl", "Pc");
    case "xdigit":
      return HEX_DIGIT;
    default:
      throw new RegexError(`has a bracket [:${name}:] that is not known`);
  }
}

/** What Ruby 2.6 and later count as punctuation beside Unicode's: `$+<=>^`|~`. */
const ASCII_SYMBOLS: CharSet = [[36, 36], [43, 43], [60, 62], [94, 94], [96, 96], [124, 124], [126, 126]]; // prettier-ignore

function unicode(...properties: readonly string[]): CharSet {
  return union(...properties.map((property) => unicodeProperty(property) ?? []));
}
