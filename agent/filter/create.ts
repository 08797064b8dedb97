import type { FilterConfig } from "../../config/config.ts";
import type { RecordFilter } from "./filter.ts";

/** The filters that work on records, in the order of the configuration. */
export function createRecordFilters(configs: readonly FilterConfig[]): RecordFilter[] {
  return configs.flatMap((config) => CREATE[config.plugin]?.(config) ?? []);
}

/** By plugin: how its filter is made; null for one that is applied once to each file, when it is found. */
const CREATE: {
  readonly [Plugin in FilterConfig["plugin"]]:
    | ((config: Extract<FilterConfig, { readonly plugin: Plugin }>) => RecordFilter)
    | null;
} = {
  kubernetes: null,
};
