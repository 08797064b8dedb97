import { nearest } from "./nearest.ts";
import type { Option, OptionGroup, Settings } from "./option.ts";
import { describe, type Findings } from "./problem.ts";
import { textsNamed, type RawEntry, type RawSection } from "./raw.ts";
import { parseBoolean, parseDuration, parseInteger, parseList, parseSize } from "./scalar.ts";

type Value = string | number | boolean | readonly string[] | null;

/**
 * The options of one section, typed and with every default filled in. `what` names the group in messages ("input
 * tail"). Each problem and notice goes to `found`; an option with a problem holds its default, so that reading goes on.
 */
export function readSettings<Group extends OptionGroup>(
  group: Group,
  what: string,
  section: RawSection | null,
  found: Findings,
): Settings<Group> {
  const settings: Record<string, Value> = {};
  for (const [name, option] of Object.entries<Option>(group.options)) {
    const entries = section?.entries.filter((each) => each.name === name) ?? [];
    const [entry, ...repeated] = entries;
    if (section !== null && option.type === "texts") settings[name] = readTexts(entries, section, found);
    else {
      const given = entry === undefined ? undefined : readValue(option, entry, found);
      settings[name] = given ?? defaultOf(option);
      for (const each of repeated) found.problems.push(describe(each.place, each.keyPath, setTwice(entry)));
    }
    if (option.required === true && entry === undefined && section !== null) {
      found.problems.push(describe(section.place, section.keyPath, `${what} needs ${name}: ${lowerFirst(option.doc)}`));
    }
  }
  for (const entry of section?.entries ?? []) {
    if (entry.name !== "name" && !(entry.name in group.options)) reportOther(group, what, entry, found);
  }
  return settings as Settings<Group>;
}

function setTwice(first: RawEntry | undefined): string {
  return `set twice, first in ${first?.place.file}:${first?.place.line}; remove one`;
}

function readTexts(entries: readonly RawEntry[], section: RawSection, found: Findings): readonly string[] {
  return entries.flatMap((entry) => {
    const texts = textsNamed({ ...section, entries: [entry] }, [entry.name]).map(({ text }) => text);
    if (texts.length > 0 && !texts.includes("")) return texts;
    const wrong =
      entry.value === null ? "write one text, or a list of them" : "has no value; give it one, or remove it";
    found.problems.push(describe(entry.valuePlace, entry.keyPath, wrong));
    return [];
  });
}

/** Says of an option that has no effect why it is accepted, refused or unknown. */
function reportOther(group: OptionGroup, what: string, entry: RawEntry, found: Findings): void {
  const reason = lookUp(group.ignored, entry.name);
  if (reason !== undefined) {
    found.notices.push(describe(entry.place, entry.keyPath, `accepted without effect: ${reason}`));
    return;
  }
  const [firstSegment = ""] = entry.name.split(".");
  const instead = lookUp(group.later, entry.name) ?? lookUp(group.later, firstSegment);
  if (instead !== undefined) {
    // `multiline: off` asks for nothing that is missing here.
    if (typeof entry.value === "string" && parseBoolean(entry.value) === false) return;
    const hint = instead === "" ? "remove it" : instead;
    found.problems.push(describe(entry.place, entry.keyPath, `not in this version yet; ${hint}`));
    return;
  }
  const near = nearest(entry.name, [
    "name",
    ...Object.keys(group.options),
    ...exact(group.ignored),
    ...exact(group.later),
  ]);
  const hint = near === null ? "docs/configuration.md lists the known ones" : `did you mean "${near}"?`;
  found.problems.push(describe(entry.place, entry.keyPath, `unknown option of ${what}; ${hint}`));
}

function lookUp(texts: Readonly<Record<string, string>>, name: string): string | undefined {
  if (Object.hasOwn(texts, name)) return texts[name];
  const prefix = Object.keys(texts).find((key) => key.endsWith("*") && name.startsWith(key.slice(0, -1)));
  return prefix === undefined ? undefined : texts[prefix];
}

function exact(texts: Readonly<Record<string, string>>): string[] {
  return Object.keys(texts).filter((key) => !key.endsWith("*"));
}

function defaultOf(option: Option): Value {
  if (option.default === null) return option.required === true ? (isList(option) ? [] : "") : null;
  const parsed = parse(option, option.default);
  if (typeof parsed === "object" && "wrong" in parsed) throw new Error(`default ${option.default}: ${parsed.wrong}`);
  return parsed;
}

/** The value of an entry, or undefined with a problem reported. */
function readValue(option: Option, entry: RawEntry, found: Findings): Value | undefined {
  const { value } = entry;
  let parsed: Parsed;
  if (value === null) parsed = { wrong: `write one value${option.type === "list" ? ", or a list of them" : ""}` };
  else if (typeof value === "string")
    parsed = value === "" ? { wrong: "has no value; give it one, or remove it" } : parse(option, value);
  else if (option.type === "list") parsed = limitedList(option, value.flatMap(parseList));
  else parsed = { wrong: "write one value, not a list" };
  if (typeof parsed !== "object" || !("wrong" in parsed)) return parsed;
  found.problems.push(describe(entry.valuePlace, entry.keyPath, parsed.wrong));
  return undefined;
}

function isList(option: Option): boolean {
  return option.type === "list" || option.type === "texts";
}

type Parsed = string | number | boolean | readonly string[] | { readonly wrong: string };

function parse(option: Option, text: string): Parsed {
  switch (option.type) {
    case "string":
      return text;
    case "boolean":
      return parseBoolean(text) ?? { wrong: `${quote(text)} is neither on nor off` };
    case "integer":
      return limited(option, text, parseInteger, "a whole number");
    case "size":
      return limited(option, text, parseSize, "a size; write bytes, or a number with K, M or G, as in 50M");
    case "duration":
      return limited(
        option,
        text,
        parseDuration,
        "a duration; write seconds, or a number with s, m, h or d, as in 10m",
      );
    case "list":
      return limitedList(option, parseList(text));
    case "texts":
      return text === "" ? [] : [text];
    default:
      return oneOf(option, text);
  }
}

function limited(option: Option, text: string, read: (text: string) => number | null, what: string): Parsed {
  const value = read(text);
  if (value === null) return { wrong: `${quote(text)} is not ${what}` };
  const [min, max] = [option.min, option.max];
  if (min !== undefined && value < (read(min) ?? 0)) return { wrong: `${text} is too small; the least is ${min}` };
  if (max !== undefined && value > (read(max) ?? Infinity))
    return { wrong: `${text} is too large; the most is ${max}` };
  return value;
}

function limitedList(option: Option, items: readonly string[]): Parsed {
  for (const item of option.values === undefined ? [] : items) {
    const one = oneOf(option, item);
    if (typeof one === "object") return one;
  }
  return option.values === undefined ? items : items.map((item) => item.toLowerCase());
}

function oneOf(option: Option, text: string): string | { readonly wrong: string } {
  const word = text.toLowerCase();
  const value = option.synonyms?.[word] ?? word;
  const values = option.values ?? [];
  if (values.includes(value)) return value;
  if (option.valuesLater?.includes(value) === true)
    return { wrong: `${quote(text)} is not in this version yet; known: ${values.join(", ")}` };
  const near = nearest(value, [...values, ...(option.valuesLater ?? [])]);
  const hint = near === null ? `known: ${values.join(", ")}` : `did you mean "${near}"?`;
  return { wrong: `unknown value ${quote(text)}; ${hint}` };
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
