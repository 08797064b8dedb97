import path from "node:path";

import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import type { ParserConfig } from "../parser-config.ts";
import { findParser, parserNameProblem } from "../parsers.ts";
import { onOff, refuseOption, type Plugin, type Reading, type RenderedOptions } from "../plugin.ts";
import { describe } from "../problem.ts";
import type { RawSection } from "../raw.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { parseBoolean } from "../scalar.ts";
import { readSettings } from "../settings.ts";
import {
  POD_METADATA,
  POD_METADATA_IGNORED,
  POD_METADATA_LATER,
  readPodMetadata,
  renderPodMetadata,
  type PodMetadataConfig,
} from "./kubernetes-api.ts";

export interface KubernetesFilterConfig extends PodMetadataConfig {
  readonly plugin: "kubernetes";
  readonly match: Match;
  /** Folder with `<namespace>-<pod>.meta` files: pods as the API server gives them. */
  readonly metaPreloadCacheDir: string | null;
  /** Not null: JSON objects in `log` are merged into the record. */
  readonly mergeLog: MergeLogConfig | null;
  /** What reads `log` for that, in place of JSON. */
  readonly mergeParser?: ParserConfig | null;
  /** Not null: pods may suggest a parser for that by annotation, one of these or of those that are built in. */
  readonly podParsers?: readonly ParserConfig[] | null;
}

export interface MergeLogConfig {
  /** Their fields stand under this name; null: among the others. */
  readonly key: string | null;
  /** Line ends behind their texts are left out. */
  readonly trim: boolean;
  /** `log` stays. */
  readonly keep: boolean;
}

const GROUP = {
  doc: "Adds namespace, workload, pod and container to each record, from the path of its log file, and what the Kubernetes API says of the pod.",
  options: {
    ...MATCH,
    ...POD_METADATA,
    kube_meta_preload_cache_dir: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Folder of files NAMESPACE_POD.meta (or NAMESPACE-POD.meta), each a pod as the API server gives it: what is there is not asked for.",
    },
    merge_log: {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Makes the fields of a JSON object in `log` fields of the record, in outputs that write records as JSON; Parquet keeps `log` as it is.",
    },
    merge_log_key: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Puts the merged fields into one of this name.",
    },
    merge_parser: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Parser that makes the fields of `log`, and the time of the record, where it is no JSON.",
    },
    merge_log_trim: {
      type: "boolean",
      default: "on",
      origin: "fluent-bit",
      doc: "Leaves out line ends behind merged texts.",
    },
    keep_log: {
      type: "boolean",
      default: "on",
      origin: "fluent-bit",
      doc: "Keeps `log` where its fields are merged.",
    },
    "k8s-logging.parser": {
      type: "boolean",
      default: "off",
      origin: "fluent-bit",
      doc: "Let pods suggest the parser that `merge_log` reads their logs with, in place of JSON and `merge_parser`: `fluentbit.io/parser` with its name; `_stdout` or `_stderr` behind it means a stream, then `-CONTAINER` one container. Holds as the annotation was when a file was found.",
    },
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    ...POD_METADATA_IGNORED,
    log_level: ONE_LOG_LEVEL,
  },
  later: {
    ...POD_METADATA_LATER,
    regex_parser: "",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/kubernetes. */
export const KUBERNETES: Plugin<KubernetesFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter kubernetes", section, reading.found);
    const directory = settings.kube_meta_preload_cache_dir;
    if (!settings.merge_log) noteWithoutMerge(section, reading);
    return {
      plugin: "kubernetes",
      match: readMatch(section, settings, null, reading),
      ...readPodMetadata(section, settings, reading),
      metaPreloadCacheDir: directory === null ? null : path.resolve(directory),
      mergeLog: settings.merge_log
        ? { key: settings.merge_log_key, trim: settings.merge_log_trim, keep: settings.keep_log }
        : null,
      mergeParser: settings.merge_log ? readMergeParser(settings.merge_parser, section, reading) : null,
      podParsers: settings.merge_log && settings["k8s-logging.parser"] ? reading.parsers : null,
    };
  },
  render: (filter) => ({
    ...renderMatch(filter.match),
    ...renderPodMetadata(filter),
    kube_meta_preload_cache_dir: filter.metaPreloadCacheDir,
    ...(filter.mergeLog === null ? {} : renderMergeLog(filter.mergeLog)),
    merge_parser: filter.mergeParser?.name ?? null,
    "k8s-logging.parser": (filter.podParsers ?? null) === null ? null : "on",
  }),
};

function readMergeParser(name: string | null, section: RawSection, { parsers, found }: Reading): ParserConfig | null {
  if (name === null) return null;
  const problem = parserNameProblem(name, parsers);
  if (problem !== null) refuseOption(section, "merge_parser", problem, found);
  return findParser(name, parsers);
}

/** As in Fluent Bit, parsers are for what is merged. */
function noteWithoutMerge(section: RawSection, { found }: Reading): void {
  for (const entry of section.entries) {
    if (!["merge_parser", "k8s-logging.parser"].includes(entry.name) || parseBoolean(String(entry.value)) === false)
      continue;
    found.notices.push(describe(entry.place, entry.keyPath, "accepted without effect: it needs merge_log: on"));
  }
}

function renderMergeLog({ key, trim, keep }: MergeLogConfig): RenderedOptions {
  return { merge_log: "on", merge_log_key: key, merge_log_trim: onOff(trim), keep_log: onOff(keep) };
}
