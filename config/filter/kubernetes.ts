import path from "node:path";

import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import { onOff, type Plugin, type RenderedOptions } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
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
  },
  ignored: {
    alias: ONLY_OUTPUTS_HAVE_NAMES,
    ...POD_METADATA_IGNORED,
    "k8s-logging.parser": "annotations that name a parser are not read in this version; name it in the input",
    log_level: ONE_LOG_LEVEL,
  },
  later: {
    ...POD_METADATA_LATER,
    merge_parser: "use the filter parser",
    regex_parser: "",
  },
} as const satisfies OptionGroup;

/** Fluent Bit's manual: pipeline/filters/kubernetes. */
export const KUBERNETES: Plugin<KubernetesFilterConfig> = {
  group: GROUP,
  read(section, reading) {
    const settings = readSettings(GROUP, "filter kubernetes", section, reading.found);
    const directory = settings.kube_meta_preload_cache_dir;
    return {
      plugin: "kubernetes",
      match: readMatch(section, settings, null, reading),
      ...readPodMetadata(section, settings, reading),
      metaPreloadCacheDir: directory === null ? null : path.resolve(directory),
      mergeLog: settings.merge_log
        ? { key: settings.merge_log_key, trim: settings.merge_log_trim, keep: settings.keep_log }
        : null,
    };
  },
  render: (filter) => ({
    ...renderMatch(filter.match),
    ...renderPodMetadata(filter),
    kube_meta_preload_cache_dir: filter.metaPreloadCacheDir,
    ...(filter.mergeLog === null ? {} : renderMergeLog(filter.mergeLog)),
  }),
};

function renderMergeLog({ key, trim, keep }: MergeLogConfig): RenderedOptions {
  return { merge_log: "on", merge_log_key: key, merge_log_trim: onOff(trim), keep_log: onOff(keep) };
}
