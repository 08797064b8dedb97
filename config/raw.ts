import type { Place } from "./problem.ts";

/** What the loaders (YAML and classic) make of the files: texts and where they stand, environment filled in. */
export interface RawConfig {
  /** Where problems of the configuration as a whole are shown: the start of the pipeline, or of the file. */
  readonly place: Place;
  readonly service: RawSection | null;
  readonly inputs: readonly RawSection[];
  readonly filters: readonly RawSection[];
  readonly outputs: readonly RawSection[];
  readonly parsers: readonly RawSection[];
  readonly multilineParsers: readonly RawSection[];
}

/** A plugin's section, or `service`. */
export interface RawSection {
  /** `service`, `pipeline.inputs[0]`, `parsers[2]`. */
  readonly keyPath: string;
  readonly place: Place;
  /** In the order of the file; a name may occur several times (classic files repeat `Regex`). */
  readonly entries: readonly RawEntry[];
}

export interface RawEntry {
  /** Lower-case, nested keys joined by dots. */
  readonly name: string;
  /** As written, for messages. */
  readonly keyPath: string;
  readonly place: Place;
  readonly valuePlace: Place;
  /** A text, or the texts of a list; null for what is neither. */
  readonly value: string | readonly string[] | null;
  /** The maps of a list of maps, such as `rules`; null if it is none. */
  readonly sections: readonly RawSection[] | null;
}

/** The texts of the entries with one of the names, in the order of the file, each item of a list on its own. */
export function textsNamed(
  section: RawSection,
  names: readonly string[],
): { readonly name: string; readonly text: string; readonly entry: RawEntry }[] {
  return section.entries
    .filter(({ name }) => names.includes(name))
    .flatMap((entry) => [entry.value ?? []].flat().map((text) => ({ name: entry.name, text, entry })));
}

/** The section's `name`, lower-case, or null if it has none. */
export function nameOf(section: RawSection): string | null {
  const value = entryNamed(section, "name")?.value;
  return typeof value === "string" && value !== "" ? value.toLowerCase() : null;
}

/** Where to show what is wrong with an option: at its value, or at the section if the file does not say it. */
export function placeOfOption(section: RawSection, option: string): { place: Place; keyPath: string } {
  const entry = entryNamed(section, option);
  return entry === undefined ? section : { place: entry.valuePlace, keyPath: entry.keyPath };
}

/** The first entry with the name. */
export function entryNamed(section: RawSection, name: string): RawEntry | undefined {
  return section.entries.find((entry) => entry.name === name);
}
