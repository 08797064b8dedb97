import { describe, expect, test } from "vitest";

import { createPattern } from "../../config/onigmo.ts";
import { RUBY_CASES } from "./onigmo-cases.ts";

describe("a pattern of Onigmo's", () => {
  test.each(RUBY_CASES)("%j finds in %j what it finds in Ruby", (pattern, text, groups) => {
    const found = createPattern(pattern).groupsOf(text);
    expect(found?.map((group) => group ?? null) ?? null).toEqual(groups);
    expect(createPattern(pattern).test(text)).toBe(groups !== null);
    expect(createPattern(pattern).inLines.test(text)).toBe(groups !== null);
  });

  test("names its groups in order, and those without a name do not capture beside them", () => {
    expect(createPattern("(?<time>a)(b)(?<log>c)").groups).toEqual(["time", "log"]);
    expect(createPattern("(a)(b)").groups).toEqual([null, null]);
  });

  test("an atomic group does not disturb the numbers of the others", () => {
    expect(createPattern(String.raw`(?>a)(?<x>b)(?<y>c)\k<y>`).groupsOf("abcc")).toEqual(["b", "c"]);
  });

  test.each([
    [String.raw`a\Kb`, /\\K \(keep\).*look-behind/],
    [String.raw`\X`, /grapheme/],
    [String.raw`(?<a>x)\g<a>`, /call of a group/],
    ["(?~abc)", /absence operator/],
    ["(a)?(?(1)b|c)", /condition/],
    [String.raw`\C-a`, /control character/],
    [String.raw`\M-a`, /meta character/],
    ["(?a)x", /chooses a character set/],
    ["a+*", /quantifier on a quantifier/],
    ["^*", /repeats an anchor/],
    ["a{2000}", /repeats more than 1000/],
    ["[😀]", /beyond U\+FFFF/],
    [String.raw`(?i)(a)\1`, /case does not matter/],
    [String.raw`\x{110000}`, /10ffff/],
    ["a)", /\) without a \(/],
    ["(a", /\( without a \)/],
    ["[a", /\[ without a \]/],
    ["[b-a]", /end comes before its start/],
    ["*a", /nothing in front/],
    ["a{3,2}", /least is more than the most/],
    [String.raw`\p{Nope}`, /property .* not known/],
    [String.raw`(?<1a>x)`, /group with the name "1a"/],
    [String.raw`(?<a>x)\1`, /beside named groups/],
    ["a\\", /ends with a backslash/],
    [String.raw`\k<no>`, /group no that it lacks/],
    ["[[:nope:]]", /bracket \[:nope:\]/],
    ["(?", /not known/],
    ["(".repeat(200) + ")".repeat(200), /nested more than 100/],
  ])("%j is refused with the reason", (pattern, reason) => {
    expect(() => createPattern(pattern)).toThrow(reason);
  });
});

describe("a pattern whose time could grow exponentially", () => {
  test.each([
    ["^(a+)+$", `${"a".repeat(60)}b`],
    [String.raw`^(\w+\s?)*$`, `${"a ".repeat(60)}!`],
    [String.raw`(?:[^"]|\\.)*?x`, "\\".repeat(100)],
    ["(a*)*b", "a".repeat(100)],
    ["^(a|aa)+$", `${"a".repeat(100)}b\n`],
    ["^(a|aa)+$", `${"a".repeat(100)}b\r\n`],
  ])("%j ends its search, where V8 can bound it", (pattern, text) => {
    expect(createPattern(pattern).test(text)).toBe(false);
  });

  test.each(["(?=(a+)+b)", "(x{1,50}){1,50}y", String.raw`(a+)+\1`, "(?>(a|aa)+)b"])(
    "%j is refused, as V8 cannot",
    (pattern) => {
      expect(() => createPattern(pattern)).toThrow(/so many ways that a search may never end; write it without/);
    },
  );

  test.each([
    String.raw`(?<=x)([^"\\]|\\.)*"`,
    String.raw`(?!z)(\S+\s+)*x`,
    "(?=y)([0-9a-f]{2}:){5}",
    "(?=y)(?:(?:a|b)+c)+",
    "(?=y)(.*a){20}",
  ])("%j is not taken for one", (pattern) => {
    expect(() => createPattern(pattern)).not.toThrow();
  });
});
