import type { FilterConfig } from "../../config/config.ts";
import type { RecordFilter } from "./filter.ts";
import { createGrep } from "./grep.ts";

/** The filters that work on records, in the order of the configuration. */
export function createRecordFilters(configs: readonly FilterConfig[]): RecordFilter[] {
  return configs.flatMap((config) => createRecordFilter(config) ?? []);
}

/** Null for a plugin that works on files: its filter is applied once to each, when it is found. */
function createRecordFilter(config: FilterConfig): RecordFilter | null {
  switch (config.plugin) {
    case "grep":
      return createGrep(config);
    case "kubernetes":
      return null;
    default:
      config satisfies never;
      return null;
  }
}
