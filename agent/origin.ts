import type { FilterConfig } from "../config/config.ts";
import type { KubernetesFilterConfig } from "../config/filter/kubernetes.ts";
import type { TailConfig } from "../config/input/tail.ts";
import type { ServiceConfig } from "../config/service.ts";
import { componentByName, componentOfPath, sourceOfContainer } from "./cluster-components.ts";
import { originOfDockerLog } from "./docker-origin.ts";
import { excludedStreams, suggestedParsers } from "./filter/kubernetes/annotations.ts";
import type { PodFacts } from "./filter/kubernetes/facts.ts";
import type { PodMetadata } from "./filter/kubernetes/metadata.ts";
import { metadataFromPath, type PathMetadata } from "./filter/kubernetes/path.ts";
import { readPreloadedPod } from "./filter/kubernetes/preload.ts";
import { tagMatcher } from "./filter/match.ts";
import type { Origin, PodDetails } from "./record.ts";
import type { Logger } from "./telemetry/log.ts";

export interface DescribeContext {
  readonly filters: readonly FilterConfig[];
  readonly service: Pick<ServiceConfig, "node">;
  /** Null: no API is asked. */
  readonly pods: PodMetadata | null;
  readonly log: Logger;
}

/**
 * What is constant for the records of a file: the filters that know a file by its tag and path are applied once here, not
 * per record. Without a matching kubernetes filter a file is a plain one of the host.
 */
export function describeFile(
  file: { path: string; resolved: string; id: string },
  input: Pick<TailConfig, "tag" | "source">,
  context: DescribeContext,
): Origin {
  const { node } = context.service;
  const tag = expandTag(input.tag, file.path);
  const filter = kubernetesFilterOf(tag, context);
  const metadata = filter === null ? null : metadataFromPath(file.path, file.resolved);
  const common = { node, tag, path: file.path, image: null, labels: null };
  if (filter === null || metadata === null) {
    const docker = originOfDockerLog(file.resolved, context.log);
    if (docker !== null) {
      const name = `${node}/${docker.podId ?? ""}/${docker.container}/${file.id}`;
      const source = input.source ?? docker.source;
      return { ...common, ...docker, source, file: name, record: { stream: "stream", fields: {} } };
    }
    const nothing = { namespace: null, workload: null, pod: null, podId: null, containerId: null };
    // The path stands where a container's file has pod and container: still unique, and it says which file.
    return { ...common, ...nothing, ...sourceOfFile(file.path, input), file: `${node}${file.path}/${file.id}` };
  }
  const known = { ...metadata, ...enrich(metadata, filter, context) };
  return {
    ...common,
    ...known,
    file: `${node}/${known.podId ?? ""}/${known.container}/${file.id}`,
    source: input.source ?? sourceOfContainer(known.namespace, known.container),
  };
}

/** Of a file of the host: what its input says, else what its name does. */
function sourceOfFile(path: string, { source }: Pick<TailConfig, "source">): Pick<Origin, "source" | "container"> {
  if (source === "control-plane") return { source, container: componentByName(path) };
  if (source !== null) return { source, container: null };
  return componentOfPath(path) ?? { source: "host", container: null };
}

/** Whether the API may still say something of a file's pod that is not known yet. */
export function awaitsPod({ pod, podDetails, tag, record }: Origin, context: DescribeContext): boolean {
  if (context.pods === null || pod === null || record !== undefined) return false;
  const filter = kubernetesFilterOf(tag, context);
  if (filter === null || filter.api === null) return false;
  return podDetails === undefined || (wantsNamespace(filter) && podDetails.namespace === null);
}

/**
 * Fluent Bit's rule for a tag with `*`: the path stands for it, then slashes, backslashes and colons of the whole become
 * dots, of which none begins or ends it and no two follow each other.
 */
export function expandTag(pattern: string, path: string): string {
  if (!pattern.includes("*")) return pattern;
  const composed = pattern.replace("*", () => path).replace(/^[/\\:]+/, "");
  return composed
    .replace(/[/\\:]/g, ".")
    .replaceAll("*", "")
    .replace(/\.{2,}/g, ".")
    .replace(/\.$/, "");
}

function kubernetesFilterOf(tag: string, { filters }: DescribeContext): KubernetesFilterConfig | null {
  for (const filter of filters) if (filter.plugin === "kubernetes" && tagMatcher(filter.match)(tag)) return filter;
  return null;
}

function wantsNamespace({ namespaceLabels, namespaceAnnotations }: KubernetesFilterConfig): boolean {
  return namespaceLabels || namespaceAnnotations;
}

type Enriched = Partial<Pick<Origin, "podId" | "workload" | "labels" | "image" | "podDetails">>;

/** What is known of the pod beyond what its path says. */
function enrich(metadata: PathMetadata, filter: KubernetesFilterConfig, context: DescribeContext): Enriched {
  const pod =
    preloaded(metadata, filter, context) ?? (filter.api === null ? null : context.pods?.find(metadata)) ?? null;
  if (pod === null) return {};
  return {
    podId: metadata.podId ?? pod.uid,
    workload: pod.workload,
    labels: filter.labels ? pod.labels : null,
    image: pod.containers.get(metadata.container)?.image ?? null,
    podDetails: detailsOf(pod, metadata, filter, context),
  };
}

function preloaded(metadata: PathMetadata, filter: KubernetesFilterConfig, { log }: DescribeContext): PodFacts | null {
  if (filter.metaPreloadCacheDir === null) return null;
  const { namespace, pod } = metadata;
  try {
    return readPreloadedPod(filter.metaPreloadCacheDir, namespace, pod, filter);
  } catch (error) {
    log.warn({ err: error }, "a pod's metadata is ignored; its logs are shipped with what the path says");
    return null;
  }
}

function detailsOf(
  pod: PodFacts,
  { namespace, container }: PathMetadata,
  filter: KubernetesFilterConfig,
  { pods }: DescribeContext,
): PodDetails {
  const parsers = suggestedParsers(pod.annotations, container);
  const owner = wantsNamespace(filter) ? (pods?.namespaceOf(namespace) ?? null) : null;
  return {
    ip: pod.ip,
    imageId: pod.containers.get(container)?.imageId ?? null,
    annotations: filter.annotations ? pod.annotations : null,
    ownerReferences: filter.ownerReferences ? pod.ownerReferences : null,
    namespace: owner && {
      labels: filter.namespaceLabels ? owner.labels : null,
      annotations: filter.namespaceAnnotations ? owner.annotations : null,
    },
    exclude: excludedStreams(pod.annotations, container),
    ...(parsers !== null && { parsers }),
  };
}
