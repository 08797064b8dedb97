import path from "node:path";

import { MATCH, readMatch, renderMatch, type Match } from "../match.ts";
import type { OptionGroup } from "../option.ts";
import type { Plugin } from "../plugin.ts";
import { ONE_LOG_LEVEL, ONLY_OUTPUTS_HAVE_NAMES } from "../reasons.ts";
import { readSettings } from "../settings.ts";

export interface KubernetesFilterConfig {
  readonly plugin: "kubernetes";
  readonly match: Match;
  /** Folder with `<namespace>-<pod>.meta` files: pods as the API server gives them. */
  readonly metaPreloadCacheDir: string | null;
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
    merge_log: LOG_AS_WRITTEN,
    merge_log_key: LOG_AS_WRITTEN,
    merge_log_trim: LOG_AS_WRITTEN,
    keep_log: LOG_AS_WRITTEN,
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
    };
  },
  render: (filter) => ({ ...renderMatch(filter.match), kube_meta_preload_cache_dir: filter.metaPreloadCacheDir }),
};
