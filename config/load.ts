import os from "node:os";
import path from "node:path";

import { checkConfig } from "./check.ts";
import type {
  AgentConfig,
  CloudWatchConfig,
  FilterConfig,
  FirehoseConfig,
  InputConfig,
  Match,
  OutputConfig,
  S3Config,
  ServiceConfig,
} from "./config.ts";
import { nearest } from "./nearest.ts";
import type { OptionGroup, Settings } from "./option.ts";
import { ConfigError, describe, type Findings } from "./problem.ts";
import { entryNamed, type RawConfig, type RawSection } from "./raw.ts";
import { FILTERS, INPUTS, OUTPUTS, PLUGINS_LATER, SERVICE } from "./schema.ts";
import { readSettings } from "./settings.ts";
import { readYaml } from "./yaml.ts";

/**
 * Reads the agent's configuration and fills in every default. Relative paths resolve against the working directory,
 * included files against the file that names them. `notices` (`file:line:column: key.path: message`) tell of what is
 * accepted without effect. Throws ConfigError with every problem found.
 */
export function loadConfig(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): { config: AgentConfig; notices: string[] } {
  const found: Findings = { problems: [], notices: [] };
  const raw = readYaml(file, { HOSTNAME: os.hostname(), ...env }, found);
  // What cannot be read hides what is below it: complaints about missing inputs would only mislead.
  const complete = found.problems.length === 0;
  const service = readService(raw.service, env, found);
  const inputs = raw.inputs.map((section, index) => readInput(section, index, raw, found));
  const filters = raw.filters.map((section) => readFilter(section, found));
  const outputs = raw.outputs.map((section) => readOutput(section, raw, found));
  noteParsers(raw, found);
  const config: AgentConfig = {
    service,
    inputs: present(inputs),
    filters: present(filters),
    outputs: present(outputs),
  };
  if (complete) checkConfig(config, raw, { inputs, filters, outputs }, found);
  if (found.problems.length > 0) throw new ConfigError(inFileOrder(found.problems));
  return { config, notices: inFileOrder(found.notices) };
}

/** By file, then by the numbers of line and column, which stand in front of each message. */
function inFileOrder(messages: readonly string[]): string[] {
  return messages.toSorted(new Intl.Collator("en", { numeric: true }).compare);
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter((item) => item !== null);
}

function readService(
  section: RawSection | null,
  env: Readonly<Record<string, string | undefined>>,
  found: Findings,
): ServiceConfig {
  const settings = readSettings(SERVICE, "service", section, found);
  return {
    storagePath: path.resolve(settings["storage.path"]),
    totalLimitSizeBytes: settings["storage.total_limit_size"],
    cluster: settings.cluster,
    node: settings.hostname ?? (env["NODE_NAME"] || os.hostname()),
    logLevel: settings.log_level,
    graceMs: settings.grace,
    quarantineBytesMax: settings["storage.quarantine_limit_size"],
    hotReload: settings.hot_reload,
    http: settings.http_server ? { listen: settings.http_listen, port: settings.http_port } : null,
    health: {
      enabled: settings.health_check,
      errorsMax: settings.hc_errors_count,
      periodMs: settings.hc_period,
      stuckAfterMs: settings.hc_stuck_after,
    },
  };
}

function readInput(section: RawSection, index: number, raw: RawConfig, found: Findings): InputConfig | null {
  if (pluginOf(section, "input", INPUTS, found) === null) return null;
  const settings = readSettings(INPUTS.tail, "input tail", withoutOwnParsers(section, raw, found), found);
  const framings = [...settings["multiline.parser"], ...(settings.parser === null ? [] : [settings.parser])];
  if (framings.length > 0 && !framings.includes("cri")) {
    const entry = entryNamed(section, "multiline.parser");
    const message = "docker alone is not in this version yet; write cri, or docker, cri";
    found.problems.push(describe(entry?.valuePlace ?? section.place, entry?.keyPath ?? section.keyPath, message));
  }
  return {
    plugin: "tail",
    tag: settings.tag ?? `tail.${index}`,
    path: settings.path.map((pattern) => path.resolve(pattern)),
    excludePath: settings.exclude_path.map(wholePathPattern),
    framing: framings.includes("cri") ? "cri" : "plain",
    skipEmptyLines: settings.skip_empty_lines,
    refreshIntervalMs: settings.refresh_interval,
    readFromHead: settings.read_from_head,
    ignoreOlderMs: settings.ignore_older,
    links: settings.links,
  };
}

