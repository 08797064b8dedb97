import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import type { ParserConfig } from "../parser-config.ts";
import { findParser, parserNameProblem } from "../parsers.ts";
import { onOff, refuseOption, type Plugin } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { parseRecordAccessor } from "../record-accessor.ts";
import { readSettings } from "../settings.ts";

export interface ParserFilterConfig {
  readonly plugin: "parser";
  readonly match: Match;
  /** The field to parse: its name, or in record accessor syntax, checked. */
  readonly keyName: string;
  /** Tried in this order. */
  readonly parsers: readonly ParserConfig[];
  /** The other fields of the record stay. */
  readonly reserveData: boolean;
  /** So does the one that was parsed. */
  readonly preserveKey: boolean;
  /** Of which input it is the option `parser`; absent: it is a filter of the file. */
  readonly input?: string;
}

const GROUP = {
  doc: "Parses a field of the records: its fields take their place, its time becomes theirs.",
  options: {
    ...MATCH,
    key_name: {
      type: "string",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "Field to parse, by name or as `$name['key']`.",
    },
    parser: {
      type: "texts",
      default: "",
      required: true,
      origin: "fluent-bit",
      doc: "Name of a parser; of several the first one counts that the field fits.",
    },
    reserve_data: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Keeps the other fields of the record, behind the parsed ones; else they are gone.",
    },
    preserve_key: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Keeps the field that was parsed.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    log_level: ONE_LOG_LEVEL,
    unescape_key: "Fluent Bit ignores it too; decoders of a parser unescape fields",
  },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/parser. */
export const PARSER: Plugin<ParserFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter parser", section, reading.found);
    try {
      if (settings.key_name !== "") parseRecordAccessor(settings.key_name);
    } catch (error) {
      refuseOption(section, "key_name", (error as Error).message, reading.found);
    }
    const parsers = settings.parser.flatMap((name) => {
      const problem = parserNameProblem(name, reading.parsers);
      if (problem !== null) refuseOption(section, "parser", problem, reading.found);
      return findParser(name, reading.parsers) ?? [];
    });
    return {
      plugin: "parser",
      match: readMatch(section, settings, null, reading),
      keyName: settings.key_name,
      parsers,
      reserveData: settings.reserve_data,
      preserveKey: settings.preserve_key,
    };
  },
  render: ({ match, keyName, parsers, reserveData, preserveKey }) => ({
    ...renderMatch(match),
    key_name: keyName,
    parser: parsers.map(({ name }) => name),
    reserve_data: onOff(reserveData),
    preserve_key: onOff(preserveKey),
  }),
};
