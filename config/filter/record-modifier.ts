import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import { refuseOption, type Plugin } from "../plugin.ts";
import { quoteWord, splitQuoted } from "../quoted.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { readSettings } from "../settings.ts";

export interface RecordModifierConfig {
  readonly plugin: "record_modifier";
  readonly match: Match;
  /** Fields to add, behind the others. */
  readonly records: readonly { readonly key: string; readonly value: string }[];
  /** Fields to leave out, and the only ones to keep: names without regard to case, or what they begin with and `*`. One of both is empty. */
  readonly removeKeys: readonly string[];
  readonly allowlistKeys: readonly string[];
}

const GROUP = {
  doc: "Adds fields to records, and leaves fields out.",
  options: {
    ...MATCH,
    record: texts("`KEY VALUE`: a field to add, behind the others."),
    remove_key: texts("Name of a field to leave out, or what names begin with and `*`; without regard to case."),
    allowlist_key: texts("Name of a field to keep, or what names begin with and `*`: all others are left out."),
    whitelist_key: texts("The same as `allowlist_key`."),
  },
  ignored: { alias: ONLY_OUTPUTS_HAVE_NAMES, log_level: ONE_LOG_LEVEL },
  later: {
    uuid_key:
      "a shipment that is repeated after a crash would hold other ids; column file and pos together identify a record",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/record-modifier. */
export const RECORD_MODIFIER: Plugin<RecordModifierConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter record_modifier", section, reading.found);
    const allowlistKeys = [...settings.allowlist_key, ...settings.whitelist_key];
    if (allowlistKeys.length > 0 && settings.remove_key.length > 0)
      refuseOption(section, "remove_key", "set beside allowlist_key; remove one", reading.found);
    const records = settings.record.flatMap((text) => {
      const record = readRecord(text);
      if (record === null)
        refuseOption(section, "record", "write a field and a text, as in record env prod", reading.found);
      return record ?? [];
    });
    const match = readMatch(section, settings, null, reading);
    return { plugin: "record_modifier", match, records, removeKeys: settings.remove_key, allowlistKeys };
  },
  render: ({ match, records, removeKeys, allowlistKeys }) => ({
    ...renderMatch(match),
    record: listed(records.map(({ key, value }) => `${quoteWord(key)} ${quoteWord(value)}`)),
    remove_key: listed(removeKeys),
    allowlist_key: listed(allowlistKeys),
  }),
};

/** A word and all that follows it, in quotes or not. */
function readRecord(text: string): { key: string; value: string } | null {
  const words = splitQuoted(text);
  const [key, value] = words;
  if (key === undefined || value === undefined) return null;
  if (words.length === 2) return { key, value };
  return { key, value: text.trim().replace(/^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S+)\s+/s, "") };
}

function listed(items: readonly string[]): readonly string[] | null {
  return items.length === 0 ? null : items;
}

function texts(doc: string) {
  return { type: "texts", default: "", origin: "fluent-bit", doc } as const;
}
