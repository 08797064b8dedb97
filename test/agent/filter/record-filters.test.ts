import { describe, expect, test } from "vitest";
import type { ParserFilterConfig } from "../../../config/filter/parser.ts";
import { createRecordFilters } from "../../../agent/filter/create.ts";
import type { LogRecord } from "../../../agent/record.ts";
import { renderConfig } from "../../../config/render.ts";
import { edited, load } from "../../config/fixture.ts";
import { T0_MS } from "../fixture.ts";
import { filtersOf, rowsOf } from "./fixture.ts";

const said: string[] = [];

/** What a filter, given by its options, makes of a record: JSON, because the order of fields matters; null if it is left alone. */
const voice = { warn: (text: string) => void said.push(text), exit: (text: string) => void said.push(`exit ${text}`) };

function apply(name: string, options: string, record: LogRecord) {
  const rows = rowsOf([""]);
  rows.setRecord(0, record);
  said.length = 0;
  const [filter] = createRecordFilters(filtersOf(`- {name: ${name}, match: '*', ${options}}`), voice);
  filter!.open(rows.origin, {})!.apply(rows);
  const seconds = rows.seconds(0) - T0_MS / 1000;
  if (!rows.keeps(0)) return "dropped";
  const made = rows.record(0) === record ? null : JSON.stringify(rows.record(0));
  return seconds === 0 ? made : `${made} ${seconds} ${rows.nanos(0)}`;
}

function problemsOf(filter: string): readonly string[] {
  return load(edited("  outputs:", `  filters: [{match: '*', ${filter}}]\n  outputs:`)).problems;
}

test.each([
  "name: nest, operation: nest, wildcard: [a*, b], nest_under: x, add_prefix: p_",
  "name: nest, operation: lift, nested_under: x, remove_prefix: p",
  `name: record_modifier, record: [a 1, '"b c" d e'], remove_key: [x, y*]`,
  "name: record_modifier, whitelist_key: a, allowlist_key: b",
  "name: parser, key_name: log, parser: [json, nginx], reserve_data: on",
  "name: expect, key_exists: \"$a['b']\", key_val_eq: ['log \"a b\"'], key_not_exists: [x, y]",
  "name: expect, key_exists: a, action: result_key, result_key: ok",
])("what %s comes to is read again to the same effect", (filter) => {
  const { config, problems } = load(edited("  outputs:", `  filters: [{match: '*', ${filter}}]\n  outputs:`));
  expect(problems).toEqual([]);
  expect(load(renderConfig(config!)).config).toEqual(config);
});

test.each([
  ["name: nest, operation: nest, wildcard: a", "nest needs nest_under"],
  ["name: nest, operation: nest, nest_under: a", "nest needs wildcard"],
  ["name: nest, operation: lift", "lift needs nested_under"],
  [
    "name: nest, operation: lift, nested_under: a, prefix_with: b, remove_prefix: c",
    "set beside prefix_with; remove one",
  ],
  ["name: record_modifier, record: a", "write a field and a text"],
  ["name: record_modifier, remove_key: a, allowlist_key: b", "set beside allowlist_key; remove one"],
  ["name: record_modifier, uuid_key: id", "a shipment that is repeated after a crash would hold other ids"],
  ["name: parser, parser: json", "needs key_name"],
  ["name: parser, key_name: $a.b, parser: json", "$a.b is no field"],
  ["name: parser, key_name: log, parser: jsn", 'no parser "jsn"; did you mean "json"?'],
  ["name: expect, key_exists: $a.b", "$a.b is no field"],
  ["name: expect, key_val_eq: a", "write a field and a text"],
  ["name: lua, script: a.lua", "filter lua is not supported: logq-agent runs no scripts; use modify"],
  ["name: wasm", "runs no programs"],
  ["name: type_converter", "name their types in a parser"],
])("%s is refused", (filter, message) => {
  expect(problemsOf(filter).join("\n")).toContain(message);
});

