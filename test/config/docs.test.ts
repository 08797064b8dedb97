import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { configurationPage } from "../../config/docs.ts";
import { loadConfig } from "../../config/load.ts";
import type { Option, OptionGroup } from "../../config/option.ts";
import type { Plugin } from "../../config/plugin.ts";
import { FILTERS, INPUTS, OUTPUTS } from "../../config/registry.ts";
import { SERVICE } from "../../config/service.ts";
import { readSettings } from "../../config/settings.ts";

const PLUGINS = ([INPUTS, FILTERS, OUTPUTS] as const).flatMap((kind) => Object.entries<Plugin<unknown>>(kind));
const GROUPS: [string, OptionGroup][] = [
  ["service", SERVICE],
  ...PLUGINS.map(([name, { group }]): [string, OptionGroup] => [name, group]),
];
const OPTIONS = GROUPS.flatMap(([group, { options }]) =>
  Object.entries<Option>(options).map(([name, option]) => ({ name: `${group} ${name}`, option })),
);

test("docs/configuration.md is what npm run docs writes", () => {
  expect(readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8")).toBe(configurationPage());
});

test.each(OPTIONS)("$name is documented in one sentence, under a lower-case name", ({ name, option }) => {
  expect(option.doc).toMatch(/^\S.{10,}[.]$/s);
  expect(name).toBe(name.toLowerCase());
  expect(configurationPage()).toContain(option.doc);
});

describe.each(GROUPS)("the options of %s", (name, group) => {
  test("have defaults that the file itself could say", () => {
    const found = { problems: [], notices: [] };
    expect(() => readSettings(group, name, null, found)).not.toThrow();
    expect(found).toEqual({ problems: [], notices: [] });
  });

  test("are not ignored or refused as well", () => {
    const names = [...Object.keys(group.options), ...Object.keys(group.ignored), ...Object.keys(group.later)];
    expect(names).toHaveLength(new Set(names).size);
  });
});

test("the shipped configuration loads without a notice", () => {
  const file = new URL("../../config/logq-agent.yaml", import.meta.url).pathname;
  expect(loadConfig(file, {}).notices).toEqual([]);
});
