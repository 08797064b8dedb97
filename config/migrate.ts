import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";

import { readFiles } from "./files.ts";
import { examineConfig } from "./load.ts";
import { describe } from "./problem.ts";
import type { RawEntry, RawSection } from "./raw.ts";

/**
 * A configuration in either of Fluent Bit's formats, with all that it includes, as one file of YAML. Variables of the
 * environment stay; what has no effect here is left out. What the agent says of a section stands above it as remarks;
 * `problems` are those with which it would not start.
 */
export function migrateConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): { yaml: string; problems: readonly string[] } {
  const { problems, notices } = examineConfig(file, env);
  const raw = readFiles(file, (_, written) => written, { problems: [], notices: [] });
  const told: Told = {
    problems,
    notices: notices.filter((notice) => !/: environment variable \S* is not set/.test(notice)),
  };
  const root = new YAMLMap();
  if (raw.service !== null) addPart(root, "service", sectionOf(raw.service, told));
  const pipeline = new YAMLMap();
  for (const kind of ["inputs", "filters", "outputs"] as const) addPart(pipeline, kind, listOf(raw[kind], told));
  addPart(root, "parsers", listOf(raw.parsers, told));
  addPart(root, "multiline_parsers", listOf(raw.multilineParsers, told));
  addPart(root, "pipeline", pipeline);
  const document = new Document(root, { schema: "failsafe" });
  document.commentBefore = ` ${file} as logq-agent reads it. Remarks stand above what they are about.`;
  return { yaml: document.toString({ lineWidth: 0 }), problems };
}

/** What the agent says of the configuration, a line each. */
interface Told {
  readonly problems: readonly string[];
  readonly notices: readonly string[];
}

/** Leaves out what is empty. */
function addPart(map: YAMLMap, name: string, part: YAMLMap | YAMLSeq): void {
  if (part.items.length > 0) map.items.push(new Pair(new Scalar(name), part));
}

function listOf(sections: readonly RawSection[], told: Told): YAMLSeq {
  const list = new YAMLSeq();
  list.items = sections.map((section) => sectionOf(section, told));
  return list;
}

function sectionOf(section: RawSection, told: Told): YAMLMap {
  const remarks = remarksAt(section.place, section.keyPath, told).map(({ text }) => text);
  const map = new YAMLMap();
  let last: RawEntry | null = null;
  for (const entry of section.entries) {
    const said = [...remarksAt(entry.place, entry.keyPath, told), ...remarksAt(entry.valuePlace, entry.keyPath, told)];
    const about = new Set(said.map(({ text }) => `${entry.name}: ${text}`));
    remarks.push(...about);
    if (entry.name === "parsers_file") {
      remarks.push(`parsers_file ${[entry.value ?? []].flat().join(", ")}: its parsers stand below`);
      continue;
    }
    if (said.some(({ isNeedless }) => isNeedless)) continue;
    // Repeated in a row: a list. With others in between the order counts, so that the option is repeated in YAML too.
    const before = map.items.at(-1);
    if (last?.name === entry.name && before !== undefined) before.value = joined(before.value, valueOf(entry));
    else map.items.push(new Pair(new Scalar(nameOf(entry)), valueOf(entry)));
    last = entry;
  }
  if (remarks.length > 0) map.commentBefore = remarks.map((text) => ` ${text}`).join("\n");
  return map;
}

const NEEDLESS = "accepted without effect: ";

function remarksAt(place: RawEntry["place"], keyPath: string, told: Told): { text: string; isNeedless: boolean }[] {
  const prefix = describe(place, keyPath, "");
  const at = (messages: readonly string[]): string[] =>
    messages.filter((message) => message.startsWith(prefix)).map((message) => message.slice(prefix.length));
  return [
    ...at(told.problems).map((text) => ({ text: `REFUSED: ${text}`, isNeedless: false })),
    ...at(told.notices).map((text) => ({
      text: text.replace(NEEDLESS, "left out, it has no effect here: "),
      isNeedless: text.startsWith(NEEDLESS),
    })),
  ];
}

/** The rule of a multi-line parser is three texts in quotes in the classic format, and a map in YAML. */
const RULE = /^"([^"]*)"\s+"(.*)"\s+"([^"]*)"$/;

function nameOf(entry: RawEntry): string {
  return isRule(entry) ? "rules" : entry.name;
}

function isRule({ name, value }: RawEntry): boolean {
  return name === "rule" && typeof value === "string" && RULE.test(value);
}

function valueOf(entry: RawEntry): Scalar | YAMLSeq {
  const { value, sections } = entry;
  const list = new YAMLSeq();
  if (isRule(entry)) {
    const [, state, regex, next] = RULE.exec(value as string) ?? [];
    list.items = [mapOf({ state, regex, next_state: next })];
  } else if (sections !== null) list.items = sections.map((each) => sectionOf(each, { problems: [], notices: [] }));
  else if (typeof value === "string") return new Scalar(value);
  else list.items = (value ?? []).map((text) => new Scalar(text));
  return list;
}

function mapOf(texts: Readonly<Record<string, string | undefined>>): YAMLMap {
  const map = new YAMLMap();
  map.items = Object.entries(texts).map(([name, text]) => new Pair(new Scalar(name), new Scalar(text)));
  return map;
}

function joined(before: unknown, next: Scalar | YAMLSeq): YAMLSeq {
  const list = new YAMLSeq();
  list.items = [before, next].flatMap((each) => (each instanceof YAMLSeq ? each.items : [each]));
  return list;
}
