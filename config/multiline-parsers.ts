import { nearest } from "./nearest.ts";
import {
  BUILT_IN_MULTILINE,
  FLUSH_TIMEOUT_MS,
  type BuiltInMultiline,
  type MultilineConfig,
  type MultilineParserConfig,
  type MultilineRule,
} from "./multiline.ts";
import { createPattern } from "./onigmo.ts";
import type { OptionGroup } from "./option.ts";
import { onOff, refuseOption } from "./plugin.ts";
import { describe, type Findings } from "./problem.ts";
import { entryNamed, nameOf, type RawEntry, type RawSection } from "./raw.ts";
import { parseInteger } from "./scalar.ts";
import { readSettings } from "./settings.ts";

export const MULTILINE_PARSER_GROUP = {
  doc: "A way of one's own to join lines to records: a section of `multiline_parsers`, or `[MULTILINE_PARSER]` in a classic file. Named by `multiline.parser` of an input or of the filter `multiline`.",
  options: {
    type: {
      type: "enum",
      default: null,
      required: true,
      values: ["regex", "endswith", "equal"],
      synonyms: { eq: "equal" },
      origin: "fluent-bit",
      doc: "`regex`: by `rules`; `endswith`, `equal`: a record ends with the line that ends with, or is, `match_string`.",
    },
    match_string: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "What the last line of a record ends with, or is.",
    },
    negate: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Whether it is the line that does not end with, or is not, `match_string` which ends a record.",
    },
    rule: {
      type: "texts",
      default: null,
      origin: "fluent-bit",
      doc: 'In a classic file, once for each rule: `"STATE" "/REGEX/" "NEXT_STATE"`; in YAML a list `rules` with `state`, `regex` and `next_state`. The first state is `start_state`.',
    },
    flush_timeout: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Milliseconds after which a record that nothing has continued is complete; 4000 without it. Of several parsers the longest counts.",
    },
    key_content: {
      type: "enum",
      default: null,
      values: ["log"],
      origin: "fluent-bit",
      doc: "`log`, the message of a line. With `endswith` and `equal` its lines are then joined without a newline between them.",
    },
    key_pattern: {
      type: "enum",
      default: null,
      values: ["log"],
      origin: "fluent-bit",
      doc: "`log`: rules are matched against the message in any case, as lines are joined before they have other fields.",
    },
    key_group: {
      type: "enum",
      default: null,
      values: ["stream"],
      origin: "fluent-bit",
      doc: "`stream`: it is so in any case.",
    },
    parser: {
      type: "enum",
      default: null,
      values: ["cri", "docker"],
      origin: "fluent-bit",
      doc: "How lines are framed; say it in the input's `multiline.parser`, before this parser's name.",
    },
  },
  ignored: { rules: "" },
  later: {},
} as const satisfies OptionGroup;

/** The parsers of a configuration. Those with a problem are left out. */
export function readMultilineParsers(sections: readonly RawSection[], found: Findings): MultilineParserConfig[] {
  const parsers: MultilineParserConfig[] = [];
  for (const section of sections) {
    const parser = readParser(section, found);
    if (parser === null) continue;
    const isTwice = parsers.some(({ name }) => name === parser.name);
    if (isTwice) refuseOption(section, "name", `parser "${parser.name}" is defined twice; remove one`, found);
    else parsers.push(parser);
  }
  return parsers;
}

/** What an input or a filter names in `multiline.parser`, without the framings; null: nothing. */
export function multilineOf(
  section: RawSection,
  names: readonly string[],
  own: readonly MultilineParserConfig[],
  found: Findings,
): MultilineConfig | null {
  const parsers: (BuiltInMultiline | MultilineParserConfig)[] = [];
  for (const name of names.map((each) => each.toLowerCase())) {
    if (name === "cri" || name === "docker") continue;
    const parser = own.find((each) => each.name === name) ?? BUILT_IN_MULTILINE.find((each) => each === name);
    if (parser === undefined) refuseOption(section, "multiline.parser", unknownParser(name, own), found);
    else parsers.push(parser);
  }
  if (parsers.length === 0) return null;
  const timeoutsMs = parsers.map((parser) => (typeof parser === "string" ? FLUSH_TIMEOUT_MS : parser.flushTimeoutMs));
  return { parsers, flushTimeoutMs: Math.max(...timeoutsMs) };
}

export function multilineNames(config: MultilineConfig | null): string[] {
  return (config?.parsers ?? []).map((parser) => (typeof parser === "string" ? parser : parser.name));
}

/** Its section as YAML: `readMultilineParsers` takes it to the same effect. */
export function renderMultilineParser(parser: MultilineParserConfig): Record<string, unknown> {
  const common = { name: parser.name, type: parser.type, flush_timeout: String(parser.flushTimeoutMs) };
  if (parser.type === "regex") {
    const rules = parser.rules.map(({ from, regex, to }) => ({ state: from.join(", "), regex, next_state: to }));
    return { ...common, rules };
  }
  const { matchString, negate, separator } = parser;
  const content = separator === "" ? { key_content: "log" } : {};
  return { ...common, match_string: matchString, negate: onOff(negate), ...content };
}

