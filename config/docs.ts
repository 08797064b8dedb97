import { readFileSync } from "node:fs";

import { BUILT_IN_PARSERS } from "./built-in-parsers.ts";
import { MULTILINE_PARSER_GROUP } from "./multiline-parsers.ts";
import type { Option, OptionGroup } from "./option.ts";
import { PARSER_GROUP } from "./parser-config.ts";
import type { Plugin } from "./plugin.ts";
import { FILTERS, INPUTS, OUTPUTS, PLUGINS_LATER, SECTIONS_LATER } from "./registry.ts";
import { SERVICE } from "./service.ts";

/** docs/configuration.md, from the definition of the options and the shipped example. */
export function configurationPage(): string {
  const example = readFileSync(new URL("logq-agent.yaml", import.meta.url), "utf8");
  return [
    INTRODUCTION.replace("EXAMPLE", () => example.trimEnd()),
    group("service", SERVICE),
    ...plugins("input", INPUTS),
    ...plugins("filter", FILTERS),
    ...plugins("output", OUTPUTS),
    group("parser", PARSER_GROUP),
    `Built in, unless the configuration defines one of the name: ${codes(BUILT_IN_PARSERS.map(({ name }) => name))}.\n`,
    group("multiline parser", MULTILINE_PARSER_GROUP),
    `## Not in this version yet\n\nKnown, and refused with these words rather than as a misspelling:\n`,
    `- sections: ${codes(SECTIONS_LATER)}`,
    `- inputs: ${codes(PLUGINS_LATER.input)}`,
    `- filters: ${codes(PLUGINS_LATER.filter)}`,
    `- outputs: ${codes(PLUGINS_LATER.output)}\n`,
  ].join("\n");
}

const INTRODUCTION = `# Configuration of logq-agent

<!-- Generated from config/ by: npm run docs -->

The file is in Fluent Bit's YAML format or in its classic one (\`.conf\`), with Fluent Bit's names and meanings wherever the
feature exists there; options marked *ours* do not. \`logq-agent -c FILE --dry-run\` checks a file and prints what it comes to.

\`\`\`yaml
EXAMPLE
\`\`\`

**Values.** Names of options, plugins and fixed values are taken in any case. Sizes are bytes, or a number with K, M or G
(powers of 1000): \`32000\`, \`32k\`, \`64M\`. Durations are seconds, or a number with s, m, h or d: \`60\`, \`10m\` (ours: \`ms\` and
decimals). Booleans are \`on\`, \`true\`, \`yes\`, \`off\`, \`false\`, \`no\`. Lists are written with commas or as YAML lists; what may be repeated is
one text or a YAML list of texts. \`a: {b: c}\`
is the same as \`a.b: c\`.

**Paths.** Relative paths resolve against the working directory, \`includes\` against the file that names them.

**Environment.** \`\${NAME}\` in a value is replaced from the file's \`env\` section (classic: \`@SET NAME=value\`), else from the
environment; \`\${HOSTNAME}\` is always known. A variable that is not set is replaced by nothing, with a notice, or by what
\`\${NAME:-text}\` says; an option that comes to nothing so is as if it were not there.

**Includes.** \`includes: [more.yaml, conf.d/*.yaml]\` reads further files; their inputs, filters and outputs come in the order
in which they stand. Classic: \`@INCLUDE conf.d/*.conf\`, relative to the main file, else to the file that includes. Each
file may be in either format.

**Classic files** have \`[SERVICE]\`, \`[INPUT]\`, \`[FILTER]\`, \`[OUTPUT]\`, \`[PARSER]\` and \`[MULTILINE_PARSER]\` sections, under each
of them one option a line, indented alike: a name, blanks, and the value to the end of the line. Lines that begin with \`#\` are
comments.

**Editors** complete and check YAML by config/logq-agent.schema.json: a first line
\`# yaml-language-server: $schema=PATH\` names it. It knows lower-case names only.

**Coming from Fluent Bit.** Its files are read as they are. \`logq-agent migrate fluent-bit.conf\` prints them as one file of YAML
with remarks. Its offsets: stop Fluent Bit, so that it ships what it has read, run \`logq-agent migrate --offsets -c
fluent-bit.conf\` before the first start of logq-agent, then start that. Files are known by their inodes, rotated ones too;
one that was compressed in between is not, and is shipped from its start if no other file of its container was known. What
Fluent Bit has read but could not ship is not shipped again; a partial CRI or multi-line record that it held open neither.
[Coming from Fluentd](fluentd.md) is a page of its own.

**Problems** are all reported at once as \`file:line:column: key.path: message\`, and stop the start with exit code 2.
`;

function plugins(kind: string, known: Readonly<Record<string, Plugin<unknown>>>): string[] {
  return Object.entries(known).map(([name, each]) => group(`${kind} ${name}`, each.group));
}

function group(title: string, { doc, options, ignored, later }: OptionGroup): string {
  const lines = [`## ${title}\n`, `${doc}\n`, "| option | type | default | meaning |", "| --- | --- | --- | --- |"];
  for (const [name, option] of Object.entries(options)) {
    const ours = option.origin === "ours" ? "*ours*. " : "";
    lines.push(`| \`${name}\` | ${typeOf(option)} | ${defaultOf(option)} | ${ours}${cell(option.doc)} |`);
  }
  lines.push(
    "",
    ...statement("Accepted without effect, with a notice", ignored),
    ...statement("Not in this version yet", later),
  );
  return lines.join("\n");
}

/** An option's type and limits, as the docs say it. */
export function typeOf(option: Option): string {
  if (option.type === "texts") return "text, may be repeated";
  if (option.values !== undefined) return `${option.type === "list" ? "list of " : ""}${codes(option.values)}`;
  const limits = option.min === undefined ? "" : `, ${option.min} to ${option.max ?? "any"}`;
  return `${option.type}${limits}`;
}

/** Its default, `required` or `none`. */
export function defaultOf(option: Option): string {
  if (option.required === true) return "required";
  return option.default === null || option.default === "" ? "none" : `\`${option.default}\``;
}

function statement(what: string, texts: Readonly<Record<string, string>>): string[] {
  return Object.keys(texts).length === 0 ? [] : [`${what}: ${reasons(texts)}.`, ""];
}

/** Names with the same reason together. */
function reasons(texts: Readonly<Record<string, string>>): string {
  const byReason = Map.groupBy(Object.entries(texts), ([, reason]) => reason);
  return [...byReason]
    .map(([reason, entries]) => codes(entries.map(([name]) => name)) + (reason === "" ? "" : ` (${cell(reason)})`))
    .join("; ");
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) process.stdout.write(configurationPage());
