import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import { createPattern } from "../onigmo.ts";
import type { OptionGroup } from "../option.ts";
import { refuseOption, type Plugin } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { readSettings } from "../settings.ts";

/** What is found without being described, in the order in which it is looked for; all but the last are on by default. */
export const SECRET_NAMES = [
  "private_key",
  "aws_access_key",
  "aws_secret_key",
  "jwt",
  "bearer_token",
  "basic_auth",
  "password",
  "api_key",
  "url_password",
  "email",
  "credit_card",
  "ipv4",
] as const;

export type SecretName = (typeof SECRET_NAMES)[number];

export interface RedactConfig {
  readonly plugin: "redact";
  readonly match: Match;
  readonly patterns: readonly SecretName[];
  /** In Onigmo's syntax, checked. */
  readonly regex: readonly string[];
  /** What stands in place of a secret; null: `[REDACTED:<name>]`. */
  readonly replace: string | null;
}

const GROUP = {
  doc: "Ours: takes secrets and personal data out of messages, before they leave the node.",
  options: {
    ...MATCH,
    patterns: {
      type: "list",
      default: SECRET_NAMES.slice(0, -1).join(", "),
      values: [...SECRET_NAMES, "off"],
      origin: "ours",
      doc: "What to look for; card numbers by their checksum, passwords and keys by the name in front of them (`password=…`, JSON); `off` for nothing but `regex`.",
    },
    regex: {
      type: "texts",
      default: "",
      origin: "ours",
      doc: "A regular expression of one's own: all that it matches is taken out.",
    },
    replace: {
      type: "string",
      default: null,
      origin: "ours",
      doc: "What stands there instead; without it `[REDACTED:NAME]` with the name of the pattern, `regex` for one's own.",
    },
  },
  ignored: { alias: ONLY_OUTPUTS_HAVE_NAMES, log_level: ONE_LOG_LEVEL },
  later: {},
} as const satisfies OptionGroup;

export const REDACT: Plugin<RedactConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter redact", section, reading.found);
    for (const text of settings.regex) {
      try {
        createPattern(text);
      } catch (error) {
        refuseOption(section, "regex", `the pattern ${text} ${(error as Error).message}`, reading.found);
      }
    }
    if (settings.replace !== null && /["\\\p{Cc}]/u.test(settings.replace))
      refuseOption(
        section,
        "replace",
        'write it without ", \\ and control characters, which would break JSON',
        reading.found,
      );
    return {
      plugin: "redact",
      match: readMatch(section, settings, null, reading),
      patterns: SECRET_NAMES.filter((name) => settings.patterns.includes(name)),
      regex: settings.regex,
      replace: settings.replace,
    };
  },
  render: (filter) => ({
    ...renderMatch(filter.match),
    patterns: filter.patterns.length === 0 ? "off" : filter.patterns.join(", "),
    regex: filter.regex.length === 0 ? null : filter.regex,
    replace: filter.replace,
  }),
};
