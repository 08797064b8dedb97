import { readFileSync } from "node:fs";
import { join } from "node:path";
import { podFacts, type Pod, type PodFacts, type Wanted } from "./facts.ts";

/**
 * Reads a pod's metadata from `kube_meta_preload_cache_dir`: a file with the API server's answer for the pod, which Fluent
 * Bit 5 calls `<namespace>_<pod>.meta` and its manual `<namespace>-<pod>.meta`. Null if there is none; throws if it is not
 * JSON.
 */
export function readPreloadedPod(directory: string, namespace: string, pod: string, wanted: Wanted): PodFacts | null {
  for (const name of [`${namespace}_${pod}.meta`, `${namespace}-${pod}.meta`]) {
    const path = join(directory, name);
    const text = readIfThere(path);
    if (text !== null) return factsIn(text, path, wanted, { namespace, name: pod });
  }
  return null;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`cannot read the pod's metadata: ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function factsIn(text: string, path: string, wanted: Wanted, pod: { namespace: string; name: string }): PodFacts {
  try {
    return podFacts(JSON.parse(text) as Pod, wanted, pod);
  } catch (error) {
    throw new Error(`cannot read the pod's metadata: ${path} is not the JSON of a pod: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
