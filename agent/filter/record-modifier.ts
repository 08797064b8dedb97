import type { RecordModifierConfig } from "../../config/filter/record-modifier.ts";
import { withFields } from "../log-record.ts";
import type { LogRecord } from "../record.ts";
import { changingRecords } from "./change-records.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** Fluent Bit's `record_modifier`. A record that has no field left is dropped. */
export function createRecordModifierFilter(config: RecordModifierConfig): RecordFilter {
  const { match, removeKeys, allowlistKeys } = config;
  const isRemoved = namesLike(removeKeys);
  const isAllowed = allowlistKeys.length === 0 ? () => true : namesLike(allowlistKeys);
  const added = config.records.map(({ key, value }) => [key, value] as const);
  const change = (record: LogRecord): LogRecord | "drop" | null => {
    const before = Object.entries(record);
    const kept = before.filter(([name]) => !isRemoved(name) && isAllowed(name));
    if (kept.length + added.length === 0) return "drop";
    if (kept.length === before.length && added.length === 0) return null;
    return withFields(Object.fromEntries(kept), added);
  };
  return { name: "record_modifier", matches: tagMatcher(match), open: () => changingRecords(change, false) };
}

function namesLike(keys: readonly string[]): (name: string) => boolean {
  const lower = keys.map((key) => key.toLowerCase());
  const exact = new Set(lower.filter((key) => !key.endsWith("*")));
  const prefixes = lower.filter((key) => key.endsWith("*")).map((key) => key.slice(0, -1));
  return (name) => exact.has(name.toLowerCase()) || prefixes.some((prefix) => name.toLowerCase().startsWith(prefix));
}
