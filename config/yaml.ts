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

import type { SectionList, Source } from "./files.ts";
import { nearest } from "./nearest.ts";
import { describe, type Place } from "./problem.ts";
import type { RawEntry, RawSection } from "./raw.ts";
import { SECTIONS_LATER } from "./registry.ts";

const SECTIONS = ["env", "includes", "service", "pipeline", "parsers", "multiline_parsers"] as const;
const PIPELINE_KEYS = ["inputs", "filters", "outputs"] as const;

/** The failsafe schema knows no numbers and no booleans: every scalar is the text that stands there. Options may be repeated. */
const YAML = { schema: "failsafe", prettyErrors: false, uniqueKeys: false } as const;

/**
 * Reads one file in Fluent Bit's YAML format. Every scalar is a text (`on` stays `on`). Spec: Fluent Bit manual,
 * administration/configuring-fluent-bit/yaml.
 */
export function readYaml(source: Source): void {
  const lines = new LineCounter();
  const document = parse(source, lines);
  if (document === null) return;
  const reading: Reading = { source, document, lines };
  if (document.errors.length > 0) reportSyntax(reading);
  else readSections(reading);
}

/** Null, with a problem, for what is nested so deeply that the parser has no stack for it. */
function parse({ file, text, found }: Source, lines: LineCounter): Document | null {
  try {
    return parseDocument(text, { ...YAML, lineCounter: lines });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    found.problems.push(describe({ file, line: 1, column: 1 }, "", "nested too deeply; is it a configuration?"));
    return null;
  }
}

