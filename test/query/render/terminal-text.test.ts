import { expect, test } from "vitest";
import { displayWidth } from "../../../query/render/terminal-text.ts";

test.each([
  ["plain", 5],
  ["支付", 4],
  ["ａ！", 4],
  ["각", 2],
  ["e\u0301", 1],
  ["กำ", 1],
  ["😀", 2],
  ["👨‍👩‍👧", 2],
  ["👍🏽", 2],
  ["🇨🇳", 2],
  ["❤️", 2],
  ["1️⃣", 2],
  // Pictures without an emoji's presentation are as narrow as letters: Unicode's East Asian Width says so.
  ["🌡", 1],
  ["🖥", 1],
  ["\u{1f700}", 1],
  ["\u{17000}", 2],
  ["\u{1b000}", 2],
  ["🈂", 2],
  ["〈", 2],
])("%s takes %d columns", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});
