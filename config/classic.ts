import type { SectionList, Source } from "./files.ts";
import { nearest } from "./nearest.ts";
import { describe } from "./problem.ts";
import type { RawEntry } from "./raw.ts";

/**
 * Reads Fluent Bit's classic format: `[SECTION]` lines, under them one option a line, indented alike in the whole file, a
 * name and a value to the end of the line; `@INCLUDE`, `@SET`; `#` lines are comments. What does not begin a line is part of
 * a value, a `#` too. Spec: Fluent Bit manual, administration/configuring-fluent-bit/classic-mode.
 */
export function readClassic(source: Source): void {
  const reading: Reading = { source, counts: new Map(), indentation: null, section: null };
  source.text.split(/\r?\n/).forEach((line, index) => {
    if (/^\s*(?:#|$)/.test(line)) return;
    if (line.startsWith("@")) readCommand(line, index + 1, reading);
    else if (line.startsWith("[")) beginSection(line, index + 1, reading);
    else readOption(line, index + 1, reading);
  });
}

interface Reading {
  readonly source: Source;
  /** How many sections of each name the file has had. */
  readonly counts: Map<string, number>;
  /** The blanks before the first option of the file, and its line. */
  indentation: { readonly blanks: string; readonly line: number } | null;
  section: OpenSection | null;
}

interface OpenSection {
  readonly keyPath: string;
  /** The entries of the section, which was handed on already; null: it was refused, and its options say nothing. */
  readonly entries: RawEntry[] | null;
}

const SECTIONS: Readonly<Record<string, SectionList | "service">> = {
  SERVICE: "service",
  INPUT: "inputs",
  FILTER: "filters",
  OUTPUT: "outputs",
  PARSER: "parsers",
  MULTILINE_PARSER: "multiline_parsers",
};

/** Sections that Fluent Bit knows and this version refuses. */
const LATER = ["CUSTOM", "PLUGINS", "STREAM_TASK", "UPSTREAM", "NODE"];

function readCommand(line: string, number: number, reading: Reading): void {
  const [, command = "", rest = ""] = /^@(\S*)\s*(.*?)\s*$/.exec(line) ?? [];
  const keyPath = `@${command}`;
  const at = { place: placeOf(reading, number, 0), keyPath };
  const valueAt = {
    place: placeOf(reading, number, rest === "" ? 0 : line.indexOf(rest, command.length + 1)),
    keyPath,
  };
  const [, name, value = ""] = /^([^=]+?)\s*=\s*(.*)$/.exec(rest) ?? [];
  switch (command.toUpperCase()) {
    case "INCLUDE":
      if (rest === "") refuse(reading, at, "names no file");
      else reading.source.include(rest, valueAt, "classic");
      return;
    case "SET":
      if (name === undefined) refuse(reading, valueAt, "write @SET NAME=value");
      else reading.source.setVariable(name, value, valueAt);
      return;
    default: {
      const near = nearest(command.toUpperCase(), ["INCLUDE", "SET"]);
      refuse(reading, at, `unknown command; ${near === null ? "known: @INCLUDE, @SET" : `did you mean "@${near}"?`}`);
    }
  }
}

function beginSection(line: string, number: number, reading: Reading): void {
  const { source } = reading;
  const [, written = ""] = /^\[([^\]]*)\]/.exec(line) ?? [];
  const name = written.trim().toUpperCase();
  const count = reading.counts.get(name) ?? 0;
  reading.counts.set(name, count + 1);
  const list = SECTIONS[name] ?? null;
  const keyPath = list === "service" ? name : `${name}[${count}]`;
  const place = placeOf(reading, number, 0);
  reading.section = { keyPath, entries: null };
  if (!line.includes("]"))
    return refuse(reading, { place, keyPath: "" }, "[ without a ]; write the section's name as [INPUT]");
  if (list === null) return refuse(reading, { place, keyPath: `[${written}]` }, unknownSection(name));
  const isParser = list === "parsers" || list === "multiline_parsers";
  if (source.parsersOnly && !isParser)
    return refuse(
      reading,
      { place, keyPath: name },
      "does not belong into a file of parsers; write it in the main file",
    );
  // Handed on before its options are read: sections of files that are included below it come after it.
  const entries: RawEntry[] = [];
  reading.section = { keyPath, entries };
  if (list === "service") return source.addService({ keyPath, place, entries });
  if (!isParser) source.setPlace(place);
  source.add(list, { keyPath, place, entries });
}

function unknownSection(name: string): string {
  if (LATER.includes(name)) return "not in this version yet; remove it";
  const near = nearest(name, [...Object.keys(SECTIONS), ...LATER]);
  if (near !== null) return `unknown section; did you mean "[${near}]"?`;
  return `unknown section; known are ${Object.keys(SECTIONS).join(", ")}`;
}

function readOption(line: string, number: number, reading: Reading): void {
  const [, blanks = "", name = "", gap = "", value = ""] = /^([ \t]*)(\S+)([ \t]*)(.*?)[ \t]*$/.exec(line) ?? [];
  const { section } = reading;
  const keyPath = section === null ? name : `${section.keyPath}.${name}`;
  const at = { place: placeOf(reading, number, blanks.length), keyPath };
  if (section === null) return refuse(reading, at, "stands under no section; write one above it, such as [INPUT]");
  if (section.entries === null) return;
  if (blanks === "")
    return refuse(reading, at, "is not indented; options of a section are, by four blanks for example");
  reading.indentation ??= { blanks, line: number };
  if (name.startsWith("[")) {
    refuse(reading, at, "groups such as processors are not in this version yet; use filters");
    reading.section = { ...section, entries: null };
    return;
  }
  if (blanks !== reading.indentation.blanks)
    refuse(
      reading,
      at,
      `is indented otherwise than line ${reading.indentation.line}; indent all options of a file alike`,
    );
  section.entries.push({
    name: name.toLowerCase(),
    keyPath,
    place: at.place,
    valuePlace: placeOf(reading, number, value === "" ? blanks.length : blanks.length + name.length + gap.length),
    value,
    sections: null,
  });
}

function placeOf({ source }: Reading, line: number, offset: number): RawEntry["place"] {
  return { file: source.file, line, column: offset + 1 };
}

function refuse({ source }: Reading, at: Pick<RawEntry, "place" | "keyPath">, message: string): void {
  source.found.problems.push(describe(at.place, at.keyPath, message));
}
