import path from "node:path";

import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import { onOff, type Plugin, type RenderedOptions } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { readSettings } from "../settings.ts";

export interface KubernetesFilterConfig {
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

const NO_API = "pod metadata comes from the path of the log file in this version";
const LOG_AS_WRITTEN = "JSON messages stay as they were in log; logq reads their fields in a query";

const GROUP = {
  doc: "Adds namespace, workload, pod and container to each record, from the path of its log file, and labels and image where they are preloaded.",
  options: {
    ...MATCH,
    kube_meta_preload_cache_dir: {
      type: "string",
      default: null,
      origin: "fluent-bit",
      doc: "Folder of files NAMESPACE-POD.meta, each a pod as the API server gives it: labels, image and owner come from there.",
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
    buffer_size: NO_API,
    "kube_*": NO_API,
    use_kubelet: NO_API,
    "kubelet_*": NO_API,
    "dns_*": NO_API,
    "tls.*": NO_API,
    cache_use_docker_id: NO_API,
    use_tag_for_meta: NO_API,
    labels: NO_API,
    annotations: NO_API,
    owner_references: NO_API,
    "namespace_*": NO_API,
    "k8s-logging.parser": LOG_AS_WRITTEN,
    log_level: ONE_LOG_LEVEL,
  },
  later: {
    "k8s-logging.exclude": "name the files in the input's exclude_path",
    merge_parser: "",
    regex_parser: "",
    use_journal: "",
    dummy_meta: "",
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
      metaPreloadCacheDir: directory === null ? null : path.resolve(directory),
      mergeLog: settings.merge_log
        ? { key: settings.merge_log_key, trim: settings.merge_log_trim, keep: settings.keep_log }
        : null,
    };
  },
  render: ({ match, metaPreloadCacheDir, mergeLog }) => ({
    ...renderMatch(match),
    kube_meta_preload_cache_dir: metaPreloadCacheDir,
    ...(mergeLog === null ? {} : renderMergeLog(mergeLog)),
  }),
};

function renderMergeLog({ key, trim, keep }: MergeLogConfig): RenderedOptions {
  return { merge_log: "on", merge_log_key: key, merge_log_trim: onOff(trim), keep_log: onOff(keep) };
}
