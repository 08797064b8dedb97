import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  Scalar,
} from "yaml";

import { nearest } from "./nearest.ts";
import { describe, type Findings, type Place } from "./problem.ts";
import type { RawConfig, RawEntry, RawSection } from "./raw.ts";
import { SECTIONS_LATER } from "./registry.ts";

/** How many files a configuration may have, with all that it includes. */
const INCLUDE_FILES_MAX = 100;

const SECTIONS = ["env", "includes", "service", "pipeline", "parsers", "multiline_parsers"] as const;
const PIPELINE_KEYS = ["inputs", "filters", "outputs"] as const;

/**
 * Reads Fluent Bit's YAML format with everything it includes. Every scalar is a text (`on` stays `on`), `${NAME}` is
 * replaced from the files' `env` sections, else from `env`; what is not set is replaced by nothing, with a notice, as
 * Fluent Bit does. Problems are collected, not thrown; what can be read is returned beside them.
 * Spec: Fluent Bit manual, administration/configuring-fluent-bit/yaml.
 */
export function readYaml(file: string, env: Readonly<Record<string, string | undefined>>, found: Findings): RawConfig {
  const state: ReadState = { found, env, own: new Map(), files: [], place: null, service: null, lists: emptyLists() };
  readFile(file, [], null, state);
  const fill = (section: RawSection): RawSection => substituted(section, state);
  return {
    place: state.place ?? { file, line: 1, column: 1 },
    service: state.service === null ? null : fill(state.service),
    inputs: state.lists.inputs.map(fill),
    filters: state.lists.filters.map(fill),
    outputs: state.lists.outputs.map(fill),
    parsers: state.lists.parsers.map(fill),
    multilineParsers: state.lists.multiline_parsers.map(fill),
  };
}

interface ReadState {
  readonly found: Findings;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of the files' own `env` sections: they come before the environment's, as in Fluent Bit. */
  readonly own: Map<string, string>;
  /** Every file read so far, resolved. */
  readonly files: string[];
  place: Place | null;
  service: RawSection | null;
  readonly lists: Record<"inputs" | "filters" | "outputs" | "parsers" | "multiline_parsers", RawSection[]>;
}

function emptyLists(): ReadState["lists"] {
  return { inputs: [], filters: [], outputs: [], parsers: [], multiline_parsers: [] };
}

/** One parsed file, and how to name a place in it. */
interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  /** The files that include this one, outermost first. */
  readonly chain: readonly string[];
}

function readFile(
  file: string,
  chain: readonly string[],
  includedAt: (Place & { keyPath: string }) | null,
  state: ReadState,
): void {
  const report = (message: string): void => {
    const line = includedAt === null ? `${file}: ${message}` : describe(includedAt, includedAt.keyPath, message);
    state.found.problems.push(line);
  };
  const resolved = path.resolve(file);
  if (chain.some((outer) => path.resolve(outer) === resolved)) {
    return report(`files include each other in a circle: ${[...chain, file].join(" → ")}; remove one of the includes`);
  }
  if (state.files.includes(resolved)) return report(`${file} is included twice; remove one of the includes`);
  if (state.files.length >= INCLUDE_FILES_MAX) return report(`more than ${INCLUDE_FILES_MAX} files; include fewer`);
  state.files.push(resolved);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return report(`cannot read ${file}: ${(error as Error).message.replace(/, \w+ '.*/, "")}`);
  }
  if (isClassic(file, text)) {
    return report(
      "the classic format (.conf) is not in this version yet; write the same in YAML, docs/configuration.md shows how",
    );
  }
  const lines = new LineCounter();
  // The failsafe schema knows no numbers and no booleans: every scalar is the text that stands there.
  const document = parseDocument(text, { schema: "failsafe", lineCounter: lines, prettyErrors: false });
  const source: Source = { file, document, lines, chain: [...chain, file] };
  if (document.errors.length > 0) return reportSyntax(source, state);
  readSections(source, state);
}

