import { expect, test } from "vitest";
import { applySplices } from "../../../query/dialect/splice.ts";

test("copied characters keep their offsets, replaced ones have the start of what they replace, inserted ones none", () => {
  const spliced = applySplices("abcdef", [
    { start: 4, end: 5, text: "EEE" },
    { start: 2, end: 2, text: "++" },
  ]);
  expect(spliced.text).toBe("ab++cdEEEf");
  const offsets = Array.from({ length: 11 }, (_, at) => spliced.sourceOffset(at));
  expect(offsets).toEqual([0, 1, null, null, 2, 3, 4, 4, 4, 5, 6]);
});

test("insertions at one place stand in the order given, before what is replaced there", () => {
  const splices = [
    { start: 1, end: 1, text: "1" },
    { start: 1, end: 1, text: "2" },
    { start: 1, end: 2, text: "B" },
  ];
  expect(applySplices("abc", splices).text).toBe("a12Bc");
});

test("a splice inside of what another one replaced is dropped", () => {
  const splices = [
    { start: 0, end: 4, text: "X" },
    { start: 1, end: 2, text: " " },
  ];
  expect(applySplices("abcdef", splices).text).toBe("Xef");
});

test("the end of a text with something appended is nowhere in the original", () => {
  const spliced = applySplices("ab", [{ start: 2, end: 2, text: " LIMIT 5" }]);
  expect([spliced.sourceOffset(1), spliced.sourceOffset(2), spliced.sourceOffset(10)]).toEqual([1, null, null]);
});
