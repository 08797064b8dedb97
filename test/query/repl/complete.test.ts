import { expect, test } from "vitest";
import { completionOf, hitsOf } from "../../../query/repl/complete.ts";

test.each([
  ["sel", ["select"]],
  ["SEL", ["SELECT"]],
  ["select * wh", ["when", "where"]],
  ["select names", ["namespace"]],
  ["select approx_p", ["approx_percentile("]],
  ["select logs.po", ["pod", "pod_id", "pos"]],
  ["level >= w", ["warn"]],
  ["level in ('warn') and level >= e", ["error"]],
  ["\\si", ["\\since"]],
  ["\\o nd", ["ndjson"]],
  ["\\d po", ["pod"]],
  ["log like '%sel", []],
])("%s is completed by %j", (text, words) => {
  const completion = completionOf(text);
  expect(completion.kind === "words" && completion.words.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(words);
});

test.each([
  ["pod='ng", "pod", "ng", ""],
  ["select * where POD = ", "pod", "", "'"],
  ["pod != 'a' and namespace='", "namespace", "", ""],
  ["workload in ('a', 'b", "workload", "b", ""],
  ["node like 'ip-", "node", "ip-", ""],
])("after %s values of the column are asked for", (text, column, partial, quote) => {
  expect(completionOf(text)).toEqual({ kind: "values", column, partial, quote });
});

test.each(["pod='nginx' ", "log = 'x", "pod = lower('"])("%s asks for no values", (text) => {
  expect(completionOf(text).kind).toBe("words");
});

test("saved queries are completed by their sign", () => {
  expect(completionOf("@er")).toEqual({ kind: "saved", partial: "@er" });
});

test("values are put in quotes, and closed", () => {
  expect(hitsOf(["nginx", "it's", "web"], { partial: "ng", quote: "" })).toEqual(["nginx'"]);
  expect(hitsOf(["it's"], { partial: "", quote: "'" })).toEqual(["'it''s'"]);
});