const ABC = { a: 1, ab: 2, c: { d: 3, e: 4 } };

describe("nest", () => {
  test.each([
    ["operation: nest, wildcard: a*, nest_under: n", '{"c":{"d":3,"e":4},"n":{"a":1,"ab":2}}'],
    ["operation: nest, wildcard: a, nest_under: n", '{"ab":2,"c":{"d":3,"e":4},"n":{"a":1}}'],
    ["operation: nest, wildcard: [a, c], nest_under: ab", '{"ab":{"a":1,"c":{"d":3,"e":4}}}'],
    ["operation: nest, wildcard: a*, nest_under: n, add_prefix: x", '{"c":{"d":3,"e":4},"n":{"xa":1,"xab":2}}'],
    ["operation: nest, wildcard: ab, nest_under: n, remove_prefix: a", '{"a":1,"c":{"d":3,"e":4},"n":{"b":2}}'],
    ["operation: nest, wildcard: x*, nest_under: n", null],
    ["operation: lift, nested_under: c", '{"a":1,"ab":2,"d":3,"e":4}'],
    ["operation: lift, nested_under: c, prefix_with: a", '{"a":1,"ab":2,"ad":3,"ae":4}'],
    ["operation: lift, nested_under: c, remove_prefix: d", '{"a":1,"ab":2,"":3,"e":4}'],
    ["operation: lift, nested_under: a", null],
    ["operation: lift, nested_under: x", null],
  ])("%s", (options, expected) => {
    expect(apply("nest", options, ABC)).toBe(expected);
  });
});

describe("record_modifier", () => {
  test.each([
    ["record: x y", '{"a":1,"ab":2,"c":{"d":3,"e":4},"x":"y"}'],
    ["record: [a one two, 'x \"y z\"'], remove_key: c", '{"ab":2,"a":"one two","x":"y z"}'],
    ["remove_key: A", '{"ab":2,"c":{"d":3,"e":4}}'],
    ["remove_key: a*", '{"c":{"d":3,"e":4}}'],
    ["remove_key: x", null],
    ["allowlist_key: ab", '{"ab":2}'],
    ["whitelist_key: A*", '{"a":1,"ab":2}'],
    ["allowlist_key: x", "dropped"],
    ["allowlist_key: x, record: y z", '{"y":"z"}'],
  ])("%s", (options, expected) => {
    expect(apply("record_modifier", options, ABC)).toBe(expected);
  });
});

describe("parser", () => {
  const LOG = { log: '{"x":1,"a":2}', a: "other", $: 0 };
  const TIME = { log: "msg=m time=2026-11-21T05:00:07.5Z" };

  test.each([
    ["key_name: log, parser: json", LOG, '{"x":1,"a":2}'],
    ["key_name: log, parser: json, reserve_data: on", LOG, '{"x":1,"a":"other","$":0}'],
    ["key_name: log, parser: json, preserve_key: on", LOG, '{"x":1,"a":2,"log":"{\\"x\\":1,\\"a\\":2}"}'],
    ["key_name: log, parser: json, reserve_data: on, preserve_key: on", { log: "{}", b: 1 }, '{"log":"{}","b":1}'],
    ["key_name: $log, parser: json, preserve_key: on", { log: "{}", b: 1 }, "{}"],
    [
      "key_name: \"$k['v']\", parser: json, reserve_data: on",
      { k: { v: '{"x":1}' } },
      '{"x":1,"k":{"v":"{\\"x\\":1}"}}',
    ],
    ["key_name: log, parser: [json, logfmt]", { log: "x=1" }, '{"x":"1"}'],
    ["key_name: log, parser: json", { log: "no JSON" }, null],
    ["key_name: none, parser: json", LOG, null],
    ["key_name: log, parser: json", { log: 5 }, null],
  ] as const)("%s of %j", (options, record, expected) => {
    expect(apply("parser", options, record)).toBe(expected);
  });

  test("the time of the text becomes the record's, unless it is out of range", () => {
    expect(apply("parser", "key_name: log, parser: logfmt", TIME)).toBe('{"msg":"m","time":"2026-11-21T05:00:07.5Z"}');
    const parsed = (time: string) =>
      apply("parser", "key_name: log, parser: docker", { log: JSON.stringify({ x: 1, time }) });
    expect(parsed("2026-11-21T05:00:07.5Z")).toBe('{"x":1,"time":"2026-11-21T05:00:07.5Z"} 7 500000000');
    expect(parsed("2020-11-21T05:00:07.5Z")).toBe('{"x":1,"time":"2020-11-21T05:00:07.5Z"}');
    expect(parsed("2026-11-23T05:00:07.5Z")).toBe('{"x":1,"time":"2026-11-23T05:00:07.5Z"}');
  });
});