function isClassic(file: string, text: string): boolean {
  return file.endsWith(".conf") || /^\s*(?:#.*\n\s*)*(?:@\w+|\[(?:SERVICE|INPUT|FILTER|OUTPUT|PARSER)\])/i.test(text);
}

/** Most errors bring forth further ones, so that only the first is told; these two stand alone. */
const INDEPENDENT_ERRORS: readonly string[] = ["BAD_ALIAS", "DUPLICATE_KEY"];

function reportSyntax(source: Source, state: ReadState): void {
  const errors = source.document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const first = errors.find((error) => !INDEPENDENT_ERRORS.includes(error.code));
  for (const error of errors) {
    if (error !== first && !INDEPENDENT_ERRORS.includes(error.code)) continue;
    const { line, col } = source.lines.linePos(error.pos[0]);
    const message = error.code === "BAD_ALIAS" ? QUOTE_STAR : `not valid YAML: ${error.message}`;
    state.found.problems.push(describe({ file: source.file, line, column: col }, "", message));
  }
}

const QUOTE_STAR = "a value that begins with * must be quoted: '*'";

function readSections(source: Source, state: ReadState): void {
  const root = source.document.contents;
  if (root === null || isEmptyScalar(root)) return;
  if (!isMap(root))
    return problem(source, root, "", `not a configuration; it has sections like ${SECTIONS.join(", ")}`, state);
  for (const pair of root.items) {
    const name = keyOf(pair);
    const value = resolveAlias(pair.value, source, name, state);
    if (value === null || isEmptyScalar(value)) continue;
    const section = name.toLowerCase();
    if (section === "env") readEnv(value, source, state);
    else if (section === "includes") readIncludes(value, source, state);
    else if (section === "service") readService(value, source, state);
    else if (section === "pipeline") readPipeline(value, source, state);
    else if (section === "parsers" || section === "multiline_parsers") readList(section, section, value, source, state);
    else problem(source, pair.key, name, unknownKey("section", section, SECTIONS, SECTIONS_LATER), state);
  }
}

/** Not `readEntries`: names of variables are told apart by case. */
function readEnv(node: Node, source: Source, state: ReadState): void {
  if (!isMap(node)) return problem(source, node, "env", "write a map of variables, one 'NAME: value' a line", state);
  for (const pair of node.items) {
    const keyPath = `env.${keyOf(pair)}`;
    const value = resolveAlias(pair.value, source, keyPath, state);
    if (isScalar(value)) {
      const filled = substitute(textOf(value), { keyPath, valuePlace: placeOf(source, value) }, state);
      state.own.set(keyOf(pair), filled);
    } else problem(source, value ?? pair.key, keyPath, "an environment variable is one text", state);
  }
}

function readIncludes(node: Node, source: Source, state: ReadState): void {
  if (!isSeq(node)) return problem(source, node, "includes", "write a list of file names", state);
  node.items.forEach((item, index) => {
    const keyPath = `includes[${index}]`;
    if (!isScalar(item)) return problem(source, item, keyPath, "write a file name", state);
    const name = path.join(path.isAbsolute(textOf(item)) ? "" : path.dirname(source.file), textOf(item));
    const files = /[*?[]/.test(name) ? globSync(name).toSorted() : [name];
    if (files.length === 0) return problem(source, item, keyPath, `no file matches ${name}`, state);
    for (const file of files) readFile(file, source.chain, { ...placeOf(source, item), keyPath }, state);
  });
}

function readService(node: Node, source: Source, state: ReadState): void {
  const section = readEntries(node, "service", source, state);
  if (section === null) return;
  const earlier = state.service;
  state.service = earlier === null ? section : { ...earlier, entries: [...earlier.entries, ...section.entries] };
}

function readPipeline(node: Node, source: Source, state: ReadState): void {
  if (!isMap(node)) return problem(source, node, "pipeline", `write a map of ${PIPELINE_KEYS.join(", ")}`, state);
  for (const pair of node.items) {
    const name = keyOf(pair);
    const keyPath = `pipeline.${name}`;
    state.place ??= placeOf(source, pair.key);
    const value = resolveAlias(pair.value, source, keyPath, state);
    const key = PIPELINE_KEYS.find((known) => known === name.toLowerCase());
    if (key === undefined) problem(source, pair.key, keyPath, unknownKey("key", name, PIPELINE_KEYS, []), state);
    else if (value !== null && !isEmptyScalar(value)) readList(key, keyPath, value, source, state);
  }
}

function readList(list: keyof ReadState["lists"], keyPath: string, node: Node, source: Source, state: ReadState): void {
  if (!isSeq(node)) return problem(source, node, keyPath, "write a list: each item begins with '- name: …'", state);
  node.items.forEach((item, index) => {
    const each = `${keyPath}[${index}]`;
    const value = resolveAlias(item, source, each, state);
    const section = value === null ? null : readEntries(value, each, source, state);
    if (section !== null) state.lists[list].push(section);
  });
}

/** The options of one section; null, with a problem, if it is no map. Maps inside are flattened: `storage: {path}` is `storage.path`. */
function readEntries(node: Node, keyPath: string, source: Source, state: ReadState): RawSection | null {
  if (!isMap(node)) {
    problem(source, node, keyPath, "write a map of options, one 'option: value' a line", state);
    return null;
  }
  const entries: RawEntry[] = [];
  const prefixLength = keyPath.length + 1;
  const add = (pairs: readonly Pair[], prefix: string): void => {
    for (const pair of pairs) {
      const each = `${prefix}.${keyOf(pair)}`;
      const value = resolveAlias(pair.value, source, each, state);
      if (isMap(value)) {
        add(value.items, each);
        continue;
      }
      const [name, place] = [each.slice(prefixLength).toLowerCase(), placeOf(source, pair.key)];
      const valuePlace = value === null ? place : placeOf(source, value);
      const sections = sectionsOf(value, each, source, state);
      entries.push({ name, keyPath: each, place, valuePlace, value: textsOf(value), sections });
    }
  };
  add(node.items, keyPath);
  return { keyPath, place: placeOf(source, node), entries };
}

function sectionsOf(node: Node | null, keyPath: string, source: Source, state: ReadState): RawEntry["sections"] {
  if (!isSeq(node) || node.items.length === 0) return null;
  const maps = node.items.filter((item) => isMap(item));
  if (maps.length < node.items.length) return null;
  return maps.flatMap((item, index) => readEntries(item, `${keyPath}[${index}]`, source, state) ?? []);
}

function textsOf(node: Node | null): RawEntry["value"] {
  if (node === null) return "";
  if (isScalar(node)) return textOf(node);
  if (isSeq(node) && node.items.every((item) => isScalar(item))) return node.items.map(textOf);
  return null;
}

/** In the failsafe schema a scalar is a text, or null where nothing stands. */
function textOf(scalar: Scalar): string {
  return typeof scalar.value === "string" ? scalar.value : "";
}

function substituted(section: RawSection, state: ReadState): RawSection {
  const entries = section.entries.map((entry) => {
    const fill = (text: string): string => substitute(text, entry, state);
    const { value } = entry;
    const sections = entry.sections?.map((each) => substituted(each, state)) ?? null;
    return { ...entry, value: typeof value === "string" ? fill(value) : (value?.map(fill) ?? null), sections };
  });
  return { ...section, entries };
}

function substitute(text: string, entry: Pick<RawEntry, "keyPath" | "valuePlace">, state: ReadState): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = state.own.get(name) ?? state.env[name];
    if (value !== undefined) return value;
    const message = `environment variable ${name} is not set, replaced by nothing`;
    state.found.notices.push(describe(entry.valuePlace, entry.keyPath, message));
    return "";
  });
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? textOf(pair.key) : String(pair.key);
}

function resolveAlias(node: unknown, source: Source, keyPath: string, state: ReadState): Node | null {
  if (!isAlias(node)) return (node ?? null) as Node | null;
  const target = node.resolve(source.document);
  if (target !== undefined) return target;
  problem(source, node, keyPath, QUOTE_STAR, state);
  // What was meant, so that nothing else is said of it.
  const meant = new Scalar(`*${node.source}`);
  meant.range = node.range ?? null;
  return meant;
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && (node.value === null || node.value === "");
}

function placeOf(source: Source, node: unknown): Place {
  const range = (node as Node | null)?.range;
  const { line, col } = source.lines.linePos(range?.[0] ?? 0);
  return { file: source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function problem(source: Source, node: unknown, keyPath: string, message: string, state: ReadState): void {
  state.found.problems.push(describe(placeOf(source, node), keyPath, message));
}

function unknownKey(what: string, name: string, known: readonly string[], later: readonly string[]): string {
  if (later.includes(name)) return "not in this version yet; remove it";
  const near = nearest(name, known);
  return near === null ? `unknown ${what}; known are ${known.join(", ")}` : `unknown ${what}; did you mean "${near}"?`;
}
