import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import { refuseOption, type Plugin } from "../plugin.ts";
import { entryNamed } from "../raw.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { readSettings } from "../settings.ts";

export interface NestFilterConfig {
  readonly plugin: "nest";
  readonly match: Match;
  readonly operation: "nest" | "lift";
  /** For nest: names of the fields to take, or what names begin with and `*`. */
  readonly wildcards: readonly string[];
  /** The field that holds the others. */
  readonly under: string;
  /** What is put before the names of the fields that are moved, or taken off. */
  readonly addPrefix: string | null;
  readonly removePrefix: string | null;
}

const GROUP = {
  doc: "Moves fields of a record into one field that holds them, or those that a field holds into the record.",
  options: {
    ...MATCH,
    operation: {
      type: "enum",
      default: null,
      required: true,
      origin: "fluent-bit",
      values: ["nest", "lift"],
      doc: "What to do: `nest` moves fields into one, `lift` moves those of one out of it.",
    },
    wildcard: {
      type: "texts",
      default: "",
      origin: "fluent-bit",
      doc: "Name of a field to nest, or what names begin with and `*`.",
    },
    nest_under: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Field that the nested ones are put into.",
    },
    nested_under: { type: "string", default: null, origin: "fluent-bit", doc: "Field whose fields are lifted." },
    add_prefix: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Put before the names of the fields that are moved.",
    },
    prefix_with: { type: "string", default: null, origin: "fluent-bit", doc: "The same as `add_prefix`." },
    remove_prefix: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Taken off the names of the fields that are moved, where they begin so.",
    },
  },
  ignored: { alias: ONLY_OUTPUTS_HAVE_NAMES, log_level: ONE_LOG_LEVEL },
  later: {},
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/nest. */
export const NEST: Plugin<NestFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter nest", section, reading.found);
    const operation = settings.operation === "lift" ? "lift" : "nest";
    const [option, example] =
      operation === "nest" ? (["nest_under", "app"] as const) : (["nested_under", "kubernetes"] as const);
    const under = settings[option] ?? settings.nest_under ?? settings.nested_under;
    if (under === null)
      refuseOption(section, "operation", `${operation} needs ${option}: as in ${option} ${example}`, reading.found);
    if (operation === "nest" && settings.wildcard.length === 0)
      refuseOption(
        section,
        "operation",
        "nest needs wildcard: the fields to take, as in wildcard app_*",
        reading.found,
      );
    const addPrefix = settings.add_prefix ?? settings.prefix_with;
    if (addPrefix !== null && settings.remove_prefix !== null) {
      const first = entryNamed(section, "add_prefix") === undefined ? "prefix_with" : "add_prefix";
      refuseOption(section, "remove_prefix", `set beside ${first}; remove one`, reading.found);
    }
    return {
      plugin: "nest",
      match: readMatch(section, settings, null, reading),
      operation,
      wildcards: settings.wildcard,
      under: under ?? "",
      addPrefix,
      removePrefix: settings.remove_prefix,
    };
  },
  render: ({ match, operation, wildcards, under, addPrefix, removePrefix }) => ({
    ...renderMatch(match),
    operation,
    wildcard: wildcards.length === 0 ? null : wildcards,
    [operation === "nest" ? "nest_under" : "nested_under"]: under,
    add_prefix: addPrefix,
    remove_prefix: removePrefix,
  }),
};
