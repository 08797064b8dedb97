import type { ModifyCondition, ModifyFilterConfig, ModifyRule } from "../../config/filter/modify.ts";
import { createPattern } from "../../config/onigmo.ts";
import { parseRecordAccessor, valueAt } from "../../config/record-accessor.ts";
import type { LogRecord } from "../record.ts";
import { changingRecords } from "./change-records.ts";
import type { RecordFilter } from "./filter.ts";
import { tagMatcher } from "./match.ts";

/** Fluent Bit's `modify`: rules that change the fields of the records that meet all conditions. */
export function createModifyFilter({ match, conditions, rules }: ModifyFilterConfig): RecordFilter {
  const holds = conditions.map(createCondition);
  const changes = rules.map(createRule);
  const readsMessage = conditions.some(readsValueOfLog);
  const change = (record: LogRecord): LogRecord | null => {
    if (!holds.every((condition) => condition(record))) return null;
    const before: Fields = Object.entries(record);
    let fields = before;
    for (const rule of changes) fields = rule(fields) ?? fields;
    return fields === before ? null : Object.fromEntries(fields);
  };
  return {
    name: "modify",
    matches: tagMatcher(match),
    open: () => changingRecords(change, readsMessage),
  };
}

/** A record's fields in order. */
type Fields = readonly (readonly [name: string, value: unknown])[];

/** What a rule makes of a record's fields, or null where there is nothing for it to do. */
type Rule = (fields: Fields) => Fields | null;

function createRule(rule: ModifyRule): Rule {
  const { operation, key } = rule;
  switch (operation) {
    case "set":
      return (fields) => [...fields.filter(([name]) => name !== key), [key, rule.value]];
    case "add":
      return (fields) => (has(fields, key) ? null : [...fields, [key, rule.value]]);
    case "rename":
    case "hard_rename":
      return renaming(key, rule.value, operation === "hard_rename");
    case "copy":
    case "hard_copy":
      return copying(key, rule.value, operation === "hard_copy");
    case "remove":
      return removing((name) => name === key);
    case "remove_wildcard":
      return removing((name) => name.startsWith(key));
    case "remove_regex": {
      const pattern = createPattern(key);
      return removing((name) => pattern.test(name));
    }
    default:
      return moving(key, operation === "move_to_start");
  }
}

function renaming(from: string, to: string, isHard: boolean): Rule {
  return (fields) => {
    if (!has(fields, from) || (!isHard && has(fields, to))) return null;
    return fields
      .filter(([name]) => name !== to || to === from)
      .map(([name, value]) => [name === from ? to : name, value]);
  };
}

function copying(from: string, to: string, isHard: boolean): Rule {
  return (fields) => {
    if (!has(fields, from) || from === to || (!isHard && has(fields, to))) return null;
    return fields
      .filter(([name]) => name !== to)
      .flatMap((field) => (field[0] === from ? [field, [to, field[1]] as const] : [field]));
  };
}

function removing(isMeant: (name: string) => boolean): Rule {
  return (fields) => (fields.some(([name]) => isMeant(name)) ? fields.filter(([name]) => !isMeant(name)) : null);
}

function moving(prefix: string, toStart: boolean): Rule {
  return (fields) => {
    const moved = fields.filter(([name]) => name.startsWith(prefix));
    if (moved.length === 0) return null;
    const others = fields.filter(([name]) => !name.startsWith(prefix));
    return toStart ? [...moved, ...others] : [...others, ...moved];
  };
}

function has(fields: Fields, key: string): boolean {
  return fields.some(([name]) => name === key);
}

/** Whether it depends on more of `log` than that it is there. */
function readsValueOfLog(condition: ModifyCondition): boolean {
  switch (condition.type) {
    case "key_exists":
    case "key_does_not_exist":
    case "a_key_matches":
    case "no_key_matches":
      return false;
    case "matching_keys_have_matching_values":
    case "matching_keys_do_not_have_matching_values":
      return createPattern(condition.keys).test("log");
    default:
      return parseRecordAccessor(condition.key)[0] === "log";
  }
}

type Condition = (record: LogRecord) => boolean;

function createCondition(condition: ModifyCondition): Condition {
  switch (condition.type) {
    case "key_exists":
      return exists(condition.key);
    case "key_does_not_exist":
      return not(exists(condition.key));
    case "a_key_matches":
      return hasKeyLike(condition.keys);
    case "no_key_matches":
      return not(hasKeyLike(condition.keys));
    case "key_value_equals":
      return valueIs(condition.key, (text) => text === condition.value);
    // A field that is not there neither equals nor differs: the record is left alone.
    case "key_value_does_not_equal":
      return both(exists(condition.key), not(valueIs(condition.key, (text) => text === condition.value)));
    case "key_value_matches":
      return valueMatches(condition.key, condition.pattern);
    case "key_value_does_not_match":
      return both(exists(condition.key), not(valueMatches(condition.key, condition.pattern)));
    case "matching_keys_have_matching_values":
      return matchingValues(condition.keys, condition.values);
    default:
      return not(matchingValues(condition.keys, condition.values));
  }
}

function exists(key: string): Condition {
  const path = parseRecordAccessor(key);
  return (record) => valueAt(record, path) !== undefined;
}

function valueIs(key: string, isMeant: (text: string) => boolean): Condition {
  const path = parseRecordAccessor(key);
  return (record) => {
    const text = textOf(valueAt(record, path));
    return text !== null && isMeant(text);
  };
}

function valueMatches(key: string, source: string): Condition {
  const pattern = createPattern(source);
  return valueIs(key, (text) => pattern.test(text));
}

function hasKeyLike(source: string): Condition {
  const pattern = createPattern(source);
  return (record) => Object.keys(record).some((name) => pattern.test(name));
}

function matchingValues(keys: string, values: string): Condition {
  const [keyPattern, valuePattern] = [createPattern(keys), createPattern(values)];
  const isGood = (value: unknown): boolean => valuePattern.test(textOf(value) ?? "") && textOf(value) !== null;
  return (record) => Object.entries(record).every(([name, value]) => !keyPattern.test(name) || isGood(value));
}

/** What Fluent Bit compares: texts, and true and false; numbers are equal to nothing. */
function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : typeof value === "boolean" ? String(value) : null;
}

function not(condition: Condition): Condition {
  return (record) => !condition(record);
}

function both(one: Condition, other: Condition): Condition {
  return (record) => one(record) && other(record);
}
