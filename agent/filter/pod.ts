import { readFileSync } from "node:fs";
import { join } from "node:path";
import { workloadOfPod } from "./kubernetes.ts";

/** What the Kubernetes API says of a pod, as far as the table and the records want it. */
export interface PodFacts {
  readonly uid: string | null;
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>> | null;
  /** Image by container name. */
  readonly images: ReadonlyMap<string, string>;
}

/** The parts of the core/v1 Pod that are read. */
interface Pod {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec?: {
    readonly containers?: readonly PodContainer[];
    readonly initContainers?: readonly PodContainer[];
    readonly ephemeralContainers?: readonly PodContainer[];
  };
}

interface PodContainer {
  readonly name: string;
  readonly image?: string;
}

/**
 * Reads a pod's metadata from `kube_meta_preload_cache_dir`: a file `<namespace>-<pod>.meta` with the API server's answer for
 * the pod, as Fluent Bit's kubernetes filter names it. Null if there is none; throws if it is not JSON.
 */
export function readPreloadedPod(directory: string, namespace: string, pod: string): PodFacts | null {
  const path = join(directory, `${namespace}-${pod}.meta`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`cannot read the pod's metadata: ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return podFacts(JSON.parse(text) as Pod, pod);
  } catch (error) {
    throw new Error(`cannot read the pod's metadata: ${path} is not the JSON of a pod: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function podFacts({ metadata = {}, spec = {} }: Pod, pod: string): PodFacts {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const images = [...containers, ...initContainers, ...ephemeralContainers].flatMap(({ name, image }) =>
    image === undefined ? [] : [[name, image] as const],
  );
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
  return {
    uid: metadata.uid ?? null,
    // A ReplicaSet and a Job carry their owner's name with a suffix, which the pod's own name repeats.
    workload:
      owner === undefined || owner.kind === "ReplicaSet" || owner.kind === "Job" ? workloadOfPod(pod) : owner.name,
    labels: metadata.labels ?? null,
    images: new Map(images),
  };
}
