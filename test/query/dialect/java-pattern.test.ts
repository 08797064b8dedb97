import { expect, test } from "vitest";
import { javaPattern } from "../../../query/dialect/java-pattern.ts";

test.each([
  ["a.b|^c+(?i:d)", "a.b|^c+(?i:d)"],
  ["timeout$", String.raw`timeout\z`],
  [String.raw`5\$`, String.raw`5\$`],
  ["[$]", "[$]"],
  ["(?m)x$", "(?m)x$"],
  [String.raw`\s\S[\s,]`, String.raw`[\t\n\f\r ][^\t\n\f\r ][\t\n\f\r ,]`],
  [String.raw`\d\w\x{e9}\pL\p{^Greek}`, String.raw`\d\w\x{e9}\pL\P{Greek}`],
  [String.raw`\bx`, String.raw`(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))x`],
  ["(?P<name>a)", "(?<name>a)"],
  [String.raw`\Qa.b[\E+c`, String.raw`a\.b\[+c`],
  ["[a[b&&c]", String.raw`[a\[b\&\&c]`],
  ["[]a]", String.raw`[\]a]`],
  ["[^]a]", String.raw`[^\]a]`],
  ["[[:alpha:]_]", "[A-Za-z_]"],
  ["[[:^alpha:]]", "[[:^alpha:]]"],
  ["你好 😀?", "你好 😀?"],
])("%s finds what %s finds", (pattern, java) => {
  expect(javaPattern(pattern)).toBe(java);
});

test.each([
  ["a(?=b)", "looking around"],
  ["(?<!a)b", "looking around"],
  ["(?>a)", "an atomic group"],
  [String.raw`(a)\1`, "a back reference"],
  ["a++", "a possessive or double repetition"],
  ["a?{2}", "a possessive or double repetition"],
  ["a{2}+", "a possessive or double repetition"],
  [String.raw`a\Z`, "this escape"],
  ["(?x)a b", "this flag"],
])("%s has %s, which DuckDB refuses, too", (pattern, what) => {
  expect(() => javaPattern(pattern)).toThrow(`-g ${pattern}: ${what} is not part of RE2`);
});

test("an escaped repetition is none", () => {
  expect(javaPattern(String.raw`a\++b\*?`)).toBe(String.raw`a\++b\*?`);
});
