import type { FilterConfig } from "../../config/config.ts";
import { createAws } from "./aws.ts";
import type { RecordFilter } from "./filter.ts";
import { createGrep } from "./grep.ts";
import { createPodExclusion } from "./kubernetes/exclude.ts";
import { createMergeLogFilter } from "./merge-log.ts";
import { createModifyFilter } from "./modify.ts";
import { createRedact } from "./redact.ts";
import { createRewriteTag } from "./rewrite-tag.ts";
import { createThrottle } from "./throttle.ts";

/** The filters that work on records, in the order of the configuration. */
export function createRecordFilters(configs: readonly FilterConfig[]): RecordFilter[] {
  return configs.flatMap((config) => createRecordFilter(config) ?? []);
}

/** Null for a filter all of which is applied once to each file, when it is found. */
function createRecordFilter(config: FilterConfig): RecordFilter | RecordFilter[] | null {
  switch (config.plugin) {
    case "aws":
      return createAws(config);
    case "grep":
      return createGrep(config);
    case "redact":
      return createRedact(config);
    case "rewrite_tag":
      return createRewriteTag(config);
    case "throttle":
      return createThrottle(config);
    case "kubernetes":
      return [createPodExclusion(config), createMergeLogFilter(config)].filter((filter) => filter !== null);
    case "modify":
      return createModifyFilter(config);
    default:
      config satisfies never;
      return null;
  }
}