function unknownParser(name: string, own: readonly MultilineParserConfig[]): string {
  const known = ["cri", "docker", ...BUILT_IN_MULTILINE, ...own.map((parser) => parser.name)];
  const near = nearest(name, known);
  return `no multi-line parser "${name}"; ${near === null ? `known: ${known.join(", ")}` : `did you mean "${near}"?`}`;
}

function readParser(section: RawSection, found: Findings): MultilineParserConfig | null {
  const name = nameOf(section);
  if (name === null) {
    found.problems.push(describe(section.place, section.keyPath, "has no name; add name: and the parser's name"));
    return null;
  }
  const settings = readSettings(MULTILINE_PARSER_GROUP, `multi-line parser ${name}`, withoutRules(section), found);
  const flushTimeoutMs = readTimeout(section, settings.flush_timeout, found);
  if (settings.type === "regex") {
    const rules = readRules(section, found);
    return rules === null ? null : { name, type: "regex", flushTimeoutMs, rules };
  }
  if (entryNamed(section, "type") === undefined) return null;
  const { type, match_string: matchString, negate } = settings;
  if (matchString !== null)
    return { name, type, flushTimeoutMs, matchString, negate, separator: settings.key_content === null ? "\n" : "" };
  refuseOption(section, "match_string", `type ${type} needs match_string, the end of a record's last line`, found);
  return null;
}

function withoutRules(section: RawSection): RawSection {
  return { ...section, entries: section.entries.filter(({ name }) => name !== "rules") };
}

/** Fluent Bit's least is 500. */
function readTimeout(section: RawSection, text: string | null, found: Findings): number {
  if (text === null) return FLUSH_TIMEOUT_MS;
  const value = parseInteger(text);
  if (value !== null && value >= 500 && value <= 600_000) return value;
  refuseOption(section, "flush_timeout", `${text} is no number of milliseconds from 500 to 600000`, found);
  return FLUSH_TIMEOUT_MS;
}

interface WrittenRule {
  readonly state: string;
  readonly regex: string;
  readonly to: string;
  readonly at: Pick<RawEntry, "keyPath" | "place">;
}

function readRules(section: RawSection, found: Findings): MultilineRule[] | null {
  const written = [...classicRules(section, found), ...yamlRules(section, found)];
  const before = found.problems.length;
  const refuse = (at: Pick<RawEntry, "keyPath" | "place">, message: string): void =>
    void found.problems.push(describe(at.place, at.keyPath, message));
  const rules = written.map(({ state, regex, to, at }) => {
    try {
      createPattern(regex);
    } catch (error) {
      refuse(at, `not a regular expression that can be used: ${(error as Error).message}`);
    }
    return { from: state.split(",").map((each) => each.trim()), regex, to: to.trim() };
  });
  if (rules[0]?.from.includes("start_state") !== true)
    refuse(written[0]?.at ?? section, 'the first rule must be for the state "start_state", which begins a record');
  const states = new Set(rules.flatMap(({ from }) => from));
  for (const [index, { to }] of rules.entries())
    if (!states.has(to)) refuse(written[index]!.at, `no rule is for the state "${to}"; add one, or name another state`);
  return found.problems.length > before ? null : rules;
}

/** `rule "start_state" "/regex/" "cont"`. */
function classicRules(section: RawSection, found: Findings): WrittenRule[] {
  return section.entries
    .filter(({ name }) => name === "rule")
    .flatMap((entry) =>
      [entry.value ?? []].flat().flatMap((text) => {
        const parts = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((part) => part[1] ?? part[2] ?? "");
        const at = { keyPath: entry.keyPath, place: entry.valuePlace };
        if (parts.length === 3) return [{ state: parts[0]!, regex: unquoted(parts[1]!), to: parts[2]!, at }];
        const message = 'write three texts in double quotes: "STATE" "/REGEX/" "NEXT_STATE"';
        found.problems.push(describe(at.place, at.keyPath, message));
        return [];
      }),
    );
}

function unquoted(text: string): string {
  return text.replaceAll('\\"', '"');
}

function yamlRules(section: RawSection, found: Findings): WrittenRule[] {
  return (entryNamed(section, "rules")?.sections ?? []).flatMap((rule) => {
    const textOf = (name: string): string | null => {
      const value = entryNamed(rule, name)?.value;
      if (typeof value === "string" && value !== "") return value;
      found.problems.push(describe(rule.place, rule.keyPath, `a rule needs ${name}`));
      return null;
    };
    const [state, regex, to] = [textOf("state"), textOf("regex"), textOf("next_state")];
    return state === null || regex === null || to === null ? [] : [{ state, regex, to, at: rule }];
  });
}
