import type { InputConfig } from "../../config/config.ts";
import type { ParserFilterConfig } from "../../config/filter/parser.ts";

/** A tail's `parser` is a filter before all others: what it makes of lines is journaled with them. */
export function lineParserFilters(inputs: readonly InputConfig[]): ParserFilterConfig[] {
  return inputs.flatMap((input, index) => {
    if (input.plugin !== "tail" || input.parser === null) return [];
    const { tag, parser } = input;
    const match = { pattern: tag, regex: false };
    const common = { keyName: "log", reserveData: false, preserveKey: false };
    return [{ plugin: "parser", match, input: `tail.${index}`, parsers: [parser], ...common }];
  });
}
