import os from "node:os";

import { checkConfig } from "./check.ts";
import type { AgentConfig, FilterConfig, InputConfig, OutputConfig } from "./config.ts";
import { readFiles, type Variables } from "./files.ts";
import { readMultilineParsers } from "./multiline-parsers.ts";
import { nearest } from "./nearest.ts";
import { readParsers } from "./parsers.ts";
import type { Plugin, Reading } from "./plugin.ts";
import { ConfigError, describe, type Findings } from "./problem.ts";
import { entryNamed, nameOf, placeOfOption, textsNamed, type RawSection } from "./raw.ts";
import { FILTERS, INPUTS, OUTPUTS, PLUGINS_LATER, PLUGINS_REFUSED } from "./registry.ts";
import { readService } from "./service.ts";

/**
 * Reads the agent's configuration and fills in every default. Relative paths resolve against the working directory,
 * included files against the file that names them. `notices` (`file:line:column: key.path: message`) tell of what is
 * accepted without effect. Throws ConfigError with every problem found.
 */
export function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): { config: AgentConfig; notices: readonly string[] } {
  const { config, problems, notices } = examineConfig(file, env);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, notices };
}

/** The same for who wants to know it all: what has a problem holds a default or is missing. */
export function examineConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): { config: AgentConfig; problems: readonly string[]; notices: readonly string[] } {
  const found: Findings = { problems: [], notices: [] };
  const raw = readFiles(file, variablesOf(env), found);
  // What cannot be read hides what is below it: complaints about missing inputs would only mislead.
  const complete = found.problems.length === 0;
  const service = readService(raw.service, env, found);
  const parsers = readParsers(raw.parsers, found);
  const multilineParsers = readMultilineParsers(raw.multilineParsers, found);
  const reading = { found, raw, parsers, multilineParsers };
  const inputs = readPlugins<InputConfig>("input", INPUTS, raw.inputs, reading);
  const filters = readPlugins<FilterConfig>("filter", FILTERS, raw.filters, reading);
  const outputs = readPlugins<OutputConfig>("output", OUTPUTS, raw.outputs, reading);
  const config: AgentConfig = {
    service,
    inputs: present(inputs),
    filters: present(filters),
    outputs: present(outputs),
    parsers,
    multilineParsers,
  };
  if (complete) checkConfig(config, raw, { inputs, filters, outputs }, found);
  return { config, problems: inFileOrder(found.problems), notices: inFileOrder(found.notices) };
}

/** The databases of Fluent Bit's that the tail inputs of a configuration name (option `db`), each once. */
export function tailDatabases(file: string, env: Readonly<Record<string, string | undefined>>): string[] {
  const raw = readFiles(file, variablesOf(env), { problems: [], notices: [] });
  const tails = raw.inputs.filter((section) => nameOf(section) === "tail");
  return [...new Set(tails.flatMap((section) => textsNamed(section, ["db"]).map(({ text }) => text)))];
}

/** The environment, in which HOSTNAME is always set. */
function variablesOf(env: Readonly<Record<string, string | undefined>>): Variables {
  return (name) => env[name] ?? (name === "HOSTNAME" ? os.hostname() : undefined);
}

/** By file, then by the numbers of line and column, which stand in front of each message. Intl.Collator does it too, for 3 MB of tables. */
function inFileOrder(messages: readonly string[]): string[] {
  return messages.toSorted((a, b) => compareText(withPaddedNumbers(a), withPaddedNumbers(b)));
}

function withPaddedNumbers(text: string): string {
  return text.replaceAll(/\d+/g, (digits) => digits.padStart(NUMBER_DIGITS, "0"));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Of any line or column. */
const NUMBER_DIGITS = 9;

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter((item) => item !== null);
}

/** One configuration a section; null where the plugin is not known, with a problem. */
function readPlugins<Config>(
  kind: "input" | "filter" | "output",
  known: Readonly<Record<string, Plugin<Config>>>,
  sections: readonly RawSection[],
  reading: Omit<Reading, "index">,
): (Config | null)[] {
  return sections.map(
    (section, index) => pluginOf(section, kind, known, reading.found)?.read(section, { ...reading, index }) ?? null,
  );
}

/** The section's plugin, or null with a problem reported. */
function pluginOf<Config>(
  section: RawSection,
  kind: "input" | "filter" | "output",
  known: Readonly<Record<string, Plugin<Config>>>,
  found: Findings,
): Plugin<Config> | null {
  const name = nameOf(section);
  const names = Object.keys(known);
  if (name === null) {
    const message = `has no name; add name: and one of ${names.join(", ")}`;
    found.problems.push(describe(section.place, section.keyPath, message));
    return null;
  }
  if (Object.hasOwn(known, name)) return known[name] ?? null;
  const { place, keyPath } = placeOfOption(section, "name");
  if (kind === "input" && name === "tcp" && entryNamed(section, "tag")?.value === FIRELENS_HEALTH)
    found.notices.push(describe(place, keyPath, FIRELENS_HEALTH_LEFT_OUT));
  else found.problems.push(describe(place, keyPath, refusal(kind, name, names)));
  return null;
}

/** ECS writes it into every configuration of a log router, whether somebody asks it or not. */
const FIRELENS_HEALTH = "firelens-healthcheck";
const FIRELENS_HEALTH_LEFT_OUT =
  "left out: nothing answers ECS' health check on this port; set http_server: on and ask for /api/v1/health";

/** What to do about a plugin of Fluent Bit's that is not here: both agents may read the same files. */
const INSTEAD = {
  input: "remove it, or leave that input to a Fluent Bit beside this agent",
  filter: "remove it",
  output: "remove it, or leave that output to a Fluent Bit beside this agent",
} as const;

function refusal(kind: "input" | "filter" | "output", name: string, names: readonly string[]): string {
  const refused = PLUGINS_REFUSED[kind][name];
  if (refused !== undefined) return `${kind} ${name} is not supported: logq-agent ${refused}`;
  const later = PLUGINS_LATER[kind];
  if (later.includes(name))
    return `${kind} ${name} is not in this version yet; ${INSTEAD[kind]}; known: ${names.join(", ")}`;
  const near = nearest(name, [...names, ...later]);
  return `unknown ${kind} "${name}"; ${near === null ? `known: ${names.join(", ")}` : `did you mean "${near}"?`}`;
}
