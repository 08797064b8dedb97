import { closeSync, constants, fstatSync, globSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";

import { readClassic } from "./classic.ts";
import { describe, type Findings, type Place } from "./problem.ts";
import type { RawConfig, RawEntry, RawSection } from "./raw.ts";
import { parseList } from "./scalar.ts";
import { readYaml } from "./yaml.ts";

/** How many files a configuration may have, with all that it includes. */
const FILES_MAX = 100;
/** Bytes of one of them. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Characters of a value, when its variables are filled in: each may hold others twice. */
const VALUE_LENGTH_MAX = 1024 * 1024;

/** Lists of sections, by the name that YAML gives them. */
export type SectionList = "inputs" | "filters" | "outputs" | "parsers" | "multiline_parsers";

/** One file, and where what is found in it goes. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly found: Findings;
  /** A file of `parsers_file`: it holds parsers alone. */
  readonly parsersOnly: boolean;
  /** Reads other files in place of what stands at `at`: a name or a pattern, relative to what its format says. */
  include(name: string, at: At, format: "classic" | "yaml"): void;
  /** A variable of the file's own: it comes before the environment's. */
  setVariable(name: string, text: string, at: At): void;
  /** Where problems of the whole pipeline are shown; the first counts. */
  setPlace(place: Place): void;
  /** What a section holds may be added to it until the file was read. */
  addService(section: RawSection): void;
  add(list: SectionList, section: RawSection): void;
}

/** What a message is about: where it stands, and its key path. */
interface At {
  readonly place: Place;
  readonly keyPath: string;
}

/** What stands for `${name}`, undefined if it is not set; `written` is the whole of it. */
export type Variables = (name: string, written: string) => string | undefined;

/**
 * Reads a configuration with every file that it includes, in Fluent Bit's classic format or in YAML, as its content says,
 * and the files of `parsers_file`. `${NAME}` is replaced from the files' own variables, else from `variables`; what is not set is
 * replaced by nothing, with a notice, as Fluent Bit does. Problems are collected, not thrown; what can be read is returned
 * beside them.
 */
export function readFiles(file: string, variables: Variables, found: Findings): RawConfig {
  const state: ReadState = {
    found,
    variables,
    main: file,
    own: new Map(),
    files: [],
    place: null,
    services: [],
    lists: emptyLists(),
  };
  readFile(file, [], null, false, state);
  const [first] = state.services;
  const entries = state.services.flatMap((section) => section.entries);
  const service = first === undefined ? null : substituted({ ...first, entries }, state);
  for (const entry of service?.entries ?? []) if (entry.name === "parsers_file") readParsersFiles(entry, state);
  const fill = (section: RawSection): RawSection => substituted(section, state);
  return {
    place: state.place ?? { file, line: 1, column: 1 },
    service,
    inputs: state.lists.inputs.map(fill),
    filters: state.lists.filters.map(fill),
    outputs: state.lists.outputs.map(fill),
    parsers: state.lists.parsers.map(fill),
    multilineParsers: state.lists.multiline_parsers.map(fill),
  };
}

interface ReadState {
  readonly found: Findings;
  readonly variables: Variables;
  readonly main: string;
  readonly own: Map<string, string>;
  /** Every file read so far, resolved. */
  readonly files: string[];
  place: Place | null;
  /** As many as files have one. */
  readonly services: RawSection[];
  readonly lists: Record<SectionList, RawSection[]>;
}

function emptyLists(): ReadState["lists"] {
  return { inputs: [], filters: [], outputs: [], parsers: [], multiline_parsers: [] };
}

/** `chain`: the files that include this one, outermost first. */
function readFile(
  file: string,
  chain: readonly string[],
  includedAt: At | null,
  parsersOnly: boolean,
  state: ReadState,
): void {
  const report = (message: string): void => {
    const line = includedAt === null ? `${file}: ${message}` : describe(includedAt.place, includedAt.keyPath, message);
    state.found.problems.push(line);
  };
  const resolved = path.resolve(file);
  if (chain.some((outer) => path.resolve(outer) === resolved)) {
    return report(`files include each other in a circle: ${[...chain, file].join(" → ")}; remove one of the includes`);
  }
  if (state.files.includes(resolved)) return report(`${file} is included twice; remove one of the includes`);
  if (state.files.length >= FILES_MAX) return report(`more than ${FILES_MAX} files; include fewer`);
  state.files.push(resolved);
  let text: string;
  try {
    text = readText(file, chain.length === 0 && !parsersOnly);
  } catch (error) {
    return report(`cannot read ${file}: ${(error as Error).message.replace(/, \w+ '.*/, "")}`);
  }
  const source = sourceOf(file, text, [...chain, file], parsersOnly, state);
  if (isClassic(file, text)) readClassic(source);
  else readYaml(source);
}

