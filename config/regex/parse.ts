import {
  ANY,
  BLANK,
  complement,
  DIGIT,
  HEX_DIGIT,
  ignoringCase,
  NOT_NEWLINE,
  union,
  WORD,
  type CharSet,
} from "./char-set.ts";
import { readClass, readProperty } from "./class.ts";
import { PatternReader, RegexError } from "./reader.ts";

/** A regular expression as a tree. Classes are sets of UTF-16 code units; case and options are worked in. */
export type RegexNode =
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "sequence"; readonly nodes: readonly RegexNode[] }
  | { readonly kind: "alternatives"; readonly nodes: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly node: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  /** `index` counts from 1. */
  | { readonly kind: "group"; readonly node: RegexNode; readonly index: number }
  | { readonly kind: "atomic"; readonly node: RegexNode }
  | { readonly kind: "look"; readonly node: RegexNode; readonly ahead: boolean; readonly negative: boolean }
  | { readonly kind: "anchor"; readonly anchor: "^" | "$" | "A" | "z" | "Z" | "b" | "B" }
  | { readonly kind: "backreference"; readonly index: number };

export interface ParsedRegex {
  readonly node: RegexNode;
  /** Of each capturing group its name, in order; null for a group without one. */
  readonly groups: readonly (string | null)[];
}

export interface RegexOptions {
  readonly ignoreCase: boolean;
  /** Ruby's `m`: a dot takes newlines too. */
  readonly dotAll: boolean;
  /** `x`: blanks and comments do not count. */
  readonly extended: boolean;
}

/**
 * Reads a pattern in Ruby's syntax, as Onigmo does for Fluent Bit (its doc/RE). Throws RegexError for what is wrong, and
 * for what JavaScript cannot do.
 */
export function parseRegex(pattern: string, options: RegexOptions): ParsedRegex {
  const reader = new PatternReader(pattern);
  const state: ParseState = { reader, groups: [], named: hasNamedGroup(pattern), depth: 0 };
  const node = readAlternatives(state, options);
  if (!reader.atEnd()) throw new RegexError("has a ) without a (");
  for (const check of state.backreferences ?? []) check();
  return { node, groups: state.groups };
}

interface ParseState {
  readonly reader: PatternReader;
  readonly groups: (string | null)[];
  /** With named groups, those without a name do not capture. */
  readonly named: boolean;
  depth: number;
  backreferences?: (() => void)[];
}

const DEPTH_MAX = 100;
const REPEAT_MAX = 1000;

function hasNamedGroup(pattern: string): boolean {
  return /(?<!\\)(?:\\\\)*\(\?(?:<(?![=!])|')/.test(pattern);
}

function readAlternatives(state: ParseState, given: RegexOptions): RegexNode {
  const { reader } = state;
  if (++state.depth > DEPTH_MAX) throw new RegexError(`has groups nested more than ${DEPTH_MAX} deep`);
  const alternatives: RegexNode[] = [];
  let nodes: RegexNode[] = [];
  while (!reader.atEnd() && reader.peek() !== ")") {
    if (reader.take("|")) {
      alternatives.push(sequence(nodes));
      nodes = [];
      continue;
    }
    const changed = takeOptions(reader, given);
    if (changed !== null) {
      // It holds for the rest of the group, all of its alternatives.
      nodes.push(readAlternatives(state, changed));
      break;
    }
    if (given.extended && skipExtended(reader)) continue;
    if (reader.takeMatch(/\(\?#[^)]*\)/y) !== null) continue;
    const atom = readAtom(state, given);
    nodes.push(readQuantifiers(reader, atom, given));
  }
  state.depth--;
  if (alternatives.length === 0) return sequence(nodes);
  return { kind: "alternatives", nodes: [...alternatives, sequence(nodes)] };
}

function sequence(nodes: readonly RegexNode[]): RegexNode {
  return nodes.length === 1 ? nodes[0]! : { kind: "sequence", nodes };
}

/** `(?i-m)`, which has no end of its own. */
function takeOptions(reader: PatternReader, given: RegexOptions): RegexOptions | null {
  const match = reader.takeMatch(/\(\?([imxadu]*)(-[imx]*)?\)/y);
  return match === null ? null : changedOptions(given, match[1] ?? "", match[2] ?? "");
}

function changedOptions(given: RegexOptions, on: string, off: string): RegexOptions {
  const other = /[adu]/.exec(on);
  if (other !== null) throw new RegexError(`(?${other[0]}) chooses a character set, which has no match here`);
  const holds = (letter: string, before: boolean): boolean =>
    off.includes(letter) ? false : before || on.includes(letter);
  return {
    ignoreCase: holds("i", given.ignoreCase),
    dotAll: holds("m", given.dotAll),
    extended: holds("x", given.extended),
  };
}

function skipExtended(reader: PatternReader): boolean {
  return reader.takeMatch(/[ \t\n\v\f\r]+|#[^\n]*/y) !== null;
}

function readAtom(state: ParseState, options: RegexOptions): RegexNode {
  const { reader } = state;
  const char = reader.next();
  switch (char) {
    case "(":
      return readGroup(state, options);
    case "[":
      return { kind: "set", set: cased(readClass(reader), options) };
    case ".":
      return { kind: "set", set: options.dotAll ? ANY : NOT_NEWLINE };
    case "^":
    case "$":
      return { kind: "anchor", anchor: char };
    case "*":
    case "+":
    case "?":
      throw new RegexError(`has a ${char} with nothing in front of it to repeat`);
    case "\\":
      return readEscape(state, options);
    default:
      return literal(char, options);
  }
}

function cased(set: CharSet, options: RegexOptions): CharSet {
  return options.ignoreCase ? ignoringCase(set) : set;
}

/** A character: two units if it lies beyond U+FFFF. */
function literal(char: string, options: RegexOptions): RegexNode {
  const units = Array.from({ length: char.length }, (_, i): RegexNode => {
    const unit = char.charCodeAt(i);
    return { kind: "set", set: cased([[unit, unit]], options) };
  });
  return sequence(units);
}

function readGroup(state: ParseState, options: RegexOptions): RegexNode {
  const { reader } = state;
  if (!reader.take("?")) {
    if (state.named) return closed(state, options);
    return capture(state, null, options);
  }
  if (reader.take(":")) return closed(state, options);
  if (reader.take(">")) return { kind: "atomic", node: closed(state, options) };
  const look = reader.takeMatch(/(<?)([=!])/y);
  if (look !== null)
    return { kind: "look", node: closed(state, options), ahead: look[1] === "", negative: look[2] === "!" };
  const name = reader.takeMatch(/<([^>]*)>|'([^']*)'/y);
  if (name !== null) return capture(state, groupName(name[1] ?? name[2] ?? ""), options);
  const changed = reader.takeMatch(/([imxadu]*)(-[imx]*)?:/y);
  if (changed !== null) return closed(state, changedOptions(options, changed[1] ?? "", changed[2] ?? ""));
  if (reader.peek() === "~") throw new RegexError("has an absence operator (?~…), which JavaScript lacks");
  if (reader.peek() === "(") throw new RegexError("has a condition (?(…)…), which JavaScript lacks");
  throw new RegexError(`has a group that starts with (?${reader.peek()}, which is not known`);
}

function groupName(name: string): string {
  if (name === "" || /^[\d-]|[)(]/.test(name)) throw new RegexError(`has a group with the name "${name}"`);
  return name;
}

function capture(state: ParseState, name: string | null, options: RegexOptions): RegexNode {
  const index = state.groups.push(name);
  return { kind: "group", node: closed(state, options), index };
}

function closed(state: ParseState, options: RegexOptions): RegexNode {
  const node = readAlternatives(state, options);
  if (!state.reader.take(")")) throw new RegexError("has a ( without a )");
  return node;
}

const CLASS_ESCAPES: Readonly<Record<string, CharSet>> = {
  d: DIGIT, D: complement(DIGIT), h: HEX_DIGIT, H: complement(HEX_DIGIT),
  s: BLANK, S: complement(BLANK), w: WORD, W: complement(WORD),
}; // prettier-ignore

const REFUSED_ESCAPES: Readonly<Record<string, string>> = {
  K: "has \\K (keep), which JavaScript lacks; use a look-behind (?<=…)",
  X: "has \\X (a grapheme cluster), which JavaScript lacks",
  g: "has \\g (a call of a group), which JavaScript lacks; write the group out",
  C: "has \\C (a control character); write \\x and its code",
  M: "has \\M (a meta character); write \\x and its code",
  c: "has \\c (a control character); write \\x and its code",
};

/** What follows a backslash outside of a class. */
function readEscape(state: ParseState, options: RegexOptions): RegexNode {
  const { reader } = state;
  const letter = reader.peek();
  const refused = REFUSED_ESCAPES[letter];
  if (refused !== undefined) throw new RegexError(refused);
  const set = CLASS_ESCAPES[letter];
  if (set !== undefined) {
    reader.next();
    return { kind: "set", set };
  }
  if (letter === "p" || letter === "P") return { kind: "set", set: cased(readProperty(reader), options) };
  const anchor = reader.takeMatch(/[AzZbBG]/y)?.[0];
  // Fluent Bit searches from the start of the text, which is where \G holds.
  if (anchor !== undefined) return { kind: "anchor", anchor: anchor === "G" ? "A" : (anchor as "A") };
  if (reader.take("R")) return LINE_BREAK;
  const named = reader.takeMatch(/k(?:<([^>]*)>|'([^']*)')/y);
  if (named !== null) return backreference(state, named[1] ?? named[2] ?? "", options);
  const numbered = reader.takeMatch(/[1-9]\d?(?!\d)/y);
  if (numbered !== null) {
    if (state.named) throw new RegexError(`has \\${numbered[0]} beside named groups; write \\k<name>`);
    return backreference(state, numbered[0], options);
  }
  return literal(reader.escapedChar(), options);
}

const LINE_BREAK: RegexNode = {
  kind: "alternatives",
  nodes: [
    { kind: "sequence", nodes: [13, 10].map((unit) => ({ kind: "set", set: [[unit, unit]] })) },
    { kind: "set", set: union([[10, 13]], [[0x85, 0x85]], [[0x2028, 0x2029]]) },
  ],
};

function backreference(state: ParseState, name: string, options: RegexOptions): RegexNode {
  if (options.ignoreCase) throw new RegexError("refers to a group where case does not matter, which JavaScript lacks");
  const relative = /^-(\d+)$/.exec(name);
  const numbered = /^\d+$/.test(name) ? Number(name) : null;
  const index =
    relative === null
      ? (numbered ?? state.groups.lastIndexOf(name) + 1)
      : state.groups.length + 1 - Number(relative[1]);
  // The group may be written after it.
  state.backreferences = [
    ...(state.backreferences ?? []),
    () => {
      if (index < 1 || index > state.groups.length) throw new RegexError(`refers to a group ${name} that it lacks`);
    },
  ];
  return { kind: "backreference", index };
}

/** The quantifiers behind an atom: `{n}?` means "perhaps n times" and `{n}+` "n times, repeated", as in Ruby. */
function readQuantifiers(reader: PatternReader, atom: RegexNode, options: RegexOptions): RegexNode {
  let node = atom;
  for (let count = 0; ; count++) {
    if (options.extended) while (skipExtended(reader));
    const simple = reader.takeMatch(/[*+?]/y)?.[0];
    const interval = simple === undefined ? reader.takeMatch(/\{(?:(\d+)(,?)(\d*)|,(\d+))\}/y) : null;
    if (simple === undefined && interval === null) return node;
    if (node.kind === "anchor") throw new RegexError("repeats an anchor");
    if (count > 0 && simple !== undefined && node.kind === "repeat" && isLoop(node) && simple !== "?")
      throw new RegexError("has a quantifier on a quantifier; one is enough");
    if (simple !== undefined) {
      const [min, max] = simple === "*" ? [0, Infinity] : simple === "+" ? [1, Infinity] : [0, 1];
      if (reader.take("+")) node = { kind: "atomic", node: { kind: "repeat", node, min, max, lazy: false } };
      else node = { kind: "repeat", node, min, max, lazy: reader.take("?") };
      continue;
    }
    const [, low, comma, high, upTo] = interval!;
    const min = Number(low ?? 0);
    const max = upTo !== undefined ? Number(upTo) : comma === "" ? min : high === "" ? Infinity : Number(high);
    if (max < min) throw new RegexError(`repeats from ${min} to ${max}: the least is more than the most`);
    if (Math.max(min, Number.isFinite(max) ? max : 0) > REPEAT_MAX)
      throw new RegexError(`repeats more than ${REPEAT_MAX} times`);
    const lazy = min !== max && reader.take("?");
    node = { kind: "repeat", node, min, max, lazy };
  }
}

function isLoop(node: { readonly max: number }): boolean {
  return node.max === Infinity;
}
