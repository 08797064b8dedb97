import type { KubernetesFilterConfig } from "../../../config/filter/kubernetes.ts";
import { STREAM_NAMES } from "../../record.ts";
import type { RecordFilter } from "../filter.ts";
import { tagMatcher } from "../match.ts";

/**
 * Leaves out what pods ask not to be shipped (`fluentbit.io/exclude`), as it was when their files were found. Null where the
 * configuration doesn't let them.
 */
export function createPodExclusion(config: KubernetesFilterConfig): RecordFilter | null {
  if (!config.loggingExclude) return null;
  return {
    name: "kubernetes",
    matches: tagMatcher(config.match),
    open: ({ podDetails }) => {
      const excluded = podDetails?.exclude ?? [];
      if (excluded.length === 0) return null;
      return {
        apply(rows) {
          const { stream } = rows.batch;
          for (let row = 0; row < rows.count; row++) {
            const name = STREAM_NAMES[stream[row]!] ?? null;
            // A record that says no stream may be of either.
            if (name === null ? excluded.length === 2 : excluded.includes(name)) rows.drop(row);
          }
        },
      };
    },
  };
}
