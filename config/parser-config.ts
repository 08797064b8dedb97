import { createPattern } from "./onigmo.ts";
import type { OptionGroup } from "./option.ts";
import { onOff, refuseOption, type RenderedOptions } from "./plugin.ts";
import { describe, type Findings } from "./problem.ts";
import { placeOfOption, textsNamed, type RawSection } from "./raw.ts";
import { readSettings } from "./settings.ts";
import { createTimeReader } from "./time/strptime.ts";
import { isZone, systemZone } from "./time/zone.ts";

/** As a time format, ours: a JSON number of seconds or milliseconds since 1970, which Fluent Bit does not read. */
export const EPOCH = "epoch";

/** How a text becomes fields and a time: a section [PARSER] of Fluent Bit's, or one that is built in. */
export interface ParserConfig {
  /** Compared with its case. */
  readonly name: string;
  readonly format: "json" | "regex" | "logfmt" | "ltsv";
  /** For regex: Onigmo's syntax (onigmo.ts). */
  readonly regex: string | null;
  /** The field that is the time, if there is a `timeFormat`. */
  readonly timeKey: string;
  /** strptime(3) as Fluent Bit has it (time/strptime.ts), or EPOCH; null: no time is read. */
  readonly timeFormat: string | null;
  /** East of UTC, for a format without a zone. */
  readonly timeOffsetSeconds: number;
  /** IANA name, for a format without a zone; null: UTC and the offset. */
  readonly timeZone: string | null;
  /** Whether the time stays a field too. */
  readonly timeKeep: boolean;
  /** Off: what was read of a time before it went wrong counts. */
  readonly timeStrict: boolean;
  /** What becomes of the texts of fields; not for json, which has types. */
  readonly types: readonly FieldType[];
  /** For regex: groups that are empty are no fields. */
  readonly skipEmptyValues: boolean;
  /** For logfmt: a key without a value means that the text is none. */
  readonly noBareKeys: boolean;
  readonly decoders: readonly DecoderRule[];
}

export interface FieldType {
  readonly key: string;
  readonly type: (typeof FIELD_TYPES)[number];
}

export interface DecoderRule {
  readonly field: string;
  readonly decoder: (typeof DECODERS)[number];
  /** decode_field_as: the decoded value takes the field's place; else its fields are added to the others. */
  readonly inPlace: boolean;
  /** Whether the next rule of the field comes after this one failed, or in any case. */
  readonly next: "stop" | "try_next" | "do_next";
}

const FIELD_TYPES = ["string", "integer", "float", "bool", "hex"] as const;
const DECODERS = ["json", "escaped", "escaped_utf8", "mysql_quoted"] as const;

/** Fluent Bit's manual: data-pipeline/parsers/configuring-parser, decoders. */
export const PARSER_GROUP = {
  doc: "How a text becomes fields and a time. A parser is used by its name: in `parser` of an input or a filter.",
  options: {
    format: {
      type: "enum",
      default: null,
      required: true,
      values: ["json", "regex", "logfmt", "ltsv"],
      origin: "fluent-bit",
      doc: "Form of the text.",
    },
    regex: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "For `regex`: an expression in Ruby's syntax, whose named groups are the fields; [what differs](decisions/0012-regular-expressions.md).",
    },
    time_key: {
      type: "string",
      default: "time",
      origin: "fluent-bit",
      doc: "Field that holds the time of the record.",
    },
    time_format: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Form of the time, as strptime(3) has it, with `%L` for a fraction; without it no time is read. A year or date that it leaves out is taken so that the time is nearest to when the line was written or read. Ours: `epoch` is a JSON number, of seconds or milliseconds since 1970.",
    },
    time_offset: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Zone of times without one, such as `+0200`.",
    },
    time_system_timezone: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether times without a zone are in the system's.",
    },
    time_zone: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Zone of times without one, by its IANA name, such as `Europe/Berlin`.",
    },
    time_keep: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether the field of the time stays in the record.",
    },
    time_strict: {
      type: "boolean",
      default: "on",
      origin: "fluent-bit",
      doc: "Off: a time that does not fit its format counts as far as it does.",
    },
    types: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Types of fields, `field:type` with blanks between them: string, integer, float, bool, hex; not for json.",
    },
    skip_empty_values: {
      type: "boolean",
      default: "on",
      origin: "fluent-bit",
      doc: "For `regex`: whether empty groups are left out.",
    },
    logfmt_no_bare_keys: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "For `logfmt`: whether a key without a value means that the text is something else.",
    },
    decode_field: {
      type: "texts",
      default: null,
      origin: "fluent-bit",
      doc: "`json FIELD`: what the field's text holds is added to the other fields.",
    },
    decode_field_as: {
      type: "texts",
      default: null,
      origin: "fluent-bit",
      doc: "`DECODER FIELD [try_next|do_next]`: the field's text is replaced by what it means; json, escaped, escaped_utf8 or mysql_quoted.",
    },
  },
  ignored: {},
  later: {},
} as const satisfies OptionGroup;

