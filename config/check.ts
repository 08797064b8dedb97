import path from "node:path";

import picomatch from "picomatch";

import type { AgentConfig, FilterConfig, InputConfig, OutputConfig } from "./config.ts";
import type { TailConfig } from "./input/tail.ts";
import type { Match } from "./match.ts";
import { refuseOption, type OutputPlugin } from "./plugin.ts";
import { describe, type Findings } from "./problem.ts";
import { placeOfOption, type RawConfig, type RawSection } from "./raw.ts";
import { OUTPUTS } from "./registry.ts";
import { PARTITION_COLUMNS } from "./table.ts";

/** Plugins in the order of their sections; null where one could not be read. */
interface Read {
  readonly inputs: readonly (InputConfig | null)[];
  readonly filters: readonly (FilterConfig | null)[];
  readonly outputs: readonly (OutputConfig | null)[];
}

/** What no single option shows: empty pipelines, tags that meet no match, one destination twice, an agent that reads what it writes. */
export function checkConfig(config: AgentConfig, raw: RawConfig, read: Read, found: Findings): void {
  const missing = (key: string, what: string): number =>
    found.problems.push(describe(raw.place, `pipeline.${key}`, what));
  if (raw.inputs.length === 0) missing("inputs", "no input; add one, such as name: tail with a path");
  if (raw.outputs.length === 0) missing("outputs", "no output; add one, such as name: directory with a path");
  read.inputs.forEach((input, index) => {
    const section = raw.inputs[index];
    if (input?.plugin === "tail" && section !== undefined) checkTail(input, section, config, found);
  });
  checkListeners(read.inputs, raw.inputs, found);
  for (const [kind, plugins] of [
    ["filters", read.filters],
    ["outputs", read.outputs],
  ] as const) {
    plugins.forEach((plugin, index) => {
      const section = raw[kind][index];
      if (plugin !== null && section !== undefined) checkMatch(plugin.match, section, config, found);
    });
  }
  checkOutputs(read.outputs, raw.outputs, found);
  checkGroups(read.inputs, raw.inputs, found);
}

function checkTail(input: TailConfig, section: RawSection, config: AgentConfig, found: Findings): void {
  const own = [
    { folder: config.service.storagePath, levels: 0 },
    ...config.outputs.flatMap((out) => (out.plugin === "directory" ? { folder: out.path, levels: PARTITIONS } : [])),
  ];
  for (const { folder, levels } of own) {
    const pattern = input.path.find((each) => reachesInto(each, folder, levels));
    if (pattern === undefined || input.excludePath.length > 0) continue;
    const message = `${pattern} reaches into ${folder}, which the agent itself writes; narrow it, or set exclude_path`;
    refuseOption(section, "path", message, found);
  }
}

/** Folders between that of a directory output and its objects. */
const PARTITIONS = PARTITION_COLUMNS.length;

/** Whether a pattern can match a file that lies at least so many levels below a folder. */
function reachesInto(pattern: string, folder: string, levels: number): boolean {
  const [patterns, names] = [path.dirname(pattern).split("/"), folder.split("/")];
  if (patterns.length < names.length + levels) return false;
  return names.every((name, index) => name === patterns[index] || picomatch.isMatch(name, patterns[index] || "/"));
}

function checkMatch(match: Match, section: RawSection, config: AgentConfig, found: Findings): void {
  if (config.inputs.length === 0 || config.inputs.some((input) => mayMatch(input, match))) return;
  const tags = config.inputs.map(tagPattern).join(", ");
  const at = placeOfOption(section, match.regex ? "match_regex" : "match");
  found.notices.push(
    describe(at.place, at.keyPath, `${match.pattern} matches no input's tag (${tags}), so nothing reaches it`),
  );
}

/** The tag of an input's records, `*` for what it has of each. */
function tagPattern(input: InputConfig): string {
  return input.plugin === "forward" ? (input.tag ?? `${input.tagPrefix ?? ""}*`) : input.tag;
}

