import type { NestFilterConfig } from "../../config/filter/nest.ts";
import { isObject, withFields } from "../log-record.ts";
import type { LogRecord } from "../record.ts";
import { changingRecords } from "./change-records.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** Fluent Bit's `nest`: what is moved comes behind the other fields; a record without it is left alone. */
export function createNestFilter(config: NestFilterConfig): RecordFilter {
  const change = config.operation === "nest" ? nesting(config) : lifting(config);
  return { name: "nest", matches: tagMatcher(config.match), open: () => changingRecords(change, false) };
}

type Change = (record: LogRecord) => LogRecord | null;

function nesting(config: NestFilterConfig): Change {
  const { wildcards, under } = config;
  const exact = new Set(wildcards.filter((wildcard) => !wildcard.endsWith("*")));
  const prefixes = wildcards.filter((wildcard) => wildcard.endsWith("*")).map((wildcard) => wildcard.slice(0, -1));
  const isMeant = (name: string): boolean => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
  const rename = renaming(config);
  return (record) => {
    const fields = Object.entries(record);
    const moved = fields.filter(([name]) => isMeant(name)).map(([name, value]) => [rename(name), value] as const);
    if (moved.length === 0) return null;
    const others = Object.fromEntries(fields.filter(([name]) => !isMeant(name)));
    return withFields(others, [[under, Object.fromEntries(moved)]]);
  };
}

function lifting(config: NestFilterConfig): Change {
  const { under } = config;
  const rename = renaming(config);
  return (record) => {
    const held = Object.hasOwn(record, under) ? record[under] : null;
    if (!isObject(held)) return null;
    const others = Object.fromEntries(Object.entries(record).filter(([name]) => name !== under));
    return withFields(
      others,
      Object.entries(held).map(([name, value]) => [rename(name), value]),
    );
  };
}

function renaming({ addPrefix, removePrefix }: NestFilterConfig): (name: string) => string {
  if (addPrefix !== null) return (name) => addPrefix + name;
  if (removePrefix === null) return (name) => name;
  return (name) => (name.startsWith(removePrefix) ? name.slice(removePrefix.length) : name);
}