/** One parsed file, and how to name a place in it. */
interface Reading {
  readonly source: Source;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Most errors bring forth further ones, so that only the first is told; this one stands alone. */
const INDEPENDENT_ERRORS: readonly string[] = ["BAD_ALIAS"];

function reportSyntax(reading: Reading): void {
  const errors = reading.document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const first = errors.find((error) => !INDEPENDENT_ERRORS.includes(error.code));
  for (const error of errors) {
    if (error !== first && !INDEPENDENT_ERRORS.includes(error.code)) continue;
    const { line, col } = reading.lines.linePos(error.pos[0]);
    const message = error.code === "BAD_ALIAS" ? QUOTE_STAR : `not valid YAML: ${error.message}`;
    reading.source.found.problems.push(describe({ file: reading.source.file, line, column: col }, "", message));
  }
}

const QUOTE_STAR = "a value that begins with * must be quoted: '*'";

function readSections(reading: Reading): void {
  const root = reading.document.contents;
  if (root === null || isEmptyScalar(root)) return;
  if (!isMap(root))
    return problem(reading, root, "", `not a configuration; it has sections like ${SECTIONS.join(", ")}`);
  const wrapping = wrappingOf(new Set(root.items.map(keyOf)));
  if (wrapping !== null) return problem(reading, root, "", wrapping);
  for (const pair of root.items) {
    const name = keyOf(pair);
    const value = resolveAlias(pair.value, name, reading);
    if (value === null || isEmptyScalar(value)) continue;
    const section = name.toLowerCase();
    const isParsers = section === "parsers" || section === "multiline_parsers";
    if (reading.source.parsersOnly && !isParsers)
      problem(reading, pair.key, name, "does not belong into a file of parsers; write it in the main file");
    else if (section === "env") readEnv(value, reading);
    else if (section === "includes") readIncludes(value, reading);
    else if (section === "service") readService(value, reading);
    else if (section === "pipeline") readPipeline(value, reading);
    else if (isParsers) readList(section, section, value, reading);
    else problem(reading, pair.key, name, unknownKey("section", section, SECTIONS, SECTIONS_LATER));
  }
}

/** What to do about a file that has a configuration somewhere in it; null: it is one itself, or none. */
function wrappingOf(names: ReadonlySet<string>): string | null {
  if (names.has("apiVersion") && names.has("kind"))
    return "this is an object of Kubernetes; give logq-agent the text of a file under its data, with its @INCLUDEs beside it";
  if (names.has("config") && !SECTIONS.some((name) => names.has(name)))
    return "these look like values of a Helm chart; give logq-agent the texts below config, in one file";
  return null;
}

/** Not `readEntries`: names of variables are told apart by case. */
function readEnv(node: Node, reading: Reading): void {
  if (!isMap(node)) return problem(reading, node, "env", "write a map of variables, one 'NAME: value' a line");
  for (const pair of node.items) {
    const keyPath = `env.${keyOf(pair)}`;
    const value = resolveAlias(pair.value, keyPath, reading);
    if (isScalar(value))
      reading.source.setVariable(keyOf(pair), textOf(value), { place: placeOf(reading, value), keyPath });
    else problem(reading, value ?? pair.key, keyPath, "an environment variable is one text");
  }
}

function readIncludes(node: Node, reading: Reading): void {
  if (!isSeq(node)) return problem(reading, node, "includes", "write a list of file names");
  node.items.forEach((item, index) => {
    const keyPath = `includes[${index}]`;
    if (!isScalar(item)) return problem(reading, item, keyPath, "write a file name");
    reading.source.include(textOf(item), { place: placeOf(reading, item), keyPath }, "yaml");
  });
}

function readService(node: Node, reading: Reading): void {
  const section = readEntries(node, "service", reading);
  if (section !== null) reading.source.addService(section);
}

function readPipeline(node: Node, reading: Reading): void {
  if (!isMap(node)) return problem(reading, node, "pipeline", `write a map of ${PIPELINE_KEYS.join(", ")}`);
  for (const pair of node.items) {
    const name = keyOf(pair);
    const keyPath = `pipeline.${name}`;
    reading.source.setPlace(placeOf(reading, pair.key));
    const value = resolveAlias(pair.value, keyPath, reading);
    const key = PIPELINE_KEYS.find((known) => known === name.toLowerCase());
    if (key === undefined) problem(reading, pair.key, keyPath, unknownKey("key", name, PIPELINE_KEYS, []));
    else if (value !== null && !isEmptyScalar(value)) readList(key, keyPath, value, reading);
  }
}

function readList(list: SectionList, keyPath: string, node: Node, reading: Reading): void {
  if (!isSeq(node)) return problem(reading, node, keyPath, "write a list: each item begins with '- name: …'");
  node.items.forEach((item, index) => {
    const each = `${keyPath}[${index}]`;
    const value = resolveAlias(item, each, reading);
    const section = value === null ? null : readEntries(value, each, reading);
    if (section !== null) reading.source.add(list, section);
  });
}

/** The options of one section; null, with a problem, if it is no map. Maps inside are flattened: `storage: {path}` is `storage.path`. */
function readEntries(node: Node, keyPath: string, reading: Reading): RawSection | null {
  if (!isMap(node)) {
    problem(reading, node, keyPath, "write a map of options, one 'option: value' a line");
    return null;
  }
  const entries: RawEntry[] = [];
  const prefixLength = keyPath.length + 1;
  const add = (pairs: readonly Pair[], prefix: string): void => {
    for (const pair of pairs) {
      const each = `${prefix}.${keyOf(pair)}`;
      const value = resolveAlias(pair.value, each, reading);
      if (isMap(value)) {
        add(value.items, each);
        continue;
      }
      const [name, place] = [each.slice(prefixLength).toLowerCase(), placeOf(reading, pair.key)];
      const valuePlace = value === null ? place : placeOf(reading, value);
      const sections = sectionsOf(value, each, reading);
      entries.push({ name, keyPath: each, place, valuePlace, value: textsOf(value), sections });
    }
  };
  add(node.items, keyPath);
  return { keyPath, place: placeOf(reading, node), entries };
}

function sectionsOf(node: Node | null, keyPath: string, reading: Reading): RawEntry["sections"] {
  if (!isSeq(node) || node.items.length === 0) return null;
  const maps = node.items.filter((item) => isMap(item));
  if (maps.length < node.items.length) return null;
  return maps.flatMap((item, index) => readEntries(item, `${keyPath}[${index}]`, reading) ?? []);
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

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? textOf(pair.key) : String(pair.key);
}

function resolveAlias(node: unknown, keyPath: string, reading: Reading): Node | null {
  if (!isAlias(node)) return (node ?? null) as Node | null;
  const target = node.resolve(reading.document);
  if (target !== undefined) return target;
  problem(reading, node, keyPath, QUOTE_STAR);
  // What was meant, so that nothing else is said of it.
  const meant = new Scalar(`*${node.source}`);
  meant.range = node.range ?? null;
  return meant;
}

function isEmptyScalar(node: unknown): boolean {
  return isScalar(node) && (node.value === null || node.value === "");
}

function placeOf(reading: Reading, node: unknown): Place {
  const range = (node as Node | null)?.range;
  const { line, col } = reading.lines.linePos(range?.[0] ?? 0);
  return { file: reading.source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function problem(reading: Reading, node: unknown, keyPath: string, message: string): void {
  reading.source.found.problems.push(describe(placeOf(reading, node), keyPath, message));
}

function unknownKey(what: string, name: string, known: readonly string[], later: readonly string[]): string {
  if (later.includes(name)) return "not in this version yet; remove it";
  const near = nearest(name, known);
  return near === null ? `unknown ${what}; known are ${known.join(", ")}` : `unknown ${what}; did you mean "${near}"?`;
}
