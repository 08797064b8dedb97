import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import { createPattern } from "../onigmo.ts";
import type { OptionGroup } from "../option.ts";
import { refuseOption, type Plugin } from "../plugin.ts";
import { quoteWord, splitQuoted } from "../quoted.ts";
import { NO_BUFFER, ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { parseRecordAccessor } from "../record-accessor.ts";
import { parseBoolean } from "../scalar.ts";
import { readSettings } from "../settings.ts";
import { parseTagTemplate } from "../tag-template.ts";

export interface RewriteTagConfig {
  readonly plugin: "rewrite_tag";
  readonly match: Match;
  /** The first one that matches a record counts. */
  readonly rules: readonly RewriteTagRule[];
}

interface RewriteTagRule {
  /** In record accessor syntax, checked. */
  readonly key: string;
  /** In Onigmo's syntax, checked. */
  readonly pattern: string;
  /** As `parseTagTemplate` reads it, checked. */
  readonly tag: string;
  /** The record goes on under its old tag too. */
  readonly keep: boolean;
}

const GROUP = {
  doc: "Gives records another tag by what is in a field; under it they go through the filters from the first one on, and to the outputs that match it.",
  options: {
    ...MATCH,
    rule: {
      type: "texts",
      default: "",
      required: true,
      origin: "fluent-bit",
      doc: "`$KEY PATTERN NEW_TAG KEEP`: a record whose field matches gets the new tag, in which `$TAG`, `$TAG[n]`, `$0` to `$9` (what the pattern and its groups matched) and `$KEY` stand for texts; KEEP says whether it goes on under the old tag as well.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    log_level: ONE_LOG_LEVEL,
    emitter_name: ONLY_OUTPUTS_HAVE_NAMES,
    "emitter_storage.type": NO_BUFFER,
    emitter_mem_buf_limit: NO_BUFFER,
  },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/rewrite-tag. */
export const REWRITE_TAG: Plugin<RewriteTagConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter rewrite_tag", section, reading.found);
    const rules = settings.rule.flatMap((text) => {
      try {
        return [readRule(text)];
      } catch (error) {
        refuseOption(section, "rule", (error as Error).message, reading.found);
        return [];
      }
    });
    return { plugin: "rewrite_tag", match: readMatch(section, settings, null, reading), rules };
  },
  render: ({ match, rules }) => ({
    ...renderMatch(match),
    rule: rules.map(({ key, pattern, tag, keep }) => [key, pattern, tag].map(quoteWord).join(" ") + ` ${keep}`),
  }),
};

/** Words in quotes may hold blanks. */
function readRule(text: string): RewriteTagRule {
  const [key = "", pattern = "", tag = "", keepText = "", ...more] = splitQuoted(text);
  const keep = parseBoolean(keepText);
  if (keep === null || more.length > 0)
    throw new Error(
      `${JSON.stringify(text)} is no rule; write $KEY PATTERN NEW_TAG KEEP, as in $log ^ERROR errors.$TAG false`,
    );
  if (!key.startsWith("$")) throw new Error(`${key} is no key; write $${key}`);
  parseRecordAccessor(key);
  parseTagTemplate(tag);
  try {
    createPattern(pattern);
  } catch (error) {
    throw new Error(`the pattern ${pattern} ${(error as Error).message}`, { cause: error });
  }
  return { key, pattern, tag, keep };
}
