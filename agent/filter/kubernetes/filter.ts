import type { KubernetesFilterConfig } from "../../../config/filter/kubernetes.ts";
import type { RecordFilter } from "../filter.ts";
import { tagMatcher } from "../match.ts";
import { openExclusion } from "./exclude.ts";
import { createMerging } from "./merge.ts";

/**
 * What Fluent Bit's kubernetes filter does to single records: leaves out what pods exclude, and merges messages into
 * records. Null where neither is asked for: the rest of it is applied once to each file.
 */
export function createKubernetes(config: KubernetesFilterConfig, warn: (message: string) => void): RecordFilter | null {
  const { match, mergeLog, loggingExclude } = config;
  const openMerging = mergeLog === null ? () => null : createMerging({ ...config, mergeLog }, warn);
  if (mergeLog === null && !loggingExclude) return null;
  return {
    name: "kubernetes",
    matches: tagMatcher(match),
    open(origin) {
      const [excluding, merging] = [loggingExclude ? openExclusion(origin) : null, openMerging(origin)];
      if (excluding === null || merging === null) return excluding ?? merging;
      return {
        apply(rows) {
          excluding.apply(rows);
          merging.apply(rows);
        },
      };
    },
  };
}
