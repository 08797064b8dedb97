import { expect, test } from "vitest";
import { parseOptions } from "../../query/options.ts";
import { scopeCondition } from "../../query/scope.ts";
import { trinoSyntaxErrors } from "./dialect/trino-grammar.ts";

test.each([
  [["-n", "shop"], "namespace = 'shop'"],
  [["-w", "a,b"], "(workload = 'a' OR workload = 'b')"],
  [["-p", "nginx*"], "pod LIKE 'nginx%'"],
  [["-p", "a_b?*"], String.raw`pod LIKE 'a\_b_%' ESCAPE '\'`],
  [["-c", "o'brien"], "container = 'o''brien'"],
  [["-l", "app=web"], "labels['app'] = 'web'"],
  [["-l", "app==web"], "labels['app'] = 'web'"],
  [["-l", "app=a=b"], "labels['app'] = 'a=b'"],
  [["-l", "app!=web"], "labels['app'] IS DISTINCT FROM 'web'"],
  [["-l", "it's"], "labels['it''s'] IS NOT NULL"],
  [["--level", "error+"], "level IN ('error', 'fatal')"],
  [["-g", "100%"], "contains(log, '100%')"],
  [["-g", "a.b"], "regexp_matches(log, 'a.b')"],
  [["-i", "-g", "ab"], "regexp_matches(log, '(?i)ab')"],
  [["-g", "a", "-g", "b"], "(contains(log, 'a') OR contains(log, 'b'))"],
  [["-n", "x", "-l", "a=b,c=d"], "namespace = 'x' AND labels['a'] = 'b' AND labels['c'] = 'd'"],
])("%j means %s", (argv, condition) => {
  expect(scopeCondition(parseOptions(argv).scope, "duckdb")).toBe(condition);
});

test.each([
  [["-p", "a_b?*"], String.raw`pod LIKE 'a\_b_%' ESCAPE '\'`],
  [["-l", "app==web"], "element_at(labels, 'app') = 'web'"],
  [["-l", "app!=web"], "element_at(labels, 'app') IS DISTINCT FROM 'web'"],
  [["-l", "it's"], "element_at(labels, 'it''s') IS NOT NULL"],
  [["-g", "100%"], "strpos(log, '100%') > 0"],
  [["-g", "a.b"], "regexp_like(log, 'a.b')"],
  [["-i", "-g", String.raw`ab\s$`], String.raw`regexp_like(log, '(?i)ab[\t\n\f\r ]\z')`],
])("%j means %s to Trino", (argv, condition) => {
  expect(scopeCondition(parseOptions(argv).scope, "trino")).toBe(condition);
  expect(trinoSyntaxErrors(`SELECT 1 FROM logs WHERE ${condition}`)).toEqual([]);
});

test("no scope flag means no condition", () => {
  expect(scopeCondition(parseOptions(["pod='x'"]).scope, "duckdb")).toBeNull();
});
