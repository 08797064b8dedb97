import { expect, test } from "vitest";
import { createModifyFilter } from "../../../agent/filter/modify.ts";
import type { LogRecord } from "../../../agent/record.ts";
import type { ModifyCondition, ModifyRule } from "../../../config/filter/modify.ts";
import { rowsOf } from "./fixture.ts";

/** The record that the filter makes of one, as JSON: the order of fields matters; null if it leaves it alone. */
function modify(record: LogRecord, rules: readonly ModifyRule[], conditions: readonly ModifyCondition[] = []) {
  const rows = rowsOf([""]);
  rows.setRecord(0, record);
  const match = { pattern: "*", regex: false };
  const filter = createModifyFilter({ plugin: "modify", match, conditions, rules });
  filter.open(rows.origin, {})!.apply(rows);
  return rows.record(0) === record ? null : JSON.stringify(rows.record(0));
}

const ABC = { a: "1", ab: "2", c: "3" };

test.each<[ModifyRule, string | null]>([
  [{ operation: "set", key: "a", value: "x" }, '{"ab":"2","c":"3","a":"x"}'],
  [{ operation: "set", key: "new", value: "x" }, '{"a":"1","ab":"2","c":"3","new":"x"}'],
  [{ operation: "add", key: "a", value: "x" }, null],
  [{ operation: "add", key: "new", value: "x" }, '{"a":"1","ab":"2","c":"3","new":"x"}'],
  [{ operation: "remove", key: "a" }, '{"ab":"2","c":"3"}'],
  [{ operation: "remove", key: "none" }, null],
  [{ operation: "remove_wildcard", key: "a" }, '{"c":"3"}'],
  [{ operation: "remove_wildcard", key: "x" }, null],
  [{ operation: "remove_regex", key: "b$|^c" }, '{"a":"1"}'],
  [{ operation: "remove_regex", key: "x" }, null],
  [{ operation: "rename", key: "a", value: "x" }, '{"x":"1","ab":"2","c":"3"}'],
  [{ operation: "rename", key: "a", value: "c" }, null],
  [{ operation: "rename", key: "none", value: "x" }, null],
  [{ operation: "hard_rename", key: "a", value: "c" }, '{"c":"1","ab":"2"}'],
  [{ operation: "hard_rename", key: "none", value: "c" }, null],
  [{ operation: "copy", key: "a", value: "x" }, '{"a":"1","x":"1","ab":"2","c":"3"}'],
  [{ operation: "copy", key: "a", value: "c" }, null],
  [{ operation: "copy", key: "none", value: "x" }, null],
  [{ operation: "hard_copy", key: "c", value: "a" }, '{"ab":"2","c":"3","a":"3"}'],
  [{ operation: "hard_copy", key: "none", value: "a" }, null],
  [{ operation: "move_to_start", key: "c" }, '{"c":"3","a":"1","ab":"2"}'],
  [{ operation: "move_to_end", key: "a" }, '{"c":"3","a":"1","ab":"2"}'],
  [{ operation: "move_to_end", key: "x" }, null],
])("%j", (rule, expected) => {
  expect(modify(ABC, [rule])).toBe(expected);
});

test("each rule applies to what those before it made", () => {
  const rules: ModifyRule[] = [
    { operation: "rename", key: "a", value: "x" },
    { operation: "copy", key: "x", value: "y" },
    { operation: "remove", key: "x" },
  ];
  expect(modify({ a: 1 }, rules)).toBe('{"y":1}');
});

const RECORD = { level: "info", debug: true, count: 3, nothing: null, kubernetes: { labels: { app: "web" } } };
const APP = "$kubernetes['labels']['app']";

test.each<[ModifyCondition, boolean]>([
  [{ type: "key_exists", key: "level" }, true],
  [{ type: "key_exists", key: APP }, true],
  [{ type: "key_exists", key: "nothing" }, true],
  [{ type: "key_exists", key: "none" }, false],
  [{ type: "key_does_not_exist", key: "none" }, true],
  [{ type: "key_does_not_exist", key: "level" }, false],
  [{ type: "a_key_matches", keys: "^lev" }, true],
  [{ type: "a_key_matches", keys: "^app" }, false],
  [{ type: "no_key_matches", keys: "^app" }, true],
  [{ type: "no_key_matches", keys: "^lev" }, false],
  [{ type: "key_value_equals", key: "level", value: "info" }, true],
  [{ type: "key_value_equals", key: "debug", value: "true" }, true],
  [{ type: "key_value_equals", key: "count", value: "3" }, false],
  [{ type: "key_value_does_not_equal", key: "level", value: "warn" }, true],
  [{ type: "key_value_does_not_equal", key: "level", value: "info" }, false],
  [{ type: "key_value_does_not_equal", key: "none", value: "info" }, false],
  [{ type: "key_value_matches", key: APP, pattern: "^w" }, true],
  [{ type: "key_value_matches", key: "none", pattern: "" }, false],
  [{ type: "key_value_does_not_match", key: APP, pattern: "^x" }, true],
  [{ type: "key_value_does_not_match", key: "none", pattern: "^x" }, false],
  [{ type: "matching_keys_have_matching_values", keys: "^(level|debug)$", values: "info|true" }, true],
  [{ type: "matching_keys_have_matching_values", keys: "^(level|count)$", values: "." }, false],
  [{ type: "matching_keys_have_matching_values", keys: "^none", values: "x" }, true],
  [{ type: "matching_keys_do_not_have_matching_values", keys: "^level$", values: "x" }, true],
  [{ type: "matching_keys_do_not_have_matching_values", keys: "^level$", values: "info" }, false],
])("%j: %s", (condition, isMet) => {
  expect(modify(RECORD, [{ operation: "set", key: "x", value: "y" }], [condition]) !== null).toBe(isMet);
});

test("all conditions must hold", () => {
  const [good, bad] = [
    { type: "key_exists", key: "level" },
    { type: "key_exists", key: "none" },
  ] as const;
  const rules: ModifyRule[] = [{ operation: "remove", key: "level" }];
  expect([modify(RECORD, rules, [good, good]), modify(RECORD, rules, [good, bad])]).toEqual([expect.any(String), null]);
});

test("rows that were dropped are not looked at, and those that stay as they are stay bytes", () => {
  const rows = rowsOf(["a", "b", "c"]);
  rows.drop(0);
  const rules: ModifyRule[] = [{ operation: "set", key: "x", value: "y" }];
  const conditions: ModifyCondition[] = [{ type: "key_value_equals", key: "log", value: "b" }];
  const filter = createModifyFilter({ plugin: "modify", match: { pattern: "a*", regex: false }, conditions, rules });
  filter.open(rows.origin, {})!.apply(rows);
  expect([0, 1, 2].map((row) => rows.changed(row))).toEqual([false, true, false]);
  expect([filter.matches("abc"), filter.matches("b")]).toEqual([true, false]);
});
