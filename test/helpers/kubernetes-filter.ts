import type { KubernetesFilterConfig } from "../../config/filter/kubernetes.ts";

/** A kubernetes filter as a file without options makes it; its API is at `url`. */
export function kubernetesFilter(
  changes: Partial<KubernetesFilterConfig> = {},
  url = "https://kubernetes.default.svc",
): KubernetesFilterConfig {
  const files = { tokenFile: "/nowhere/token", caFile: null, caPath: null };
  const tls = { verify: true, verifyHostname: null, serverName: null };
  return {
    plugin: "kubernetes",
    match: { pattern: "kube.*", regex: false },
    metaPreloadCacheDir: null,
    api: { url, ...files, tokenTtlMs: 600_000, ...tls, kubelet: null },
    waitMs: 5000,
    labels: true,
    annotations: true,
    ownerReferences: false,
    namespaceLabels: false,
    namespaceAnnotations: false,
    loggingExclude: false,
    mergeLog: null,
    mergeParser: null,
    podParsers: null,
    ...changes,
  };
}
