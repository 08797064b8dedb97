import type { KubernetesFilterConfig } from "../../config/filter/kubernetes.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** `merge_log` of the kubernetes filter; null where it is off: the rest of that filter is applied once to each file. */
export function createMergeLogFilter({ match, mergeLog }: KubernetesFilterConfig): RecordFilter | null {
  if (mergeLog === null) return null;
  const matches = tagMatcher(match);
  return {
    name: "kubernetes",
    matches,
    // Fluent Bit's filter leaves records alone whose tag is no container's.
    open: ({ pod }) => (pod === null ? null : { apply: (rows) => rows.mergeLog(mergeLog) }),
  };
}
