import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import { nearest } from "../nearest.ts";
import { createPattern } from "../onigmo.ts";
import type { OptionGroup } from "../option.ts";
import type { Plugin, Reading, RenderedOptions } from "../plugin.ts";
import { describe } from "../problem.ts";
import { quoteWord, splitQuoted } from "../quoted.ts";
import { textsNamed, type RawEntry, type RawSection } from "../raw.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { parseRecordAccessor } from "../record-accessor.ts";
import { readSettings } from "../settings.ts";

export interface ModifyFilterConfig {
  readonly plugin: "modify";
  readonly match: Match;
  /** A record that meets all of them is changed. */
  readonly conditions: readonly ModifyCondition[];
  /** Applied in this order, each to what those before it made. */
  readonly rules: readonly ModifyRule[];
}

/** `key`: a field, in record accessor syntax; `keys`, `values` and `pattern`: regular expressions. */
export type ModifyCondition =
  | { readonly type: "key_exists" | "key_does_not_exist"; readonly key: string }
  | { readonly type: "a_key_matches" | "no_key_matches"; readonly keys: string }
  | { readonly type: "key_value_equals" | "key_value_does_not_equal"; readonly key: string; readonly value: string }
  | { readonly type: "key_value_matches" | "key_value_does_not_match"; readonly key: string; readonly pattern: string }
  | {
      readonly type: "matching_keys_have_matching_values" | "matching_keys_do_not_have_matching_values";
      readonly keys: string;
      readonly values: string;
    };

export type ModifyRule =
  | { readonly operation: (typeof WITH_VALUE)[number]; readonly key: string; readonly value: string }
  | { readonly operation: (typeof WITHOUT_VALUE)[number]; readonly key: string };

const WITH_VALUE = ["set", "add", "rename", "hard_rename", "copy", "hard_copy"] as const;
const WITHOUT_VALUE = ["remove", "remove_wildcard", "remove_regex", "move_to_start", "move_to_end"] as const;
/** Fluent Bit's older name. */
const ADD_IF_NOT_PRESENT = "add_if_not_present";

const OPERATIONS: readonly string[] = [...WITH_VALUE, ADD_IF_NOT_PRESENT, ...WITHOUT_VALUE];

const GROUP = {
  doc: "Changes the fields of records, those that meet every condition, in the order in which the rules are written.",
  options: {
    ...MATCH,
    condition: texts("Condition that a record must meet to be changed, such as `key_value_equals $level debug`."),
    set: texts("`KEY VALUE`: gives a field this text, whether it is there or not."),
    add: texts("`KEY VALUE`: adds a field with this text, unless it is there."),
    add_if_not_present: texts("The same as `add`."),
    remove: texts("Removes a field."),
    remove_wildcard: texts("Removes the fields whose names begin so."),
    remove_regex: texts("Removes the fields whose names match this regular expression."),
    rename: texts("`KEY NAME`: gives a field another name, unless one is called so."),
    hard_rename: texts("`KEY NAME`: gives a field another name, in place of one that is called so."),
    copy: texts("`KEY NAME`: copies a field, unless one is called so."),
    hard_copy: texts("`KEY NAME`: copies a field, in place of one that is called so."),
    move_to_start: texts("Moves the fields whose names begin so before the others."),
    move_to_end: texts("Moves the fields whose names begin so behind the others."),
    rule: {
      ...texts(
        "`OPERATION KEY` or `OPERATION KEY VALUE`, with an operation named above: a list of these keeps the order of different ones, where YAML names each option once.",
      ),
      origin: "ours",
    },
  },
  ignored: { alias: ONLY_OUTPUTS_HAVE_NAMES, log_level: ONE_LOG_LEVEL },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/modify. */
export const MODIFY: Plugin<ModifyFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter modify", section, reading.found);
    return {
      plugin: "modify",
      match: readMatch(section, settings, null, reading),
      conditions: readEach(section, ["condition"], reading, readCondition),
      rules: readEach(section, ["rule", ...OPERATIONS], reading, readRule),
    };
  },
  render({ match, conditions, rules }) {
    return {
      ...renderMatch(match),
      condition: conditions.length === 0 ? null : conditions.map((condition) => wordsOf(condition)),
      ...renderRules(rules),
    };
  },
};

