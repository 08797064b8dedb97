import type { FilterConfig } from "../config/config.ts";
import type { ServiceConfig } from "../config/service.ts";
import { metadataFromPath, type PathMetadata } from "./filter/kubernetes.ts";
import { tagMatcher } from "./filter/match.ts";
import { readPreloadedPod } from "./filter/pod.ts";
import type { Origin } from "./record.ts";
import type { Logger } from "./telemetry/log.ts";

interface DescribeContext {
  readonly filters: readonly FilterConfig[];
  readonly service: Pick<ServiceConfig, "node">;
  readonly log: Logger;
}

/**
 * What is constant for the records of a file: the filters that know a file by its tag and path are applied once here, not
 * per record. Without a matching kubernetes filter a file is a plain one of the host.
 */
export function describeFile(
  file: { path: string; resolved: string; id: string },
  tagPattern: string,
  { filters, service, log }: DescribeContext,
): Origin {
  const tag = expandTag(tagPattern, file.path);
  const filter = filters
    .filter((candidate) => candidate.plugin === "kubernetes")
    .find((candidate) => tagMatcher(candidate.match)(tag));
  const metadata = filter === undefined ? null : metadataFromPath(file.path, file.resolved);
  const common = { node: service.node, tag, path: file.path, image: null, labels: null };
  if (metadata === null) {
    const nothing = { namespace: null, workload: null, pod: null, container: null, podId: null, containerId: null };
    // The path stands where a container's file has pod and container: still unique, and it says which file.
    return { ...common, ...nothing, file: `${service.node}${file.path}/${file.id}`, source: "host" };
  }
  const known = enrich(metadata, filter?.metaPreloadCacheDir ?? null, log);
  return {
    ...common,
    ...known,
    file: `${service.node}/${known.podId ?? ""}/${known.container}/${file.id}`,
    source: "application",
  };
}

type Enriched = PathMetadata & Pick<Origin, "labels" | "image">;

/** Adds what the API knows of the pod to what its path says. */
function enrich(metadata: PathMetadata, directory: string | null, log: Logger): Enriched {
  const unknown = { ...metadata, labels: null, image: null };
  if (directory === null) return unknown;
  try {
    const pod = readPreloadedPod(directory, metadata.namespace, metadata.pod);
    if (pod === null) return unknown;
    const { uid, workload, labels, images } = pod;
    return {
      ...metadata,
      podId: metadata.podId ?? uid,
      workload,
      labels,
      image: images.get(metadata.container) ?? null,
    };
  } catch (error) {
    log.warn({ err: error }, "a pod's metadata is ignored; its logs are shipped with what the path says");
    return unknown;
  }
}

/** Fluent Bit's rule for a tag with `*`: the path, slashes as dots, without the first. */
export function expandTag(pattern: string, path: string): string {
  return pattern.replace("*", path.replace(/^\//, "").replaceAll("/", "."));
}
