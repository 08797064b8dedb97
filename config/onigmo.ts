import v8 from "node:v8";

import { findBlowUp } from "./regex/ambiguity.ts";
import { emitRegex, type AnchorTexts } from "./regex/emit.ts";
import { parseRegex, type RegexOptions } from "./regex/parse.ts";
import { RegexError } from "./regex/reader.ts";
import { requiredTrigrams, type Trigram } from "./regex/required.ts";

/** A regular expression of Fluent Bit's (Onigmo, Ruby's syntax), ready to search texts. */
export interface Pattern {
  /** As it was written. */
  readonly text: string;
  /** Of each capturing group its name, in order; null for a group without one. With named groups the others do not capture. */
  readonly groups: readonly (string | null)[];
  /** Finds the same as Ruby in a text without newlines. No flags; its groups may lie elsewhere than in `groups`. */
  readonly inLine: RegExp;
  /** The same for any text: `^` and `$` are anchors of lines. */
  readonly inLines: RegExp;
  /** Of these every text that matches has one at least; null if nothing of the kind is known. */
  readonly required: readonly Trigram[] | null;
  test(text: string): boolean;
  /** What the groups hold in the first match, undefined where one took no part; null without a match. */
  groupsOf(text: string): readonly (string | undefined)[] | null;
}

/**
 * Translates a pattern as Fluent Bit takes it, perhaps in slashes with the flags i, m and x. Throws RegexError with what
 * is wrong with it, what JavaScript cannot do, or that a search with it may never end.
 *
 * What differs from Ruby and is not translated: a character beyond U+FFFF counts as two; `\b` knows ASCII words alone;
 * a group inside of a repeat forgets what it held in an earlier round.
 */
export function createPattern(text: string): Pattern {
  boundSearches();
  const { pattern, options } = withoutSlashes(text);
  const parsed = parseRegex(pattern, options);
  const { source, positions } = emitRegex(parsed, IN_LINE);
  const withFlagM = emitRegex(parsed, WITH_FLAG_M).source;
  const blowUp = findBlowUp(parsed.node);
  if (blowUp !== null && !isBounded(withFlagM)) throw new RegexError(`${blowUp}; ${ADVICE}`);
  const inLine = new RegExp(source);
  const hasAnchors = withFlagM !== source || /[$^]/.test(source);
  let multiLine: RegExp | null = null;
  let exact: RegExp | null = null;
  // Made when the first text with newlines comes. The exact one cannot be bounded.
  const inMultiLine = (): RegExp => (multiLine ??= new RegExp(withFlagM, "m"));
  const inAny = (): RegExp =>
    blowUp === null ? (exact ??= new RegExp(emitRegex(parsed, EXACT).source)) : inMultiLine();
  const variantFor = (subject: string): RegExp => {
    if (!hasAnchors || !subject.includes("\n")) return inLine;
    return OTHER_BREAK.test(subject) ? inAny() : inMultiLine();
  };
  return {
    text,
    groups: parsed.groups,
    inLine,
    get inLines() {
      return hasAnchors ? inAny() : inLine;
    },
    required: requiredTrigrams(parsed.node),
    test: (subject) => variantFor(subject).test(subject),
    groupsOf(subject) {
      const match = variantFor(subject).exec(subject);
      return match === null ? null : positions.map((position) => match[position]);
    },
  };
}

const ADVICE = "write it without the repeat inside of a repeat, or without look-arounds, back-references and counts";

/** What JavaScript's line anchors take for the end of a line and Ruby's do not. */
const OTHER_BREAK = /[\r\u2028\u2029]/;

const IN_LINE: AnchorTexts = {
  lineStart: "^",
  lineEnd: "$",
  textStart: "^",
  textEnd: "$",
  textEndOrNewline: "$",
};

const EXACT: AnchorTexts = {
  lineStart: "(?<![^\\n])",
  lineEnd: "(?![^\\n])",
  textStart: "^",
  textEnd: "$",
  textEndOrNewline: "(?=\\n?$)",
};

const WITH_FLAG_M: AnchorTexts = {
  lineStart: "^",
  lineEnd: "$",
  textStart: "(?<![^])",
  textEnd: "(?![^])",
  textEndOrNewline: "(?=\\n?(?![^]))",
};

/** As Fluent Bit strips them (flb_regex): slashes around the pattern, then any of i, m, x and o, which has no effect. */
function withoutSlashes(text: string): { pattern: string; options: RegexOptions } {
  const flags = /^\/(.*)\/([imxo]*)$/s.exec(text);
  if (flags === null) return { pattern: text, options: { ignoreCase: false, dotAll: false, extended: false } };
  const [, pattern = "", letters = ""] = flags;
  return {
    pattern,
    options: {
      ignoreCase: letters.includes("i"),
      dotAll: letters.includes("m"),
      extended: letters.includes("x"),
    },
  };
}

const LINEAR_FLAGS: string = "lm";
const LINEAR_ENGINE = "enable-experimental-regexp-engine";

/**
 * Has V8 finish a search that backtracks too often with its second engine, whose time is linear in the text. Holds for
 * expressions that are made from now on.
 */
function boundSearches(): void {
  v8.setFlagsFromString(`--${LINEAR_ENGINE}-on-excessive-backtracks`);
}

/** Whether that engine can do an expression: it knows no look-arounds, back-references and large counts. */
function isBounded(source: string): boolean {
  v8.setFlagsFromString(`--${LINEAR_ENGINE}`);
  try {
    // Flag l: by this engine alone; a SyntaxError if it can't, or if there is none.
    return new RegExp(source, LINEAR_FLAGS).multiline;
  } catch {
    return false;
  } finally {
    v8.setFlagsFromString(`--no-${LINEAR_ENGINE}`);
  }
}