/** By operation where that keeps their order, as Fluent Bit has them; else in one list. */
function renderRules(rules: readonly ModifyRule[]): RenderedOptions {
  const groups = Object.entries(Object.groupBy(rules, ({ operation }) => operation));
  const grouped = groups.flatMap(([, each]) => each);
  if (rules.some((rule, index) => rule !== grouped[index])) return { rule: rules.map((rule) => wordsOf(rule)) };
  return Object.fromEntries(groups.map(([operation, each]) => [operation, each.map((rule) => wordsOf(rule, 1))]));
}

function texts(doc: string) {
  return { type: "texts", default: null, origin: "fluent-bit", doc } as const;
}

/** What `read` makes of each text with one of the names; an error that it throws is a problem there. */
function readEach<Item>(
  section: RawSection,
  names: readonly string[],
  { found }: Reading,
  read: (name: string, words: readonly string[]) => Item,
): Item[] {
  return textsNamed(section, names).flatMap(({ name, text, entry }) => {
    try {
      return [read(name, splitQuoted(text))];
    } catch (error) {
      report(entry, (error as Error).message);
      return [];
    }
  });

  function report(entry: RawEntry, message: string): void {
    found.problems.push(describe(entry.valuePlace, entry.keyPath, message));
  }
}

function readRule(name: string, words: readonly string[]): ModifyRule {
  if (name === "rule") {
    const [operation = "", ...rest] = words;
    const known = OPERATIONS.find((each) => each === operation.toLowerCase());
    if (known === undefined) throw new Error(`unknown operation "${operation}"; known: ${OPERATIONS.join(", ")}`);
    return readRule(known, rest);
  }
  const [key = "", value = ""] = words;
  const withValue = name === ADD_IF_NOT_PRESENT ? "add" : WITH_VALUE.find((each) => each === name);
  if (withValue !== undefined) {
    if (words.length !== 2)
      throw new Error(`write a field and a text, as in ${withValue} env prod; quote what has blanks`);
    return { operation: withValue, key, value };
  }
  if (words.length !== 1) throw new Error(`write one field, as in ${name} stream; quote what has blanks`);
  const operation = WITHOUT_VALUE.find((each) => each === name)!;
  if (operation === "remove_regex") createPattern(key);
  return { operation, key };
}

const CONDITIONS = {
  key_exists: ["key"],
  key_does_not_exist: ["key"],
  a_key_matches: ["keys"],
  no_key_matches: ["keys"],
  key_value_equals: ["key", "value"],
  key_value_does_not_equal: ["key", "value"],
  key_value_matches: ["key", "pattern"],
  key_value_does_not_match: ["key", "pattern"],
  matching_keys_have_matching_values: ["keys", "values"],
  matching_keys_do_not_have_matching_values: ["keys", "values"],
} as const satisfies { readonly [Type in ModifyCondition["type"]]: readonly string[] };

function readCondition(_: string, [word = "", ...words]: readonly string[]): ModifyCondition {
  const types = Object.keys(CONDITIONS) as ModifyCondition["type"][];
  const type = types.find((each) => each === word.toLowerCase());
  if (type === undefined) {
    const near = nearest(word.toLowerCase(), types);
    throw new Error(
      `unknown condition "${word}"; ${near === null ? `known: ${types.join(", ")}` : `did you mean ${near}?`}`,
    );
  }
  const names: readonly string[] = CONDITIONS[type];
  if (words.length !== names.length)
    throw new Error(`write ${type} and ${names.map((name) => WHAT[name]).join(" and ")}; quote what has blanks`);
  for (const [index, name] of names.entries()) {
    if (name === "key") parseRecordAccessor(words[index]!);
    else if (name !== "value") createPattern(words[index]!);
  }
  return { type, ...Object.fromEntries(names.map((name, index) => [name, words[index]])) } as ModifyCondition;
}

const WHAT: Readonly<Record<string, string>> = {
  key: "a field",
  keys: "a pattern for fields",
  value: "a text",
  pattern: "a pattern",
  values: "a pattern for values",
};

/** The words of a condition or rule, from the `from`th on. */
function wordsOf(item: ModifyCondition | ModifyRule, from = 0): string {
  return Object.values(item).slice(from).map(quoteWord).join(" ");
}
