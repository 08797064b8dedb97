import type { MultilineParserConfig } from "./multiline.ts";
import type { OptionGroup } from "./option.ts";
import type { ParserConfig } from "./parser-config.ts";
import { describe, type Findings } from "./problem.ts";
import { placeOfOption, type RawConfig, type RawSection } from "./raw.ts";

/** What a plugin is to the configuration: its options, and how its section is read and shown. */
export interface Plugin<Config> {
  readonly group: OptionGroup;
  /** Reads one section of it. Problems are collected; what has one holds a default, so that reading goes on. */
  read(section: RawSection, reading: Reading): Config;
  /** Its options as texts that `read` takes to the same effect; what is null is left out. */
  render(config: Config): RenderedOptions;
  /** Its options that are nobody else's business: they are not shown. */
  readonly secrets?: readonly string[];
}

export interface OutputPlugin<Config> extends Plugin<Config> {
  /** The option that says where it ships to. */
  readonly destinationOption: string;
  /** Where it ships to: two outputs with the same one are the same, unless they have aliases. */
  destination(config: Config): string;
}

export type RenderedOptions = Readonly<Record<string, string | readonly string[] | null>>;

/** What a plugin's reader knows beside its section. */
export interface Reading {
  readonly found: Findings;
  /** Place of the section among those of its kind, from 0. */
  readonly index: number;
  /** The multi-line parsers that the configuration defines. */
  readonly multilineParsers: readonly MultilineParserConfig[];
  /** All sections. */
  readonly raw: RawConfig;
  /** The parsers that the configuration defines (parsers.ts finds those that are built in too). */
  readonly parsers: readonly ParserConfig[];
}

/** Reports a problem with an option at its value, or at its section if the file does not say it. */
export function refuseOption(section: RawSection, option: string, message: string, found: Findings): void {
  const at = placeOfOption(section, option);
  found.problems.push(describe(at.place, at.keyPath, message));
}

/** A switch as the file says it. */
export function onOff(value: boolean): string {
  return value ? "on" : "off";
}
