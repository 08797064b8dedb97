import { Document } from "yaml";

import type { AgentConfig } from "./config.ts";
import { renderParser } from "./parser-config.ts";
import { renderMultilineParser } from "./multiline-parsers.ts";
import type { Plugin, RenderedOptions } from "./plugin.ts";
import { FILTERS, INPUTS, OUTPUTS } from "./registry.ts";
import { renderService } from "./service.ts";

/** What stands for a secret where it is not to be shown. */
const MASK = "********";

/**
 * The effective configuration as YAML that the agent reads again to the same effect: every option with its value,
 * sizes and durations with their units, paths absolute. `masked`: for people's eyes and CI's logs, with MASK for every secret.
 */
export function renderConfig(config: AgentConfig, secrets: "shown" | "masked" = "shown"): string {
  const optionsOf: OptionsOf = secrets === "shown" ? allOptionsOf : maskedOptionsOf;
  const document = new Document(
    {
      service: present(renderService(config.service)),
      pipeline: {
        inputs: config.inputs.map((input) => optionsOf(input, INPUTS)),
        filters: config.filters.map((filter) => optionsOf(filter, FILTERS)),
        outputs: config.outputs.map((output) => optionsOf(output, OUTPUTS)),
      },
      ...(config.parsers.length > 0 && { parsers: config.parsers.map((parser) => present(renderParser(parser))) }),
      ...(config.multilineParsers.length > 0 && {
        multiline_parsers: config.multilineParsers.map((parser) => renderMultilineParser(parser)),
      }),
    },
    // The loader's own schema: every value is a text, quoted only where YAML needs it.
    { schema: "failsafe" },
  );
  return document.toString({ lineWidth: 0 });
}

type OptionsOf = <Config extends { readonly plugin: string }>(
  config: Config,
  known: Readonly<Record<string, Plugin<Config>>>,
) => RenderedOptions;

const allOptionsOf: OptionsOf = (config, known) => ({
  name: config.plugin,
  ...present(known[config.plugin]?.render(config) ?? {}),
});

const maskedOptionsOf: OptionsOf = (config, known) => {
  const secrets = known[config.plugin]?.secrets ?? [];
  const masked = Object.entries(allOptionsOf(config, known)).map(([name, value]) => {
    if (!secrets.includes(name)) return [name, value];
    return [name, typeof value === "string" ? MASK : value?.map(() => MASK)];
  });
  return Object.fromEntries(masked) as RenderedOptions;
};

function present(options: RenderedOptions): RenderedOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));
}