test("a level among the parsed fields is the record's; without one the level of the text stays", () => {
  const rows = rowsOf(["level=warn msg=error", "msg=x"]);
  rows.batch.level.set([5, 5]);
  createRecordFilters(filtersOf("- {name: parser, match: '*', key_name: log, parser: logfmt}"))[0]!
    .open(rows.origin, {})!
    .apply(rows);
  expect([...rows.parts()[0]!.batch.level]).toEqual([4, 5]);
});

describe("expect", () => {
  const RECORD = { level: "info", count: 3, nothing: null };

  test.each([
    ["key_exists: nothing", true],
    ["key_exists: none", false],
    ["key_not_exists: none", true],
    ["key_not_exists: level", false],
    ["key_val_is_null: nothing", true],
    ["key_val_is_null: level", false],
    ["key_val_is_null: none", false],
    ["key_val_is_not_null: $level", true],
    ["key_val_is_not_null: nothing", false],
    ["key_val_is_not_null: none", false],
    ["key_val_eq: level info", true],
    ["key_val_eq: level warn", false],
    ["key_val_eq: count 4", true],
    ["key_val_eq: none x", false],
    ["key_exists: level, key_not_exists: level", false],
  ])("%s: %s", (options, isMet) => {
    expect(apply("expect", options, RECORD)).toBeNull();
    expect(said.length === 0).toBe(isMet);
    const written = apply("expect", `${options}, action: result_key`, RECORD);
    expect(JSON.parse(written!)).toEqual({ ...RECORD, matched: isMet });
    expect(said).toEqual([]);
  });

  test("with action exit a record that fails a rule ends the agent, and goes on as it is", () => {
    expect(apply("expect", "key_exists: none, action: exit", RECORD)).toBeNull();
    expect(said).toEqual([expect.stringMatching(/^exit filter expect: a record fails key_exists none: \{/)]);
  });

  test("a rule that records fail is said once, with the first of them", () => {
    const rows = rowsOf(["first", "second"]);
    const filters = filtersOf("- {name: expect, match: '*', key_exists: [$x, log]}");
    said.length = 0;
    createRecordFilters(filters, voice)[0]!.open(rows.origin, {})!.apply(rows);
    expect(said).toEqual([expect.stringMatching(/a record fails key_exists \$x: \{.*"log":"first"/)]);
    expect(rows.changed(0)).toBe(false);
  });
});

test("filters are called as Fluent Bit calls them, those that come from an input after it", () => {
  const own = filtersOf(
    "- {name: grep, match: a}\n- {name: nest, match: a, operation: lift, nested_under: b}\n- {name: grep, match: b}",
  );
  const [parser] = filtersOf("- {name: parser, match: '*', key_name: log, parser: json}");
  const ofInput = { ...(parser as ParserFilterConfig), input: "tail.0" };
  expect(createRecordFilters([ofInput, ...own, parser!]).map(({ name }) => name)).toEqual([
    "parser.tail.0",
    "grep.0",
    "nest.0",
    "grep.1",
    "parser.0",
  ]);
});
