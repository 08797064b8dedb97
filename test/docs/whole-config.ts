import { parse } from "yaml";
import { FILTERS, INPUTS, OUTPUTS } from "../../config/registry.ts";

type Section = Record<string, unknown>;

const INPUT = { name: "tail", tag: "kube.*", path: "/var/log/containers/*.log", "multiline.parser": "cri" };
const OUTPUT = { name: "null", match: "*" };

/**
 * A configuration that the agent can load, of what a page shows of one: a whole file, some of its sections, or some
 * items of a section's list. What is missing is the least that the agent takes. Null where it is something else.
 */
export function wholeConfig(yaml: string): Section | null {
  const shown = parse(yaml) as Section | Section[] | null;
  if (Array.isArray(shown)) return ofItems(shown);
  if (shown === null || !["service", "pipeline", "parsers", "multiline_parsers", "env"].some((key) => key in shown)) {
    return null;
  }
  const pipeline = (shown["pipeline"] ?? {}) as Section;
  return { ...shown, pipeline: { inputs: [INPUT], outputs: [OUTPUT], ...pipeline } };
}

/** Items of an indented list, which say by their names where they belong. */
function ofItems(items: readonly Section[]): Section | null {
  const of = (plugins: object): Section[] => items.filter(({ name }) => String(name) in plugins);
  // Both an input and an output are called cloudwatch_logs: with a `match` it is an output.
  const inputs = of(INPUTS).filter((item) => !("match" in item));
  const outputs = of(OUTPUTS).filter((item) => "match" in item);
  const filters = of(FILTERS);
  if (inputs.length + filters.length + outputs.length !== items.length) return null;
  const orElse = (some: Section[], least: Section): Section[] => (some.length > 0 ? some : [least]);
  return { pipeline: { inputs: orElse(inputs, INPUT), filters, outputs: orElse(outputs, OUTPUT) } };
}
