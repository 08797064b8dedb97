import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import type { Plugin, Reading } from "../plugin.ts";
import { describe } from "../problem.ts";
import { quoteWord, splitQuoted } from "../quoted.ts";
import { textsNamed, type RawSection } from "../raw.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { parseRecordAccessor } from "../record-accessor.ts";
import { readSettings } from "../settings.ts";

export interface ExpectFilterConfig {
  readonly plugin: "expect";
  readonly match: Match;
  readonly rules: readonly ExpectRule[];
  /** The field that says whether a record meets all rules; null: the first record that fails one is said. */
  readonly resultKey: string | null;
  /** And the agent ends. Absent in journals of before. */
  readonly exits?: boolean;
}

/** `key`: a field, in record accessor syntax, checked. */
export interface ExpectRule {
  readonly type: (typeof RULES)[number];
  readonly key: string;
  /** For key_val_eq, else null. */
  readonly value: string | null;
}

const RULES = ["key_exists", "key_not_exists", "key_val_is_null", "key_val_is_not_null", "key_val_eq"] as const;

const GROUP = {
  doc: "Checks records against rules, to test a configuration.",
  options: {
    ...MATCH,
    key_exists: texts("Field that must be there."),
    key_not_exists: texts("Field that must not be there."),
    key_val_is_null: texts("Field that must be null."),
    key_val_is_not_null: texts("Field that must be there and not be null."),
    key_val_eq: texts("`KEY VALUE`: field that must have this text."),
    action: {
      type: "enum",
      default: "warn",
      origin: "fluent-bit",
      values: ["warn", "exit", "result_key"],
      doc: "`warn` says of each rule when a record fails it first; `exit` says it and ends the agent as SIGTERM does, with exit code 255; `result_key` adds a field to each record.",
    },
    result_key: {
      type: "string",
      default: "matched",
      origin: "fluent-bit",
      doc: "Field that says whether a record meets all rules.",
    },
  },
  ignored: { alias: ONLY_OUTPUTS_HAVE_NAMES, log_level: ONE_LOG_LEVEL },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/expect. */
export const EXPECT: Plugin<ExpectFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter expect", section, reading.found);
    const rules = RULES.flatMap((type) => readRules(type, section, reading));
    const resultKey = settings.action === "result_key" ? settings.result_key : null;
    return {
      plugin: "expect",
      match: readMatch(section, settings, null, reading),
      rules,
      resultKey,
      exits: settings.action === "exit",
    };
  },
  render({ match, rules, resultKey, exits = false }) {
    const byType = Object.entries(Object.groupBy(rules, ({ type }) => type));
    return {
      ...renderMatch(match),
      ...Object.fromEntries(byType.map(([type, each]) => [type, each.map(textOf)])),
      action: exits ? "exit" : resultKey === null ? "warn" : "result_key",
      result_key: resultKey,
    };
  },
};

function readRules(type: ExpectRule["type"], section: RawSection, { found }: Reading): ExpectRule[] {
  return textsNamed(section, [type]).flatMap(({ text, entry }) => {
    try {
      return [readRule(type, text)];
    } catch (error) {
      found.problems.push(describe(entry.valuePlace, entry.keyPath, (error as Error).message));
      return [];
    }
  });
}

function readRule(type: ExpectRule["type"], text: string): ExpectRule {
  if (type !== "key_val_eq") {
    parseRecordAccessor(text.trim());
    return { type, key: text.trim(), value: null };
  }
  const words = splitQuoted(text);
  const [key = "", value = ""] = words;
  if (words.length !== 2)
    throw new Error("write a field and a text, as in key_val_eq $level info; quote what has blanks");
  parseRecordAccessor(key);
  return { type, key, value };
}

function textOf({ key, value }: ExpectRule): string {
  return value === null ? key : `${quoteWord(key)} ${quoteWord(value)}`;
}

function texts(doc: string) {
  return { type: "texts", default: null, origin: "fluent-bit", doc } as const;
}
