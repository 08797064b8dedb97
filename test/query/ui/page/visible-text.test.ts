import { expect, test } from "vitest";
import { oneLine, visibleText, wholeStart } from "../../../../query/ui/page/visible-text.ts";

test.each([
  ["\x1b[31mred\x1b[0m", "␛[31mred␛[0m"],
  ["a\0b\x07\x7f\x85", "a␀b␇␡⟨U+0085⟩"],
  ["gpj.\u202Eexe", "gpj.⟨U+202E⟩exe"],
  ["a\u2066b\u2069c\u200fd", "a⟨U+2066⟩b⟨U+2069⟩c⟨U+200F⟩d"],
  ["one\u2028two\u200bthree\ufeff", "one⟨U+2028⟩two⟨U+200B⟩three⟨U+FEFF⟩"],
  ["tag\u{e0041}", "tag⟨U+E0041⟩"],
])("%j is seen as %s", (text, seen) => {
  expect(visibleText(text)).toBe(seen);
});

test.each(["<b>&amp;", "支付失败 😀", "שלום", "e\u0301", "a\n\tb", "👩\u200d💻"])("%s stays as it is", (text) => {
  expect(visibleText(text)).toBe(text);
});

test("a cell shows the start of a line, its line ends as signs", () => {
  expect(oneLine("a\nb\tc\r\nd", 100)).toBe("a ⏎ b c ⏎ d");
  expect(oneLine("x".repeat(2_000_000), 10)).toBe(`${"x".repeat(10)}…`);
  expect(wholeStart("ab😀", 3)).toBe("ab");
});
