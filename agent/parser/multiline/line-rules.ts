import type { MultilineConfig, MultilineParserConfig } from "../../../config/multiline.ts";
import { createPattern } from "../../../config/onigmo.ts";
import { BUILT_IN_RULES, type Rule } from "./built-in.ts";

/**
 * The state machines of all parsers of a configuration as one list of rules. The state of a stream is the index of the
 * rule that its last line met, -1 before the first: small enough to be part of a cursor. Immutable, shared.
 */
export interface LineRules {
  readonly rules: readonly CompiledRule[];
  /** Rules that begin a record, by the parser of the rule before: its own first, as Fluent Bit does. The last: in the order of the file. */
  readonly starts: readonly (readonly number[])[];
  /** What the rules ask for by `contains`, each once. */
  readonly literals: readonly string[];
  readonly flushTimeoutMs: number;
}

export interface CompiledRule {
  readonly parser: number;
  /** Rules that a next line may meet to continue the record. */
  readonly next: readonly number[];
  /** The record is complete with this line: the next one may begin another. */
  readonly ends: boolean;
  /** What stands before a line that continues a record. */
  readonly separator: "\n" | "";
  matches(text: string): boolean;
  /** The text is to be UTF-8: the pattern may ask about more than bytes. */
  readonly utf8: boolean;
  /** By the first byte whether a line can match; 256: an empty one. Null: any can. */
  readonly first: Uint8Array | null;
  /** Null: any line may match. */
  readonly may: ((bytes: Uint8Array, from: number, to: number) => boolean) | null;
  /** Indices into `literals`, one of which the line must have. Null: none must be. */
  readonly contains: readonly number[] | null;
}

const compiled = new Map<string, LineRules>();

/** The rules of a configuration. Compiled once, however many files have it. */
export function lineRules(config: MultilineConfig): LineRules {
  const key = JSON.stringify(config);
  let rules = compiled.get(key);
  if (rules === undefined) {
    rules = compile(config);
    compiled.set(key, rules);
  }
  return rules;
}

function compile({ parsers, flushTimeoutMs }: MultilineConfig): LineRules {
  const literals: string[] = [];
  const rules: CompiledRule[] = [];
  const starts: number[][] = [];
  for (const [index, parser] of parsers.entries()) {
    const own = typeof parser === "string" ? machine(BUILT_IN_RULES[parser]) : ownMachine(parser);
    const before = rules.length;
    for (const draft of own) {
      const contains = draft.contains?.map((text) => indexIn(literals, text)) ?? null;
      rules.push({ ...draft, contains, parser: index, next: draft.next.map((next) => next + before) });
    }
    starts.push(own.flatMap((draft, at) => (draft.starts ? [at + before] : [])));
  }
  const inOrder = starts.flat();
  const ownFirst = starts.map((own) => [...own, ...inOrder.filter((rule) => !own.includes(rule))]);
  return { rules, starts: [...ownFirst, inOrder], literals, flushTimeoutMs };
}

interface Draft extends Omit<CompiledRule, "contains" | "parser"> {
  readonly starts: boolean;
  readonly contains?: readonly string[];
}

function ownMachine(parser: MultilineParserConfig): Draft[] {
  if (parser.type !== "regex") return endings(parser);
  const rules = parser.rules.map(({ from, regex, to }) => ({ from, to, regex: createPattern(regex) }));
  return machine(rules).map((draft) => ({ ...draft, utf8: true }));
}

/**
 * Fluent Bit's rules: what continues a record is tried in order, but never a rule that can begin one; and a record ends at
 * once where one that begins a record could come next.
 */
function machine(rules: readonly (Omit<Rule, "regex"> & { readonly regex: Pick<RegExp, "test"> })[]): Draft[] {
  const begins = rules.map(({ from }) => from.includes("start_state"));
  return rules.map(({ to, regex, contains, first, empty, may }, index) => {
    const reached = [...rules.keys()].filter((other) => rules[other]!.from.includes(to));
    return {
      starts: begins[index]!,
      next: reached.filter((other) => !begins[other]!),
      ends: reached.some((other) => begins[other]!),
      separator: "\n",
      matches: (text) => regex.test(text),
      utf8: false,
      first: first === undefined ? null : firstBytes(first, empty === true),
      may: may ?? null,
      ...(contains !== undefined && { contains }),
    };
  });
}

/** A record goes on up to the line that matches. */
function endings(parser: Exclude<MultilineParserConfig, { type: "regex" }>): Draft[] {
  const { type, matchString, negate, separator } = parser;
  const isEnd = (text: string): boolean =>
    (type === "endswith" ? text.endsWith(matchString) : text === matchString) !== negate;
  const common = { starts: true, next: [0, 1], separator, utf8: true, first: null, may: null } as const;
  return [
    { ...common, ends: true, matches: isEnd },
    { ...common, ends: false, matches: (text) => !isEnd(text) },
  ];
}

function firstBytes(bytes: string, empty: boolean): Uint8Array {
  const table = new Uint8Array(257);
  for (const byte of Buffer.from(bytes)) table[byte] = 1;
  table[256] = empty ? 1 : 0;
  return table;
}

function indexIn(list: string[], text: string): number {
  const at = list.indexOf(text);
  return at >= 0 ? at : list.push(text) - 1;
}
