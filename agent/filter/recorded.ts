import type { FilterConfig } from "../../config/config.ts";
import type { Match } from "../../config/match.ts";
import { readFilterConfig, storeFilterConfig } from "../state/filter-configs.ts";
import { createFilterChain, type FilterChain } from "./chain.ts";
import { createRecordFilters } from "./create.ts";
import type { Voice } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** What a repeated shipment needs to filter as it did: the filters, and which tags its output takes. */
interface RecordedFilters {
  readonly match: Match;
  readonly filters: readonly FilterConfig[];
}

/** The filters of an output, and the name under which their configuration is stored; null if none works on records. */
export async function createOutputFilters(
  config: RecordedFilters,
  { folder, voice }: { readonly folder: string; readonly voice: Voice },
): Promise<FilterChain | null> {
  const filters = createRecordFilters(config.filters, voice);
  if (filters.length === 0) return null;
  return createFilterChain(filters, tagMatcher(config.match), await storeFilterConfig(folder, config));
}

/** The filters of a journaled shipment, whatever the configuration says now. */
export async function readOutputFilters(folder: string, name: string): Promise<FilterChain> {
  const { match, filters } = (await readFilterConfig(folder, name)) as RecordedFilters;
  return createFilterChain(createRecordFilters(filters), tagMatcher(match), name);
}