/** Whether a tag of the input can match: its `*` replaced by any path that the input follows, or by any text. */
function mayMatch(input: InputConfig, match: Match): boolean {
  const stars = input.plugin === "tail" ? input.path.map(dottedPattern) : ["*"];
  return stars.some((dotted) => {
    const tag = tagPattern(input).replace("*", dotted);
    if (!match.regex) return overlap(tag, match.pattern);
    // A regular expression against a pattern cannot be decided; against a plain tag it can.
    return tag.includes("*") || testRegex(match.pattern, tag);
  });
}

function dottedPattern(pattern: string): string {
  return pattern
    .slice(1)
    .replaceAll("/", ".")
    .replace(/\?|\[[^\]]*\]/g, "*");
}

function testRegex(pattern: string, tag: string): boolean {
  try {
    return new RegExp(pattern).test(tag);
  } catch {
    return true;
  }
}

/** Whether some text matches both patterns, in which `*` stands for any text. */
function overlap(a: string, b: string): boolean {
  // agree[j]: whether what is left of `a` from i, and of `b` from j, can match the same text; filled from the ends.
  let agree: boolean[] = [];
  for (let i = a.length; i >= 0; i--) {
    const below = agree;
    agree = [];
    for (let j = b.length; j >= 0; j--) {
      const skipA = i < a.length && below[j] === true;
      const skipB = j < b.length && agree[j + 1] === true;
      if (i === a.length && j === b.length) agree[j] = true;
      else if (a[i] === "*" || b[j] === "*") agree[j] = skipA || skipB;
      else agree[j] = i < a.length && a[i] === b[j] && below[j + 1] === true;
    }
  }
  return agree[0] === true;
}

/** One address has one listener, and one folder of the state what came to it. */
function checkListeners(inputs: Read["inputs"], sections: readonly RawSection[], found: Findings): void {
  const first = new Map<string, string>();
  inputs.forEach((input, index) => {
    const section = sections[index];
    if (input?.plugin !== "forward" || section === undefined) return;
    const place = input.unixPath ?? `${input.listen}:${input.port}`;
    const twin = first.get(place);
    if (twin === undefined) first.set(place, section.keyPath);
    else
      refuseOption(
        section,
        input.unixPath === null ? "port" : "unix_path",
        `${twin} listens on ${place} too; give it another one`,
        found,
      );
  });
}

/** Positions are kept by identity: two outputs with one identity would move each other's. */
function checkOutputs(outputs: Read["outputs"], sections: readonly RawSection[], found: Findings): void {
  const first = new Map<string, string>();
  outputs.forEach((output, index) => {
    const section = sections[index];
    if (output === null || section === undefined) return;
    const plugin: OutputPlugin<OutputConfig> = OUTPUTS[output.plugin];
    const identity = output.alias === null ? plugin.destination(output) : `alias ${output.alias}`;
    const twin = first.get(identity);
    if (twin === undefined) first.set(identity, section.keyPath);
    else if (output.alias === null) {
      const message = `same destination as ${twin}; give one of them an alias`;
      refuseOption(section, plugin.destinationOption, message, found);
    } else refuseOption(section, "alias", `same alias as ${twin}; give each its own`, found);
  });
}

/** What was read of a group is kept by its name: two inputs of one group would each ship what the other read. */
function checkGroups(inputs: Read["inputs"], sections: readonly RawSection[], found: Findings): void {
  const first = new Map<string, string>();
  inputs.forEach((input, index) => {
    const section = sections[index];
    if (input?.plugin !== "cloudwatch_logs" || section === undefined) return;
    const identity = JSON.stringify([input.endpoint, input.region, input.logGroupName]);
    const twin = first.get(identity);
    if (twin === undefined) first.set(identity, section.keyPath);
    else refuseOption(section, "log_group_name", `${input.logGroupName} is read by ${twin}; remove one of them`, found);
  });
}
