import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createPattern } from "../../../config/onigmo.ts";

const requiredOf = (pattern: string) => createPattern(pattern).required?.map((each) => each.join(" ")) ?? null;

test.each([
  ["healthz", ["t h z"]],
  ["kube-probe|healthz", ["k u b", "t h z"]],
  ["/get \\/x/i", ["  / Xx"]],
  ["^\\[debug\\]$", ["u g ]"]],
  ["a(b(?<name>cd)e)f", ["b c d"]],
  ["(?:foo|bar)baz", ["b a z"]],
  ["x(?:abc)+y", ["a b c"]],
  ["[01]qu", ["01 q u"]],
])("what matches %s has one of %j", (pattern, required) => {
  expect(requiredOf(pattern)).toEqual(required);
});

test.each(["ab", "a|abc", "a?bc", "(?:abc)?", "ab+c", "a.b.c", "a[b-z]c", "äbö", "(abc)?\\1", "abc|b"])(
  "nothing is known of what matches %s",
  (pattern) => {
    expect(requiredOf(pattern)).toBeNull();
  },
);

test("whatever matches has one of them", () => {
  const pieces = ["a", "b", "c", "abc", "(?:ab|ca)", "(abc)?", "b+", "(?:bca){1,2}", "[ab]", ".", "\\b", "(?=b)", "c*"];
  const patterns = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 });
  const texts = fc.array(fc.constantFrom("a", "b", "c", "abc", " "), { maxLength: 10 });
  const missed: string[] = [];
  fc.assert(
    fc.property(patterns, fc.array(patterns, { maxLength: 1 }), texts, (first, others, words) => {
      const source = [first, ...others].map((each) => each.join("")).join("|");
      const pattern = createPattern(source);
      const text = words.join("");
      if (pattern.required === null || !pattern.test(text)) return;
      const isThere = pattern.required.some((each) => new RegExp(each.map((some) => `[${some}]`).join("")).test(text));
      if (!isThere) missed.push(`${source} in ${text}`);
    }),
    { numRuns: 1500 },
  );
  expect(missed).toEqual([]);
});
