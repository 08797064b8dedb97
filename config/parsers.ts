import { BUILT_IN_PARSERS } from "./built-in-parsers.ts";
import { nearest } from "./nearest.ts";
import { parserName, readParser, type ParserConfig } from "./parser-config.ts";
import { describe, type Findings } from "./problem.ts";
import type { RawSection } from "./raw.ts";

/** The parsers that a configuration defines, in its order. */
export function readParsers(sections: readonly RawSection[], found: Findings): ParserConfig[] {
  const first = new Map<string, RawSection>();
  return sections.flatMap((section) => {
    const name = parserName(section);
    const twin = name === null ? undefined : first.get(name);
    if (twin !== undefined) {
      const where = `${twin.place.file}:${twin.place.line}`;
      found.problems.push(
        describe(section.place, section.keyPath, `parser ${name} is defined twice, first in ${where}; remove one`),
      );
      return [];
    }
    if (name !== null) first.set(name, section);
    return readParser(section, found) ?? [];
  });
}

/** The parser of a name: one of the configuration's own, else one that is built in; null if there is none. */
export function findParser(name: string, own: readonly ParserConfig[]): ParserConfig | null {
  return [...own, ...BUILT_IN_PARSERS].find((parser) => parser.name === name) ?? null;
}

/** What is wrong with a parser's name, null if nothing is. */
export function parserNameProblem(name: string, own: readonly ParserConfig[]): string | null {
  if (findParser(name, own) !== null) return null;
  const known = [...own, ...BUILT_IN_PARSERS].map((parser) => parser.name);
  const near = nearest(name, known);
  const hint = near === null ? "define it in a section [PARSER], or under parsers" : `did you mean "${near}"?`;
  return `no parser "${name}"; ${hint}`;
}
