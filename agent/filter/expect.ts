import type { ExpectFilterConfig, ExpectRule } from "../../config/filter/expect.ts";
import { parseRecordAccessor, valueAt } from "../../config/record-accessor.ts";
import { withFields } from "../log-record.ts";
import type { LogRecord } from "../record.ts";
import { changingRecords } from "./change-records.ts";
import type { RecordFilter, Voice } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** A record in a message of the agent's log. */
const SHOWN_CHARACTERS_MAX = 1000;

/**
 * Fluent Bit's `expect`: says when a record fails a rule, each rule once, and may end the agent then; or writes into each
 * record whether it meets all.
 */
export function createExpectFilter(config: ExpectFilterConfig, { warn, exit }: Voice): RecordFilter {
  const { match, rules, resultKey, exits = false } = config;
  const checks = rules.map(createCheck);
  const said = new Set<ExpectRule>();
  const failed = (record: LogRecord): ExpectRule | null => rules.find((_, index) => !checks[index]!(record)) ?? null;
  const change = (record: LogRecord): LogRecord | null => {
    const rule = failed(record);
    if (resultKey !== null) return withFields(record, [[resultKey, rule === null]]);
    if (rule !== null && !said.has(rule)) {
      said.add(rule);
      const shown = JSON.stringify(record).slice(0, SHOWN_CHARACTERS_MAX);
      const say = exits ? exit : warn;
      say(`filter expect: a record fails ${[rule.type, rule.key, rule.value].join(" ").trim()}: ${shown}`);
    }
    return null;
  };
  return { name: "expect", matches: tagMatcher(match), open: () => changingRecords(change) };
}

function createCheck({ type, key, value: expected }: ExpectRule): (record: LogRecord) => boolean {
  const path = parseRecordAccessor(key);
  return (record) => {
    const value = valueAt(record, path);
    switch (type) {
      case "key_exists":
        return value !== undefined;
      case "key_not_exists":
        return value === undefined;
      case "key_val_is_null":
        return value === null;
      case "key_val_is_not_null":
        return value !== undefined && value !== null;
      default:
        // As in Fluent Bit, what is no text is not compared.
        return value !== undefined && (typeof value !== "string" || value === expected);
    }
  };
}
