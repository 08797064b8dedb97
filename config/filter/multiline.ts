import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { MultilineConfig } from "../multiline.ts";
import { multilineNames, multilineOf } from "../multiline-parsers.ts";
import type { OptionGroup } from "../option.ts";
import { refuseOption, type Plugin } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { readSettings } from "../settings.ts";

export interface MultilineFilterConfig {
  readonly plugin: "multiline";
  readonly match: Match;
  readonly multiline: MultilineConfig;
}

const NO_EMITTER = "lines are joined where they are read, nothing is emitted anew";

const GROUP = {
  doc: "Joins the lines of files whose tag matches, as `multiline.parser` of their input would: the same parsers, applied where lines are read. Holds for files found from now on.",
  options: {
    ...MATCH,
    "multiline.parser": {
      type: "list",
      default: null,
      required: true,
      origin: "fluent-bit",
      doc: "`java`, `python`, `go`, `ruby`, or parsers of one's own, tried in their order.",
    },
    "multiline.key_content": {
      type: "enum",
      default: null,
      values: ["log"],
      origin: "fluent-bit",
      doc: "`log`, the message of a line.",
    },
    flush_ms: {
      type: "integer",
      default: "2000",
      min: "500",
      max: "600000",
      origin: "fluent-bit",
      doc: "Milliseconds after which a record that nothing has continued is complete.",
    },
    mode: {
      type: "enum",
      default: "parser",
      values: ["parser"],
      valuesLater: ["partial_message"],
      origin: "fluent-bit",
      doc: "`parser`; messages that Docker or CRI split are joined by the input's `multiline.parser`.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    buffer: NO_EMITTER,
    "emitter_*": NO_EMITTER,
    debug_flush: NO_EMITTER,
    log_level: ONE_LOG_LEVEL,
  },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/multiline-stacktrace. */
export const MULTILINE: Plugin<MultilineFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const { found, multilineParsers } = reading;
    const settings = readSettings(GROUP, "filter multiline", section, found);
    const names = settings["multiline.parser"];
    const multiline = multilineOf(section, names, multilineParsers, found);
    if (multiline === null && names.length > 0)
      refuseOption(section, "multiline.parser", "cri and docker belong to the input; name a parser of lines", found);
    return {
      plugin: "multiline",
      match: readMatch(section, settings, null, reading),
      multiline: { parsers: multiline?.parsers ?? [], flushTimeoutMs: settings.flush_ms },
    };
  },
  render: ({ match, multiline }) => ({
    ...renderMatch(match),
    "multiline.parser": multilineNames(multiline),
    "multiline.key_content": "log",
    flush_ms: String(multiline.flushTimeoutMs),
  }),
};