/** Exclusions are compared with the whole path: `debug.log` means one in any folder. */
function wholePathPattern(pattern: string): string {
  if (pattern.startsWith("*")) return pattern;
  return pattern.includes("/") ? path.resolve(pattern) : `*/${pattern}`;
}

/** Refuses, with their own message, the parsers that the file itself defines; returns the section without them. */
function withoutOwnParsers(section: RawSection, raw: RawConfig, found: Findings): RawSection {
  const own = new Set([...raw.parsers, ...raw.multilineParsers].map((parser) => nameOf(parser)));
  const builtIn = new Set<string | null>(["cri", "docker"]);
  const entries = section.entries.filter((entry) => {
    if (entry.name !== "parser" && entry.name !== "multiline.parser") return true;
    const names = (typeof entry.value === "string" ? entry.value.split(",") : (entry.value ?? [])).map((name) =>
      name.trim().toLowerCase(),
    );
    const custom = names.find((name) => own.has(name) && !builtIn.has(name));
    if (custom === undefined) return true;
    const message = `parser "${custom}" is defined by this configuration; own parsers are not in this version yet`;
    found.problems.push(describe(entry.valuePlace, entry.keyPath, message));
    return false;
  });
  return { ...section, entries };
}

function noteParsers(raw: RawConfig, found: Findings): void {
  for (const section of [...raw.parsers, ...raw.multilineParsers]) {
    const name = nameOf(section);
    if (name === null)
      found.problems.push(describe(section.place, section.keyPath, "has no name; add name: and the parser's name"));
    else if (name === "cri" || name === "docker") {
      found.notices.push(describe(section.place, section.keyPath, `accepted without effect: ${name} is built in`));
    } else
      found.notices.push(
        describe(section.place, section.keyPath, "accepted without effect: own parsers are not in this version yet"),
      );
  }
}

function readFilter(section: RawSection, found: Findings): FilterConfig | null {
  if (pluginOf(section, "filter", FILTERS, found) === null) return null;
  const settings = readSettings(FILTERS.kubernetes, "filter kubernetes", section, found);
  const directory = settings.kube_meta_preload_cache_dir;
  const metaPreloadCacheDir = directory === null ? null : path.resolve(directory);
  return { plugin: "kubernetes", match: readMatch(section, settings, null, found), metaPreloadCacheDir };
}

function readOutput(section: RawSection, raw: RawConfig, found: Findings): OutputConfig | null {
  const plugin = pluginOf(section, "output", OUTPUTS, found);
  if (plugin === null) return null;
  // Fluent Bit's rule: one input and one output need no match.
  const unmatched = raw.inputs.length === 1 && raw.outputs.length === 1 ? "*" : null;
  if (plugin === "directory") {
    const settings = readSettings(OUTPUTS.directory, "output directory", section, found);
    const { format, compression } = settings;
    return { plugin, ...shared(settings), path: path.resolve(settings.path), format, compression };
  }
  if (plugin === "s3") {
    const settings = readSettings(OUTPUTS.s3, "output s3", section, found);
    return { plugin, ...shared(settings), ...s3Options(settings) };
  }
  if (plugin === "cloudwatch_logs") {
    const settings = readSettings(OUTPUTS.cloudwatch_logs, "output cloudwatch_logs", section, found);
    return { plugin, ...shared(settings), ...cloudWatchOptions(settings) };
  }
  if (plugin === "kinesis_firehose") {
    const settings = readSettings(OUTPUTS.kinesis_firehose, "output kinesis_firehose", section, found);
    return { plugin, ...shared(settings), ...firehoseOptions(settings) };
  }
  const settings = readSettings(OUTPUTS[plugin], `output ${plugin}`, section, found);
  return plugin === "stdout" ? { plugin, ...shared(settings), format: "json_lines" } : { plugin, ...shared(settings) };

  function shared(common: {
    match: string | null;
    match_regex: string | null;
    alias: string | null;
    upload_timeout: number;
    total_file_size: number;
  }): {
    alias: string | null;
    match: Match;
    uploadTimeoutMs: number;
    totalFileSizeBytes: number;
  } {
    const match = readMatch(section, common, unmatched, found);
    return {
      alias: common.alias,
      match,
      uploadTimeoutMs: common.upload_timeout,
      totalFileSizeBytes: common.total_file_size,
    };
  }
}

