import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { samplePods, type PodSpec, type PodsOptions } from "./pods.ts";

/**
 * Writes `<namespace>_<pod>.meta` for the pods of a tree into `directory`: the API server's answer for each, with eight
 * labels as a Helm chart and its controllers give them. For `kube_meta_preload_cache_dir`, which Fluent Bit reads too.
 */
export function writePodMetadata(directory: string, options: PodsOptions): void {
  mkdirSync(directory, { recursive: true });
  for (const { namespace, pod, uid, container } of samplePods(options)) {
    const app = container;
    const hash = uid.slice(0, 10);
    const labels = labelsOf({ namespace, uid, container });
    const metadata = { name: pod, namespace, uid, labels, annotations: {} };
    const spec = { nodeName: "bench", containers: [{ name: container, image: `images.example/${app}:1.27.4` }] };
    const image = `images.example/${app}:1.27.4`;
    const imageID = `images.example/${app}@sha256:${hash.padEnd(64, "0")}`;
    const status = { podIP: "10.0.0.7", containerStatuses: [{ name: container, image, imageID }] };
    const body = { kind: "Pod", apiVersion: "v1", metadata, spec, status };
    writeFileSync(join(directory, `${namespace}_${pod}.meta`), JSON.stringify(body));
  }
}

/** The eight labels of a pod. */
export function labelsOf({
  namespace,
  uid,
  container,
}: Pick<PodSpec, "namespace" | "uid" | "container">): Record<string, string> {
  return {
    "app.kubernetes.io/name": container,
    "app.kubernetes.io/instance": `${container}-prod`,
    "app.kubernetes.io/version": "1.27.4",
    "app.kubernetes.io/component": "backend",
    "app.kubernetes.io/part-of": namespace,
    "app.kubernetes.io/managed-by": "Helm",
    "helm.sh/chart": `${container}-4.2.1`,
    "pod-template-hash": uid.slice(0, 10),
  };
}
