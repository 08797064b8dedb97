import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import { createPattern } from "../onigmo.ts";
import type { OptionGroup } from "../option.ts";
import type { Plugin } from "../plugin.ts";
import { describe, type Findings } from "../problem.ts";
import { textsNamed, type RawEntry, type RawSection } from "../raw.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { parseRecordAccessor } from "../record-accessor.ts";
import { readSettings } from "../settings.ts";

export interface GrepConfig {
  readonly plugin: "grep";
  readonly match: Match;
  /** How rules go together: legacy looks at one after the other. */
  readonly logicalOp: "legacy" | "and" | "or";
  /** In the order in which they are looked at. */
  readonly rules: readonly GrepRule[];
}

interface GrepRule {
  readonly kind: "regex" | "exclude";
  /** In record accessor syntax, checked. */
  readonly key: string;
  /** Onigmo's syntax, checked. */
  readonly pattern: string;
}

const GROUP = {
  doc: "Keeps or drops records by what is in a field.",
  options: {
    ...MATCH,
    regex: {
      type: "texts",
      default: "",
      origin: "fluent-bit",
      doc: "Keeps records whose field matches: `KEY PATTERN`, where KEY is a name such as `log`, or `$kubernetes['labels']['app']`; a field that is missing, or no text, matches nothing.",
    },
    exclude: {
      type: "texts",
      default: "",
      origin: "fluent-bit",
      doc: "Drops records whose field matches: `KEY PATTERN`.",
    },
    logical_op: {
      type: "enum",
      default: "legacy",
      values: ["legacy", "and", "or"],
      origin: "fluent-bit",
      doc: "How several rules go together: all of one kind with `and` or `or`; `legacy` drops what one of the `exclude` matches, then what the first `regex` does not.",
    },
  },
  ignored: { alias: ONLY_OUTPUTS_HAVE_NAMES, log_level: ONE_LOG_LEVEL },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/grep. */
export const GREP: Plugin<GrepConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter grep", section, reading.found);
    return {
      plugin: "grep",
      match: readMatch(section, settings, null, reading),
      logicalOp: settings.logical_op,
      rules: readRules(section, settings.logical_op, reading.found),
    };
  },
  render: (filter) => ({
    ...renderMatch(filter.match),
    logical_op: filter.logicalOp,
    exclude: rulesOf(filter, "exclude"),
    regex: rulesOf(filter, "regex"),
  }),
};

function readRules(section: RawSection, logicalOp: GrepConfig["logicalOp"], found: Findings): GrepRule[] {
  const rules: GrepRule[] = [];
  let decided: RawEntry | null = null;
  for (const { name, text, entry } of textsNamed(section, ["regex", "exclude"])) {
    const refuse = (message: string) => found.problems.push(describe(entry.valuePlace, entry.keyPath, message));
    const kind = name === "regex" ? "regex" : "exclude";
    if (logicalOp !== "legacy" && rules.some((rule) => rule.kind !== kind))
      refuse(`logical_op ${logicalOp} takes rules of one kind; remove regex or exclude, or logical_op`);
    else if (decided !== null) {
      const first = `${decided.place.file}:${decided.place.line}`;
      const message = `accepted without effect: the regex in ${first} decides already; logical_op and needs all of them, or one of them`;
      found.notices.push(describe(entry.place, entry.keyPath, message));
    } else {
      try {
        rules.push(readRule(kind, text));
      } catch (error) {
        refuse((error as Error).message);
      }
      if (logicalOp === "legacy" && kind === "regex") decided = entry;
    }
  }
  return rules;
}

/** The pattern is all that follows the first blank, further blanks included, as in Fluent Bit. */
function readRule(kind: GrepRule["kind"], text: string): GrepRule {
  const [, key = "", pattern = ""] = /^ *([^ ]+) (.+)$/s.exec(text) ?? [];
  if (pattern === "") throw new Error(`${JSON.stringify(text)} is no rule; write KEY PATTERN, as in log ^ERROR`);
  parseRecordAccessor(key);
  // Fluent Bit ends a key at a dot, and then finds a map or nothing.
  const [name, ...below] = key.split(".");
  if (/^[\w$.]+$/.test(key) && below.length > 0)
    throw new Error(`${key} ends at its dot; write $${name}${below.map((each) => `['${each}']`).join("")}`);
  try {
    createPattern(pattern);
  } catch (error) {
    throw new Error(`the pattern ${pattern} ${(error as Error).message}`, { cause: error });
  }
  return { kind, key, pattern };
}

function rulesOf({ rules }: GrepConfig, kind: GrepRule["kind"]): string[] | null {
  const texts = rules.filter((rule) => rule.kind === kind).map(({ key, pattern }) => `${key} ${pattern}`);
  return texts.length === 0 ? null : texts;
}
