import { readFileSync } from "node:fs";
import { join } from "node:path";
import { podFacts, type Pod, type PodFacts, type Wanted } from "./facts.ts";

/**
 * Reads a pod's metadata from `kube_meta_preload_cache_dir`: a file `<namespace>-<pod>.meta` with the API server's answer for
 * the pod, as Fluent Bit's kubernetes filter names it. Null if there is none; throws if it is not JSON.
 */
export function readPreloadedPod(directory: string, namespace: string, pod: string, wanted: Wanted): PodFacts | null {
  const path = join(directory, `${namespace}-${pod}.meta`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`cannot read the pod's metadata: ${path}: ${(error as Error).message}`, { cause: error });
  }
  try {
    return podFacts(JSON.parse(text) as Pod, wanted, { namespace, name: pod });
  } catch (error) {
    throw new Error(`cannot read the pod's metadata: ${path} is not the JSON of a pod: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
