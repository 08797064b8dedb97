import path from "node:path";

import picomatch from "picomatch";

import type {
  AgentConfig,
  CloudWatchConfig,
  FilterConfig,
  FirehoseConfig,
  InputConfig,
  Match,
  OutputConfig,
  S3Config,
  TailConfig,
} from "./config.ts";
import { describe, type Findings, type Place } from "./problem.ts";
import { entryNamed, type RawConfig, type RawSection } from "./raw.ts";
import { cloudWatchDestination, parseNameTemplate } from "./name-template.ts";
import { PARTITION_COLUMNS } from "./table.ts";
import { parseTimeFormat } from "./time-format.ts";

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
    if (input !== null && section !== undefined) checkTail(input, section, config, found);
  });
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
}

function checkTail(input: TailConfig, section: RawSection, config: AgentConfig, found: Findings): void {
  const at = placeOfOption(section, "path");
  const refuse = (message: string): number => found.problems.push(describe(at.place, at.keyPath, message));
  const entry = entryNamed(section, "path");
  if (entry !== undefined && entry.value !== "" && input.path.length === 0)
    refuse("has no pattern; name at least one file");
  const written = typeof entry?.value === "string" ? entry.value.split(",") : (entry?.value ?? []);
  for (const pattern of written.map((each) => each.trim())) {
    if (pattern.endsWith("/")) refuse(`${pattern} is a folder; name files, such as ${pattern}*.log`);
    if (/\[[^\]]*$/.test(pattern))
      refuse(`${pattern} has a [ without a ]; close it, or write \\[ for the character itself`);
    if (pattern.includes("**")) {
      found.notices.push(describe(at.place, at.keyPath, `${pattern}: ** is the same as * and does not enter folders`));
    }
  }
  const own = [
    { folder: config.service.storagePath, levels: 0 },
    ...config.outputs.flatMap((out) => (out.plugin === "directory" ? { folder: out.path, levels: PARTITIONS } : [])),
  ];
  for (const { folder, levels } of own) {
    const pattern = input.path.find((each) => reachesInto(each, folder, levels));
    if (pattern === undefined || input.excludePath.length > 0) continue;
    refuse(`${pattern} reaches into ${folder}, which the agent itself writes; narrow it, or set exclude_path`);
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
  const tags = config.inputs.map((input) => input.tag).join(", ");
  const at = placeOfOption(section, match.regex ? "match_regex" : "match");
  found.notices.push(
    describe(at.place, at.keyPath, `${match.pattern} matches no input's tag (${tags}), so nothing reaches it`),
  );
}

/** Whether a tag of the input, its `*` replaced by any path that the input follows, can match. */
function mayMatch(input: InputConfig, match: Match): boolean {
  return input.path.some((pattern) => {
    const dotted = pattern
      .slice(1)
      .replaceAll("/", ".")
      .replace(/\?|\[[^\]]*\]/g, "*");
    const tag = input.tag.replace("*", dotted);
    if (!match.regex) return overlap(tag, match.pattern);
    // A regular expression against a pattern cannot be decided; against a plain tag it can.
    return tag.includes("*") || testRegex(match.pattern, tag);
  });
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

/** Positions are kept by identity: two outputs with one identity would move each other's. */
function checkOutputs(outputs: Read["outputs"], sections: readonly RawSection[], found: Findings): void {
  const first = new Map<string, string>();
  outputs.forEach((output, index) => {
    const section = sections[index];
    if (output === null || section === undefined) return;
    const refuse = (option: string, message: string): void => {
      const at = placeOfOption(section, option);
      found.problems.push(describe(at.place, at.keyPath, message));
    };
    if ("format" in output && output.format === "parquet" && output.compression === "gzip") {
      refuse("compression", "gzip is for json_lines; Parquet takes zstd or none");
    }
    if (output.plugin === "s3") checkS3(output, refuse);
    if (output.plugin === "cloudwatch_logs") checkCloudWatch(output, refuse);
    if (output.plugin === "kinesis_firehose") checkFirehose(output, refuse);
    const identity = identityOf(output);
    const twin = first.get(identity);
    if (twin === undefined) first.set(identity, section.keyPath);
    else if (output.alias === null)
      refuse(DESTINATIONS[output.plugin], `same destination as ${twin}; give one of them an alias`);
    else refuse("alias", `same alias as ${twin}; give each its own`);
  });
}

/** The option that says where an output ships to. */
const DESTINATIONS: Readonly<Record<OutputConfig["plugin"], string>> = {
  s3: "bucket",
  cloudwatch_logs: "log_group_name",
  kinesis_firehose: "delivery_stream",
  directory: "path",
  stdout: "name",
  null: "name",
};

function checkS3(output: S3Config, refuse: (option: string, message: string) => void): void {
  if (/[$%]/.test(output.prefix))
    refuse("s3_key_format", "has variables; the layout below it is the table's, write the text in front of cluster=…");
  if (output.prefix.split("/").some((part) => part.includes("=")))
    refuse("s3_key_format", "has a =, which readers would take for a partition; write the text in front of cluster=…");
  checkEndpoint(output, refuse);
  if (output.sseKmsKeyId !== null && output.sse !== "aws:kms")
    refuse("sse_kms_key_id", "is for sse: aws:kms; set that too, or remove it");
  const bad = output.tagging.find((tag) => !/^[^=]+=/.test(tag));
  if (bad !== undefined) refuse("tagging", `${bad} is not KEY=VALUE`);
}

function checkCloudWatch(output: CloudWatchConfig, refuse: (option: string, message: string) => void): void {
  const { logGroupName, logGroupTemplate, logStreamName, logStreamPrefix, logStreamTemplate } = output;
  checkEndpoint(output, refuse);
  // An empty one was reported as missing.
  if (logGroupName !== "" && !/^[-._/#A-Za-z0-9]{1,512}$/.test(logGroupName))
    refuse("log_group_name", "is no name of a log group: letters, digits and . - _ / #, 512 at most");
  for (const [option, name] of [
    ["log_stream_name", logStreamName],
    ["log_stream_prefix", logStreamPrefix],
  ] as const)
    if (name !== null && !/^[^:*]{1,512}$/.test(name))
      refuse(option, "is no name of a log stream: no : and no *, 512 characters at most");
  if (logStreamName === null && logStreamPrefix === null && logStreamTemplate === null)
    refuse("log_stream_name", "says nothing of the log stream; set it, or log_stream_prefix or log_stream_template");
  if (logStreamName !== null && logStreamPrefix !== null)
    refuse("log_stream_prefix", "and log_stream_name are both set; remove one");
  for (const [option, template] of [
    ["log_group_template", logGroupTemplate],
    ["log_stream_template", logStreamTemplate],
  ] as const) {
    try {
      parseNameTemplate(template ?? "");
    } catch (error) {
      refuse(option, (error as Error).message);
    }
  }
}

function checkFirehose(output: FirehoseConfig, refuse: (option: string, message: string) => void): void {
  checkEndpoint(output, refuse);
  if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(output.deliveryStream))
    refuse("delivery_stream", "is no name of a delivery stream: letters, digits, _ . and -, 64 at most");
  try {
    parseTimeFormat(output.timeKeyFormat);
  } catch (error) {
    refuse("time_key_format", (error as Error).message);
  }
  if (output.timeKey !== null && output.logKey !== null)
    refuse("time_key", "has no place where log_key sends the message alone; remove one of them");
}

function checkEndpoint(
  { endpoint }: { readonly endpoint: string | null },
  refuse: (option: string, message: string) => void,
): void {
  if (endpoint !== null && !/^https?:\/\/[^/]+/.test(endpoint))
    refuse("endpoint", `${endpoint} is not a URL; write https:// and the host`);
}

function identityOf(output: OutputConfig): string {
  if (output.alias !== null) return `alias ${output.alias}`;
  if (output.plugin === "s3") return `s3 ${output.endpoint ?? ""} ${output.bucket} ${output.prefix}`;
  if (output.plugin === "cloudwatch_logs") return cloudWatchDestination(output);
  if (output.plugin === "kinesis_firehose")
    return `firehose ${output.endpoint ?? ""} ${output.region ?? ""} ${output.deliveryStream}`;
  return output.plugin === "directory" ? `directory ${output.path}` : output.plugin;
}

function placeOfOption(section: RawSection, option: string): { place: Place; keyPath: string } {
  const entry = entryNamed(section, option);
  return entry === undefined ? section : { place: entry.valuePlace, keyPath: entry.keyPath };
}
