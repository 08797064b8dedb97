import { expect, test } from "vitest";
import { caretLines } from "../../../query/render/caret.ts";

test("carets stand under the span", () => {
  expect(caretLines("select pdo where 1=1", { start: 7, end: 10 })).toBe("  select pdo where 1=1\n         ^^^");
});

test("one caret stands where only a start is known, at the end too", () => {
  expect(caretLines("select", { start: 6, end: null })).toBe("  select\n        ^");
});

test("wide characters and emoji before the span count as the columns they take", () => {
  const text = "log='支付😀' and pdo=1";
  expect(caretLines(text, { start: text.indexOf("pdo"), end: text.indexOf("pdo") + 3 })).toBe(
    `  ${text}\n  ${" ".repeat(4 + 1 + 6 + 1 + 5)}^^^`,
  );
});

test("only the line of the span is shown, and carets end with it", () => {
  expect(caretLines("select *\nwhere x\nlimit 1", { start: 15, end: 24 })).toBe("  where x\n        ^");
});

test("tabs and control characters keep the caret in place", () => {
  expect(caretLines("a\tb\x1bc", { start: 4, end: 5 })).toBe("  a b␛c\n      ^");
});

test("a long line is cut around the span", () => {
  const text = `${"a".repeat(300)}BAD${"c".repeat(300)}`;
  const [line, carets] = caretLines(text, { start: 300, end: 303 }).split("\n") as [string, string];
  expect(line.length).toBeLessThan(110);
  expect(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("BAD");
  expect(line).toMatch(/^ {2}…a+BADc+…$/);
});