/** What an include names is a file; the main one may come from a pipe, as in `-c <(…)`. */
function readText(file: string, isMain: boolean): string {
  const fd = openSync(file, constants.O_RDONLY | (isMain ? 0 : constants.O_NONBLOCK));
  try {
    if (!isMain && !fstatSync(fd).isFile()) throw new Error("it is no regular file");
    const parts: Buffer[] = [];
    for (let bytes = 0; ;) {
      const part = Buffer.alloc(64 * 1024);
      const length = readSync(fd, part);
      if (length === 0) return Buffer.concat(parts).toString("utf8");
      parts.push(part.subarray(0, length));
      bytes += length;
      if (bytes > FILE_BYTES_MAX)
        throw new Error(`it is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB; is it a configuration?`);
    }
  } finally {
    closeSync(fd);
  }
}

/** By the first line that says something, else by the name: no YAML file of ours begins with `[` or `@`. */
function isClassic(file: string, text: string): boolean {
  const [first] = /^[ \t]*[^#\s].*$/m.exec(text) ?? [];
  if (first === undefined) return file.endsWith(".conf");
  if (/^\s*[[@]/.test(first)) return true;
  return file.endsWith(".conf") && !/^["']?\w+["']?\s*:(\s|$)/.test(first);
}

function sourceOf(
  file: string,
  text: string,
  chain: readonly string[],
  parsersOnly: boolean,
  state: ReadState,
): Source {
  return {
    file,
    text,
    found: state.found,
    parsersOnly,
    include: (name, at, format) => {
      for (const each of namedFiles(name, file, format, at, state)) readFile(each, chain, at, parsersOnly, state);
    },
    setVariable: (name, value, at) => state.own.set(name, substitute(value, at, state)),
    setPlace: (place) => (state.place ??= place),
    addService: (section) => state.services.push(section),
    add: (list, section) => state.lists[list].push(section),
  };
}

/**
 * The files that an include names. In YAML its name is relative to the file that includes; in the classic format to the
 * main file, as in Fluent Bit, and if there is none to the file that includes.
 */
function namedFiles(name: string, from: string, format: "classic" | "yaml", at: At, state: ReadState): string[] {
  const bases = format === "classic" && path.dirname(from) !== path.dirname(state.main) ? [state.main, from] : [from];
  const candidates = bases.map((base) => path.join(path.isAbsolute(name) ? "" : path.dirname(base), name));
  if (!/[*?[]/.test(name))
    return candidates.filter((each, index) => isFile(each) || index === candidates.length - 1).slice(0, 1);
  const matched = candidates.map((pattern) => globSync(pattern).toSorted()).find((files) => files.length > 0);
  if (matched !== undefined) return matched;
  state.found.problems.push(describe(at.place, at.keyPath, `no file matches ${candidates.at(-1)}`));
  return [];
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/** Parsers that Fluent Bit's image brings along under these names are built in here. */
const FILES_OF_FLUENT_BIT = ["parsers.conf", "parsers_multiline.conf"];

/** Relative names are relative to the working directory, else to the main file, as in Fluent Bit. */
function readParsersFiles(entry: RawEntry, state: ReadState): void {
  const at = { place: entry.valuePlace, keyPath: entry.keyPath };
  for (const name of [entry.value ?? []].flat().flatMap(parseList)) {
    const file = isFile(name) || path.isAbsolute(name) ? name : path.join(path.dirname(state.main), name);
    if (isFile(file) || !FILES_OF_FLUENT_BIT.includes(path.basename(file))) readFile(file, [], at, true, state);
    else {
      const message = `${file} is not there; if it is the one of Fluent Bit's image, its parsers are built in`;
      state.found.notices.push(describe(at.place, at.keyPath, message));
    }
  }
}

function substituted(section: RawSection, state: ReadState): RawSection {
  const entries = section.entries.flatMap((entry): RawEntry[] => {
    const at = { place: entry.valuePlace, keyPath: entry.keyPath };
    const fill = (text: string): string => substitute(text, at, state);
    const { value } = entry;
    const sections = entry.sections?.map((each) => substituted(each, state)) ?? null;
    if (typeof value !== "string") return [{ ...entry, value: value?.map(fill) ?? null, sections }];
    const filled = fill(value);
    // Nothing but variables that are not set: as if the option were not there, which Fluent Bit does too.
    return filled === "" && value !== "" ? [] : [{ ...entry, value: filled, sections }];
  });
  return { ...section, entries };
}

/** `${NAME}` and `${NAME:-what stands for it if it is not set}`. */
function substitute(text: string, at: At, state: ReadState): string {
  let length = 0;
  return text.replace(/\$\{([^}:]*)(?::-([^}]*))?\}/g, (written, name: string, instead: string | undefined) => {
    const value = state.own.get(name) ?? state.variables(name, written);
    if (value !== undefined && (value !== "" || instead === undefined)) {
      length += value.length;
      if (length <= VALUE_LENGTH_MAX) return value;
      const message = `longer than ${VALUE_LENGTH_MAX} characters with its variables; make it shorter`;
      if (length - value.length <= VALUE_LENGTH_MAX) state.found.problems.push(describe(at.place, at.keyPath, message));
      return "";
    }
    if (instead !== undefined) return instead;
    const message = `environment variable ${name} is not set, replaced by nothing`;
    state.found.notices.push(describe(at.place, at.keyPath, message));
    return "";
  });
}
