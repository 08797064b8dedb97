import type { Option, OptionGroup } from "./option.ts";
import type { Plugin } from "./plugin.ts";
import { FILTERS, INPUTS, OUTPUTS } from "./registry.ts";
import { SERVICE } from "./service.ts";

type Schema = Readonly<Record<string, unknown>>;

/**
 * A JSON Schema (draft 7, which editors know best) of the YAML format, for completion and help. It is stricter than the
 * agent in one thing: names are lower-case there.
 */
export function configurationSchema(): Schema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    $comment: "Generated from config/ by: npm run docs",
    title: "Configuration of logq-agent",
    type: "object",
    properties: {
      env: { description: "Variables for ${NAME}.", type: "object", additionalProperties: SCALAR },
      includes: { description: "Further files, relative to this one.", type: "array", items: { type: "string" } },
      service: groupSchema(SERVICE),
      pipeline: {
        type: "object",
        properties: {
          inputs: pluginsSchema(INPUTS),
          filters: pluginsSchema(FILTERS),
          outputs: pluginsSchema(OUTPUTS),
        },
        additionalProperties: false,
      },
      parsers: { type: "array", items: { type: "object", required: ["name"] } },
      multiline_parsers: { type: "array", items: { type: "object", required: ["name"] } },
    },
    additionalProperties: false,
  };
}

const SCALAR: Schema = { type: ["string", "number", "boolean"] };
/** A variable may stand for any value. */
const VARIABLE: Schema = { type: "string", pattern: "\\$\\{" };

function pluginsSchema(known: Readonly<Record<string, Plugin<unknown>>>): Schema {
  const cases = Object.entries(known).map(([name, { group }]) => ({
    // Not `if … then`: an object with a `then` is a promise to JavaScript.
    if: { properties: { name: { not: { const: name } } } },
    else: groupSchema(group, { name: { const: name } }),
  }));
  const items = {
    type: "object",
    required: ["name"],
    properties: { name: { enum: Object.keys(known) } },
    allOf: cases,
  };
  return { type: "array", items };
}

function groupSchema(group: OptionGroup, own: Readonly<Record<string, Schema>> = {}): Schema {
  const options = Object.entries<Option>(group.options);
  const properties: Record<string, Schema> = { ...own };
  for (const [name, option] of options) properties[name] = optionSchema(option);
  const patterns: Record<string, Schema> = {};
  for (const [name, reason] of Object.entries(group.ignored)) {
    const needless = { description: `Without effect: ${reason}.`, deprecated: true };
    if (name.endsWith("*")) patterns[`^${literally(name.slice(0, -1))}`] = needless;
    else properties[name] = needless;
  }
  // `storage: {path: …}` is `storage.path: …`.
  for (const name of [...Object.keys(group.options), ...Object.keys(group.ignored)]) {
    const [outer = "", inner] = name.split(".");
    if (inner !== undefined) properties[outer] ??= { type: "object" };
  }
  const required = options.filter(([, { required: isRequired }]) => isRequired === true).map(([name]) => name);
  return {
    description: group.doc,
    type: "object",
    properties,
    ...(Object.keys(patterns).length > 0 && { patternProperties: patterns }),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function optionSchema(option: Option): Schema {
  const { default: value, doc } = option;
  return { description: doc, ...(value !== null && value !== "" && { default: value }), ...valueSchema(option) };
}

function valueSchema({ type, values = [], synonyms = {} }: Option): Schema {
  switch (type) {
    case "boolean":
      return { anyOf: [{ enum: ["on", "off", "true", "false", "yes", "no", true, false] }, VARIABLE] };
    case "integer":
      return { anyOf: [{ type: "integer" }, VARIABLE] };
    case "size":
    case "duration":
      return { type: ["number", "string"] };
    case "list":
    case "texts":
      return { anyOf: [SCALAR, { type: "array", items: SCALAR }] };
    case "enum": {
      const words = [...values, ...Object.keys(synonyms)];
      // A YAML editor takes 30 for a number and off for a switch.
      const others = words.flatMap((word): (number | boolean)[] =>
        /^\d+$/.test(word) ? [Number(word)] : word === "off" ? [false] : [],
      );
      return { anyOf: [{ enum: [...words, ...others] }, VARIABLE] };
    }
    default:
      return SCALAR;
  }
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(configurationSchema(), null, 2)}\n`);
