import type { Place } from "./problem.ts";

/** What a loader (YAML now, classic later) makes of the files: texts and where they stand, environment filled in. */
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
  /** In the order of the file; a name occurs once. */
  readonly entries: readonly RawEntry[];
}

export interface RawEntry {
  /** Lower-case, nested keys joined by dots. */
  readonly name: string;
  /** As written, for messages. */
  readonly keyPath: string;
  readonly place: Place;
  readonly valuePlace: Place;
  /** A text, or the texts of a list; null for what is neither (a list of maps). */
  readonly value: string | readonly string[] | null;
}

export function entryNamed(section: RawSection, name: string): RawEntry | undefined {
  return section.entries.find((entry) => entry.name === name);
}
