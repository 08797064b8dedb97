import type { FilterConfig, ServiceConfig } from "../config/config.ts";
import { metadataFromPath } from "./filter/kubernetes.ts";
import { tagMatcher } from "./filter/match.ts";
import type { Origin } from "./record.ts";

/**
 * What is constant for the records of a file: the filters that know a file by its tag and path are applied once here, not
 * per record. Without a matching kubernetes filter a file is a plain one of the host.
 */
export function describeFile(
  file: { path: string; resolved: string; id: string },
  tagPattern: string,
  filters: readonly FilterConfig[],
  service: Pick<ServiceConfig, "node">,
): Origin {
  const tag = expandTag(tagPattern, file.path);
  const isKubernetes = filters.some((filter) => filter.plugin === "kubernetes" && tagMatcher(filter.match)(tag));
  const metadata = isKubernetes ? metadataFromPath(file.path, file.resolved) : null;
  const common = { node: service.node, tag, path: file.path, image: null, labels: null };
  if (metadata === null) {
    const nothing = { namespace: null, workload: null, pod: null, container: null, podId: null, containerId: null };
    // The path stands where a container's file has pod and container: still unique, and it says which file.
    return { ...common, ...nothing, file: `${service.node}${file.path}/${file.id}`, source: "host" };
  }
  const { podId, container } = metadata;
  return { ...common, ...metadata, file: `${service.node}/${podId ?? ""}/${container}/${file.id}`, source: "application" };
}

/** Fluent Bit's rule for a tag with `*`: the path, slashes as dots, without the first. */
function expandTag(pattern: string, path: string): string {
  return pattern.replace("*", path.replace(/^\//, "").replaceAll("/", "."));
}