function s3Options(
  settings: Settings<typeof OUTPUTS.s3>,
): Omit<S3Config, "plugin" | "alias" | "match" | "uploadTimeoutMs" | "totalFileSizeBytes"> {
  const prefix = (settings.s3_key_format ?? "").replace(/^\/+|\/+$/g, "");
  return {
    bucket: settings.bucket,
    region: settings.region,
    prefix: prefix === "" ? "" : `${prefix}/`,
    format: settings.format,
    compression: settings.compression,
    endpoint: settings.endpoint,
    profile: settings.profile,
    storageClass: settings.storage_class,
    cannedAcl: settings.canned_acl,
    sse: settings.sse,
    sseKmsKeyId: settings.sse_kms_key_id,
    sseBucketKey: settings.sse_bucket_key,
    tagging: settings.tagging,
    contentType: settings.content_type,
    requestTimeoutMs: settings.request_timeout,
  };
}

function firehoseOptions(
  settings: Settings<typeof OUTPUTS.kinesis_firehose>,
): Omit<FirehoseConfig, "plugin" | "alias" | "match" | "uploadTimeoutMs" | "totalFileSizeBytes"> {
  return {
    deliveryStream: settings.delivery_stream,
    region: settings.region,
    endpoint: settings.endpoint,
    profile: settings.profile,
    timeKey: settings.time_key,
    timeKeyFormat: settings.time_key_format,
    logKey: settings.log_key,
    compression: settings.compression,
    simpleAggregation: settings.simple_aggregation,
    requestTimeoutMs: settings.request_timeout,
  };
}

function cloudWatchOptions(
  settings: Settings<typeof OUTPUTS.cloudwatch_logs>,
): Omit<CloudWatchConfig, "plugin" | "alias" | "match" | "uploadTimeoutMs" | "totalFileSizeBytes"> {
  const { log_retention_days: days, log_group_class: groupClass } = settings;
  return {
    logGroupName: settings.log_group_name,
    logGroupTemplate: settings.log_group_template,
    logStreamName: settings.log_stream_name,
    logStreamPrefix: settings.log_stream_prefix,
    logStreamTemplate: settings.log_stream_template,
    logKey: settings.log_key,
    logFormat: settings.log_format,
    autoCreateGroup: settings.auto_create_group,
    logRetentionDays: days === null ? null : Number(days),
    logGroupClass: groupClass === null ? null : groupClass === "standard" ? "STANDARD" : "INFREQUENT_ACCESS",
    region: settings.region,
    endpoint: settings.endpoint,
    profile: settings.profile,
    requestTimeoutMs: settings.request_timeout,
  };
}

function readMatch(
  section: RawSection,
  settings: { readonly match: string | null; readonly match_regex: string | null },
  unmatched: string | null,
  found: Findings,
): Match {
  const { match, match_regex: regex } = settings;
  const entry = entryNamed(section, "match_regex");
  if (regex === null || entry === undefined) {
    const pattern = match ?? unmatched;
    if (pattern === null)
      found.problems.push(
        describe(section.place, section.keyPath, "has no match, so nothing reaches it; add match: '*'"),
      );
    return { pattern: pattern ?? "*", regex: false };
  }
  if (match !== null)
    found.problems.push(describe(entry.place, entry.keyPath, "match and match_regex are both set; remove one"));
  try {
    RegExp(regex);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Invalid regular expression: /, "");
    found.problems.push(describe(entry.valuePlace, entry.keyPath, `not a regular expression: ${reason}`));
  }
  return { pattern: regex, regex: true };
}

/** The section's plugin, or null with a problem reported. */
function pluginOf<Name extends string>(
  section: RawSection,
  kind: "input" | "filter" | "output",
  known: Readonly<Record<Name, OptionGroup>>,
  found: Findings,
): Name | null {
  const name = nameOf(section);
  const names = Object.keys(known) as Name[];
  if (name === null) {
    const message = `has no name; add name: and one of ${names.join(", ")}`;
    found.problems.push(describe(section.place, section.keyPath, message));
    return null;
  }
  const plugin = names.find((each) => each === name);
  if (plugin !== undefined) return plugin;
  const entry = entryNamed(section, "name");
  found.problems.push(
    describe(entry?.valuePlace ?? section.place, `${section.keyPath}.name`, refusal(kind, name, names)),
  );
  return null;
}

function refusal(kind: "input" | "filter" | "output", name: string, names: readonly string[]): string {
  const later = PLUGINS_LATER[kind];
  if (later.includes(name)) return `${kind} ${name} is not in this version yet; known: ${names.join(", ")}`;
  const near = nearest(name, [...names, ...later]);
  return `unknown ${kind} "${name}"; ${near === null ? `known: ${names.join(", ")}` : `did you mean "${near}"?`}`;
}

function nameOf(section: RawSection): string | null {
  const value = entryNamed(section, "name")?.value;
  return typeof value === "string" && value !== "" ? value.toLowerCase() : null;
}
