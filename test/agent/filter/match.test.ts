import { expect, test } from "vitest";
import { tagMatcher } from "../../../agent/filter/match.ts";

test.each([
  ["*", "anything.at.all", true],
  ["kube.*", "kube.var.log.x", true],
  ["kube.*", "kubexvar", false],
  ["*.log", "a.b.log", true],
  ["a*c*e", "abcde", true],
  ["kube", "kube.x", false],
  ["a+b", "aab", false],
])("match %s on tag %s: %s", (pattern, tag, expected) => {
  expect(tagMatcher({ pattern, regex: false })(tag)).toBe(expected);
});

test("match_regex is found anywhere in the tag unless it is anchored", () => {
  expect(tagMatcher({ pattern: "v[aeiou]r", regex: true })("kube.var.log")).toBe(true);
  expect(tagMatcher({ pattern: "^var", regex: true })("kube.var.log")).toBe(false);
});