/** Reads one section; null if it has no name. Problems are collected; what has one holds a default. */
export function readParser(section: RawSection, found: Findings): ParserConfig | null {
  const name = parserName(section);
  if (name === null) {
    found.problems.push(describe(section.place, section.keyPath, "has no name; add name: and the parser's name"));
    return null;
  }
  const settings = readSettings(PARSER_GROUP, `parser ${name}`, section, found);
  const refuse = (option: string, message: string): void => refuseOption(section, option, message, found);
  if (settings.format === "regex" && settings.regex === null) refuse("regex", `parser ${name} needs regex`);
  if (settings.regex !== null) tell(() => createPattern(settings.regex!), "regex", "the pattern ", refuse);
  const offsetSeconds = readOffset(settings.time_offset);
  if (offsetSeconds === null) refuse("time_offset", `${settings.time_offset} is no offset; write +hhmm or -hhmm`);
  const config: ParserConfig = {
    name,
    format: settings.format,
    regex: settings.regex,
    timeKey: settings.time_key,
    timeFormat: settings.time_format,
    timeOffsetSeconds: offsetSeconds ?? 0,
    timeZone: settings.time_system_timezone ? systemZone() : settings.time_zone,
    timeKeep: settings.time_keep,
    timeStrict: settings.time_strict,
    types: readTypes(settings.types, section, found),
    skipEmptyValues: settings.skip_empty_values,
    noBareKeys: settings.logfmt_no_bare_keys,
    decoders: readDecoders(section, refuse),
  };
  checkTime(config, settings, refuse);
  return config;
}

/** The section as the file could say it. */
export function renderParser(parser: ParserConfig): RenderedOptions {
  const texts = (inPlace: boolean): string[] | null => {
    const rules = parser.decoders.filter((rule) => rule.inPlace === inPlace);
    if (rules.length === 0) return null;
    return rules.map(({ decoder, field, next }) => `${decoder} ${field}${next === "stop" ? "" : ` ${next}`}`);
  };
  return {
    name: parser.name,
    format: parser.format,
    regex: parser.regex,
    time_key: parser.timeKey,
    time_format: parser.timeFormat,
    time_offset: parser.timeOffsetSeconds === 0 ? null : offsetText(parser.timeOffsetSeconds),
    time_zone: parser.timeZone,
    time_keep: onOff(parser.timeKeep),
    time_strict: onOff(parser.timeStrict),
    types: parser.types.length === 0 ? null : parser.types.map(({ key, type }) => `${key}:${type}`).join(" "),
    skip_empty_values: onOff(parser.skipEmptyValues),
    logfmt_no_bare_keys: onOff(parser.noBareKeys),
    decode_field: texts(false),
    decode_field_as: texts(true),
  };
}

/** The section's name as written. */
export function parserName(section: RawSection): string | null {
  return textsNamed(section, ["name"])[0]?.text || null;
}

type Refuse = (option: string, message: string) => void;

function tell(attempt: () => unknown, option: string, subject: string, refuse: Refuse): void {
  try {
    attempt();
  } catch (error) {
    refuse(option, subject + (error as Error).message);
  }
}

function checkTime(
  config: ParserConfig,
  settings: {
    readonly time_zone: string | null;
    readonly time_system_timezone: boolean;
    readonly time_offset: string | null;
  },
  refuse: Refuse,
): void {
  const { timeFormat } = config;
  if (timeFormat !== null) {
    const options = { strict: config.timeStrict, offsetSeconds: 0, zone: null };
    tell(() => createTimeReader(timeFormat, options), "time_format", "", refuse);
  }
  if (settings.time_zone === null) return;
  if (!isZone(settings.time_zone)) refuse("time_zone", `${settings.time_zone} is no zone of the IANA database`);
  if (settings.time_system_timezone) refuse("time_zone", "and time_system_timezone are both set; remove one");
  if (settings.time_offset !== null) refuse("time_zone", "and time_offset are both set; remove one");
}

/** Seconds east of UTC; null if it is no offset. */
function readOffset(text: string | null): number | null {
  if (text === null) return 0;
  const match = /^(?:Z|([+-])(\d\d):?(\d\d))$/.exec(text.trim());
  if (match === null) return null;
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60;
  return match[1] === "-" ? -seconds : seconds;
}

function offsetText(seconds: number): string {
  const minutes = Math.abs(seconds) / 60;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return `${seconds < 0 ? "-" : "+"}${String(hours).padStart(2, "0")}${String(rest).padStart(2, "0")}`;
}

/** Types that are not known are text, as in Fluent Bit, which says nothing of it. */
function readTypes(text: string | null, section: RawSection, found: Findings): FieldType[] {
  return (text ?? "").split(/ +/).flatMap((item): FieldType[] => {
    const colon = item.indexOf(":");
    if (colon <= 0) return [];
    const [key, name] = [item.slice(0, colon), item.slice(colon + 1)];
    const type = FIELD_TYPES.find((each) => each === name.toLowerCase());
    if (type !== undefined) return [{ key, type }];
    const at = placeOfOption(section, "types");
    const message = `${name} is no type, so ${key} stays text; known: ${FIELD_TYPES.join(", ")}, with blanks between the fields`;
    found.notices.push(describe(at.place, at.keyPath, message));
    return [{ key, type: "string" }];
  });
}

function readDecoders(section: RawSection, refuse: Refuse): DecoderRule[] {
  return textsNamed(section, ["decode_field", "decode_field_as"]).flatMap(({ name, text }): DecoderRule[] => {
    const [word = "", field, action = ""] = text.trim().split(/ +/);
    const decoder = DECODERS.find((each) => each === word.toLowerCase());
    if (decoder === undefined || field === undefined) {
      refuse(name, `${text} is no decoder and a field; decoders: ${DECODERS.join(", ")}`);
      return [];
    }
    const inPlace = name === "decode_field_as";
    if (!inPlace && decoder !== "json") {
      refuse(name, `${decoder} gives no fields to add; write decode_field_as`);
      return [];
    }
    const next = action.toLowerCase();
    return [{ field, decoder, inPlace, next: next === "try_next" || next === "do_next" ? next : "stop" }];
  });
}
